//! What keepalived's own test of a configuration says, as findings.

use super::lint::{Finding, Severity};
use super::program::{Opinion, Program, Verdict};
use std::path::Path;

/// The rule's name, for what keepalived itself says.
const RULE: &str = "keepalived-t";

/// What came of the test.
#[derive(Debug, Default)]
pub(super) struct Tested {
    /// What keepalived found.
    pub(super) findings: Vec<Finding>,
    /// What kept the test from being done, or from being done to its end.
    pub(super) note: Option<String>,
}

/// Has it test a file. `id` is its `--config-id`.
pub(super) fn test(program: Option<&Program>, path: &Path, id: &str) -> Tested {
    let untested = |note| Tested { note: Some(note), ..Tested::default() };
    match program.map(|program| program.opinion(path, Some(id))) {
        None => untested("keepalived is not installed here: keepalived -t was left out".into()),
        Some(Err(why)) => untested(format!("keepalived -t was left out: it {why}")),
        Some(Ok(opinion)) => {
            let note = (opinion.verdict == Verdict::Unfinished).then(|| UNFINISHED.into());
            Tested { findings: findings(path, &opinion), note }
        }
    }
}

const UNFINISHED: &str = "keepalived -t ended itself in the middle, as 2.2 does for root where a check has a user of its own; \
                          the rest was not tested: run this as another user, or as a root that may unshare (CAP_SYS_ADMIN)";

/// Each of its lines once: every one of its processes says the same.
fn findings(path: &Path, opinion: &Opinion) -> Vec<Finding> {
    let severity = if opinion.verdict == Verdict::Taken { Severity::Warning } else { Severity::Error };
    let main = path.display().to_string();
    let mut findings: Vec<Finding> = Vec::new();
    for line in opinion.said.lines().filter(|line| !line.is_empty()) {
        let (file, line, text) = place(line).unwrap_or(("", None, line));
        let file = if file.is_empty() { &main } else { file };
        let found = Finding {
            file: file.to_owned(),
            line,
            severity,
            rule: RULE,
            found: text.to_owned(),
            would: String::new(),
            write: String::new(),
        };
        if !findings.contains(&found) {
            findings.push(found);
        }
    }
    findings
}

/// `(FILE: Line 7) text` or `(Line 7) text`.
fn place(line: &str) -> Option<(&str, Option<usize>, &str)> {
    let (place, text) = line.strip_prefix('(')?.split_once(") ")?;
    let (file, number) = place.rsplit_once("Line ")?;
    Some((file.strip_suffix(": ").unwrap_or(file), Some(number.parse().ok()?), text))
}
