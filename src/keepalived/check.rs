//! Everything that `mpp keepalived check` tells: our own rules, and keepalived's own test.

use super::conf::{Conf, Disk, Limits, Unread, read};
use super::lint::{Finding, Severity, gather, lint};
use super::own_test;
use super::program::Program;
use super::sysctl::sysctl;
use crate::config::Settings;
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;

/// How many findings are told; the rest are counted.
const TOLD: usize = 1_000;

/// What came of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file, as it was named.
    pub file: String,
    /// How many of them it has, with all that it includes.
    pub virtual_servers: usize,
    /// In all of them together.
    pub real_servers: usize,
    /// Findings that would bite.
    pub errors: usize,
    /// Findings that may.
    pub warnings: usize,
    /// In the order of files and lines, at most 1,000.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: usize,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
}

/// Checks a file and all that it includes, on this machine. `id` is keepalived's `--config-id`, else the first part of the
/// host name. Takes at most a minute, should keepalived's own test hang.
///
/// # Errors
/// The file can't be read.
pub fn check(path: &Path, id: Option<&str>, settings: Option<&Settings>) -> Result<Report, Unread> {
    let id = id.map_or_else(host, str::to_owned);
    let conf = read(path, &id, &Disk, Limits::default())?;
    let program = Program::find();
    let machine = gather(&conf, program.as_ref().and_then(Program::version));
    let tested = own_test::test(program.as_ref(), path, &id);
    let mut findings = lint(&conf, &machine, settings);
    findings.extend(tested.findings);
    Ok(report(path, &conf, findings, tested.note.into_iter().collect()))
}

/// keepalived's own default for `--config-id`.
fn host() -> String {
    let name = sysctl("kernel.hostname").unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn report(path: &Path, conf: &Conf, mut findings: Vec<Finding>, notes: Vec<String>) -> Report {
    let mut told = HashSet::new();
    // A block that is expanded many times is told once.
    findings.retain(|f| told.insert((f.rule, f.file.clone(), f.line, f.found.clone())));
    findings.sort_by(|a, b| (&a.file, a.line, b.severity).cmp(&(&b.file, b.line, a.severity)));
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let more = findings.len().saturating_sub(TOLD);
    findings.truncate(TOLD);
    let services = || conf.statements.iter().filter(|s| s.keyword() == "virtual_server");
    Report {
        file: path.display().to_string(),
        virtual_servers: services().count(),
        real_servers: services().map(|s| s.all("real_server").count()).sum(),
        errors,
        warnings,
        findings,
        more,
        notes,
    }
}
