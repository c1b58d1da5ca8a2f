//! keepalived's own test of a configuration, and its version.

use super::lint::{Finding, Severity};
use super::run::{Ended, run};
use crate::config::Version;
use crate::core::time::Duration;
use nix::libc::SIGTERM;
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

/// keepalived reads thousands of servers in a second.
const TIME: Duration = Duration::from_secs(30);
/// Bytes of its words.
const WORDS: usize = 1 << 20;
/// The rule's name, for what keepalived itself says.
pub const RULE: &str = "keepalived-t";

/// What came of the test.
#[derive(Debug, Default)]
pub struct Tested {
    /// What keepalived found.
    pub findings: Vec<Finding>,
    /// What kept the test from being done, or from being done to its end.
    pub note: Option<String>,
}

/// The version of the installed keepalived; `None` if there is none, or it does not say.
pub fn version() -> Option<Version> {
    let ended = keepalived(&[], |command| _ = command.arg("--version")).ok()?;
    let text = ended.said.split_once("Keepalived v")?.1;
    let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let mut numbers = text[..end].split('.').map_while(|n| n.parse().ok());
    Some(Version(numbers.next()?, numbers.next()?, numbers.next().unwrap_or(0)))
}

/// Runs `keepalived -t` on a file. `id` is its `--config-id`.
pub fn test(path: &Path, id: &str) -> Tested {
    let arguments = |command: &mut Command| _ = command.args(["-t", "-i", id, "-f"]).arg(path);
    let ended = match keepalived(&[], arguments) {
        Ok(ended) if ended.status.signal() == Some(SIGTERM) => {
            whole(ended, keepalived(APART, arguments).ok())
        }
        other => other.map(|ended| (ended, None)),
    };
    match ended {
        Ok((ended, note)) => Tested { findings: findings(path, &ended), note },
        Err(e) => Tested { findings: Vec::new(), note: Some(untested(&e)) },
    }
}

/// As the first process of a process namespace nobody ends it: see [`whole`].
const APART: &[&str] = &["unshare", "--pid", "--fork", "--kill-child"];

/// keepalived 2.2 ends itself in the middle of its test if a check runs as another user than root: it takes the one who
/// started it for a parent that died. Apart from all others it has none, and goes on to the end. Only root can do that.
fn whole(half: Ended, apart: Option<Ended>) -> io::Result<(Ended, Option<String>)> {
    let note = "keepalived -t ended itself in the middle, as 2.2 does where a check has a user of its own; the rest was \
                not tested: run this as root";
    // Where it is not permitted, unshare itself ends with 1.
    Ok(match apart.filter(|ended| matches!(ended.status.code(), Some(0 | 4..=6))) {
        Some(ended) => (ended, None),
        None => (half, Some(note.into())),
    })
}

/// keepalived, from the PATH or where Debian has it, behind another program if need be.
fn keepalived(before: &[&str], arguments: impl Fn(&mut Command)) -> io::Result<Ended> {
    let of = |program: &str| {
        let mut words = before.iter().copied().chain([program]);
        let mut command = Command::new(words.next().unwrap_or(program));
        arguments(command.args(words).env("LC_ALL", "C"));
        run(&mut command, TIME, WORDS)
    };
    let path =
        ["/usr/sbin/keepalived", "/usr/local/sbin/keepalived"].into_iter().find(|p| Path::new(p).exists());
    of(path.unwrap_or("keepalived"))
}

fn untested(e: &io::Error) -> String {
    match e.kind() {
        ErrorKind::NotFound => "keepalived is not installed here: keepalived -t was left out".into(),
        ErrorKind::TimedOut => {
            format!("keepalived -t did not come to an end in {} s: left out", TIME.as_secs())
        }
        _ => format!("keepalived -t can't be run: {e}"),
    }
}

/// Each of its lines once: every one of its processes says the same.
fn findings(path: &Path, ended: &Ended) -> Vec<Finding> {
    let severity = if ended.status.success() { Severity::Warning } else { Severity::Error };
    let main = path.display().to_string();
    let mut findings: Vec<Finding> = Vec::new();
    for line in ended.said.lines().filter(|line| !line.is_empty()) {
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
