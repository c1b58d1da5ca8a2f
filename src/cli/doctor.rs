//! `mpp doctor`: findings with their advice, for people and for scripts.

use super::{print, settings};
use crate::config::Settings;
use crate::doctor::{Finding, Good, Kind, Report, Step, Weight, gather, judge};
use crate::exit::Exit;
use serde_json::{Value, json};
use std::path::Path;

/// How it is to be told.
pub(super) struct Manner {
    /// What is good too.
    pub(super) verbose: bool,
    /// As JSON.
    pub(super) json: bool,
}

/// Looks at `pool`, or at all, and at this machine. Exit 1: something would bite.
pub(super) fn run(path: &Path, pool: Option<&str>, manner: &Manner) -> Exit {
    let settings = match settings::load(path) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    if let Some(unknown) = pool.filter(|name| settings.pools.iter().all(|pool| pool.decision.name != *name)) {
        print::err(&format!("mpp: no pool {unknown} in {}; it has {}", path.display(), names(&settings)));
        return Exit::Usage;
    }
    match gather(path, &settings, pool) {
        Ok(facts) => tell(&judge(&facts), manner),
        Err(e) => {
            print::err(&format!("mpp: can't start a thread: {e}; raise the limit of tasks"));
            Exit::No
        }
    }
}

fn names(settings: &Settings) -> String {
    settings.pools.iter().map(|pool| pool.decision.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn tell(report: &Report, manner: &Manner) -> Exit {
    print::out(&if manner.json { json(report).to_string() } else { text(report, manner.verbose) });
    if report.count(Weight::Error) == 0 { Exit::Done } else { Exit::No }
}

fn text(report: &Report, verbose: bool) -> String {
    let mut lines: Vec<String> = report.findings.iter().flat_map(finding).collect();
    if verbose {
        lines.extend(report.good.iter().map(|good| format!("good     {}: {}", good.place, good.text)));
    }
    lines.push(summary(report));
    lines.iter().map(|line| print::harmless(line)).collect::<Vec<_>>().join("\n")
}

fn summary(report: &Report) -> String {
    let count = |weight| match report.count(weight) {
        1 => format!("1 {weight}"),
        n => format!("{n} {weight}s"),
    };
    let weights = [Weight::Error, Weight::Warning, Weight::Note].map(count).join(", ");
    format!("{weights}; {} checks good", report.good.len())
}

fn finding(finding: &Finding) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{:8} {}: {}  [{}]",
            finding.rule.weight.to_string(),
            finding.place,
            finding.found,
            finding.rule.name
        ),
        format!("         leads to: {}", finding.rule.leads_to),
    ];
    lines.extend(finding.advice.iter().flat_map(step));
    lines.push(String::new());
    lines
}

fn step(step: &Step) -> Vec<String> {
    let on = &step.on;
    let head = match &step.kind {
        Kind::Sql => format!("on {on}, SQL:"),
        Kind::MyCnf => format!("on {on}, under [mysqld] in its configuration; then restart it:"),
        Kind::MyCnfLater => format!("on {on}, under [mysqld] in its configuration, for its next start:"),
        Kind::Shell => format!("on {on}, as root:"),
        Kind::File(path) => format!("on {on}, in {path}:"),
        Kind::Words => format!("on {on}:"),
    };
    std::iter::once(format!("         {head}"))
        .chain(step.lines.iter().map(|line| format!("             {line}")))
        .collect()
}

fn json(report: &Report) -> Value {
    json!({
        "version": 1,
        "errors": report.count(Weight::Error),
        "warnings": report.count(Weight::Warning),
        "notes": report.count(Weight::Note),
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "good": report.good.iter().map(|Good { place, text }| json!({"place": place, "text": text})).collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule.name,
        "weight": finding.rule.weight.to_string(),
        "place": finding.place,
        "found": finding.found,
        "leads_to": finding.rule.leads_to,
        "advice": finding.advice.iter().map(step_json).collect::<Vec<_>>(),
    })
}

fn step_json(step: &Step) -> Value {
    let (kind, file) = match &step.kind {
        Kind::Sql => ("sql", None),
        Kind::MyCnf => ("my.cnf", None),
        Kind::MyCnfLater => ("my.cnf-later", None),
        Kind::Shell => ("shell", None),
        Kind::File(path) => ("file", Some(path)),
        Kind::Words => ("words", None),
    };
    json!({ "on": step.on, "kind": kind, "file": file, "lines": step.lines })
}
