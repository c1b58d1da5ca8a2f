//! `mpp keepalived check`.

use super::connect::CONFIG;
use super::print;
use crate::config::{self, Faults, Settings};
use crate::exit::Exit;
use crate::keepalived::check::{Report, check};
use clap::Args;
use std::path::{Path, PathBuf};

/// What to look at, and how to tell it.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file that keepalived reads; what it includes is read too
    #[arg(default_value = "/etc/keepalived/keepalived.conf")]
    file: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// keepalived's --config-id; else the first part of the host name
    #[arg(long, value_name = "ID")]
    config_id: Option<String>,
}

pub(super) fn run(config: &Path, what: &Check) -> Exit {
    let (settings, note) = match settings(config) {
        Ok(found) => found,
        Err(faults) => return refused(&faults.to_string()),
    };
    match check(&what.file, what.config_id.as_deref(), settings.as_ref()) {
        Ok(mut report) => {
            report.notes.extend(note);
            print::out(&if what.json {
                serde_json::to_string(&report).unwrap_or_default()
            } else {
                text(&report)
            });
            if report.errors > 0 { Exit::No } else { Exit::Done }
        }
        Err(why) => refused(&format!("{}: {why}", what.file.display())),
    }
}

fn refused(why: &str) -> Exit {
    print::err(why);
    Exit::Config
}

/// The settings to compare with. Where nobody named a file and the default one is not to be had, there are none, and a
/// note says so.
fn settings(config: &Path) -> Result<(Option<Settings>, Option<String>), Faults> {
    match config::load(config) {
        Ok(settings) => Ok((Some(settings), None)),
        Err(_) if config == Path::new(CONFIG) => {
            let note =
                format!("{CONFIG} is not there, or has faults: pools and nodes were not compared with it");
            Ok((None, Some(note)))
        }
        Err(faults) => Err(faults),
    }
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    if report.more > 0 {
        lines.push(format!("and {} more", report.more));
    }
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let result = match (report.errors, report.warnings) {
        (0, 0) => "good".to_owned(),
        (0, warnings) => format!("nothing that would bite, {} of what may", count(warnings, "warning")),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    let servers =
        [count(report.virtual_servers, "virtual server"), count(report.real_servers, "real server")]
            .join(", ");
    lines.push(format!("{}: {servers}: {result}", report.file));
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}
