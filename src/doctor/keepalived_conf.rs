//! What `mpp keepalived check` finds in keepalived's configuration, as findings of the doctor.

use super::finding::{Judgement, Step};
use super::machine::{HERE, here, run};
use super::machine_facts::Director;
use super::rule::{KEEPALIVED_CONF, KEEPALIVED_CONF_MAY};
use crate::keepalived::check::Report;
use crate::keepalived::lint::{Finding, Severity};

/// More errors, or warnings, are counted.
const MOST: usize = 5;

/// Rules of `mpp keepalived check`, and those of the doctor that find the same.
pub(super) static COMMON: &[(&str, &str)] = &[
    ("expire-nodest-conn", "expire-nodest"),
    ("expire-quiescent-template", "expire-quiescent"),
    ("ip-forward", "ip-forward"),
    ("file-check-version", "keepalived-old"),
    ("track-directory", "track-missing"),
    ("no-user", "script-user"),
    ("program-missing", "check-program"),
    ("not-executable", "check-program"),
    ("insecure", "check-program"),
    ("writable", "check-program"),
];

/// What is not among the judgements that there are already.
pub(super) fn judge(director: &Director, already: &[Judgement]) -> Vec<Judgement> {
    let report = match &director.conf {
        None => return Vec::new(),
        Some(Ok(report)) => report,
        Some(Err(why)) => {
            return vec![here(false, &KEEPALIVED_CONF_MAY, why, || run(["mpp doctor   # as root"]))];
        }
    };
    let mut all = of(report, Severity::Error, report.errors, already);
    all.extend(of(report, Severity::Warning, report.warnings, already));
    if all.is_empty() {
        let words =
            [vec![format!("{} would not bite", report.file)], report.notes.clone()].concat().join("; ");
        all.push(here(true, &KEEPALIVED_CONF, words, Vec::new));
    }
    all
}

/// Those of one severity, of which there are `count`.
fn of(report: &Report, severity: Severity, count: usize, already: &[Judgement]) -> Vec<Judgement> {
    let rule = match severity {
        Severity::Error => &KEEPALIVED_CONF,
        Severity::Warning => &KEEPALIVED_CONF_MAY,
    };
    let all = || report.findings.iter().filter(|finding| finding.severity == severity);
    let told = all().filter(|finding| is_told(finding, already)).count();
    let left = count - told;
    if left > MOST {
        let words = format!("{left} {}s in {} and what it includes", severity.word(), report.file);
        return vec![here(false, rule, words, || run(["mpp keepalived check"]))];
    }
    let new = all().filter(|finding| !is_told(finding, already));
    new.map(|finding| here(false, rule, words(finding), || vec![advice(finding)])).collect()
}

fn is_told(finding: &Finding, already: &[Judgement]) -> bool {
    let found = |name: &str| already.iter().any(|judged| judged.as_ref().is_err_and(|f| f.rule.name == name));
    COMMON.iter().any(|(theirs, ours)| *theirs == finding.rule && found(ours))
}

fn words(finding: &Finding) -> String {
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    let would = if finding.would.is_empty() { String::new() } else { format!("; {}", finding.would) };
    format!("{}{line}: {}{would} [{}]", finding.file, finding.found, finding.rule)
}

/// keepalived itself says only what is wrong.
fn advice(finding: &Finding) -> Step {
    let line = finding.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let write = if finding.write.is_empty() { "what keepalived.conf(5) allows" } else { &finding.write };
    Step::words(HERE, format!("in {}{line}: {write}", finding.file))
}
