//! `mpp nagios`: a plugin for Nagios, Icinga and their kin, by the conventions of the Monitoring Plugins.
//!
//! - `options`: its command line; wrong usage is UNKNOWN, never CRITICAL
//! - `range`: thresholds such as `30` and `@10:20`
//! - `look`: what mppd says, or published last; every wait has its bound
//! - `judge`: what of that matters how much
//! - `perfdata`, `output`: the line, the figures, the lines below

mod judge;
mod look;
mod options;
mod output;
mod perfdata;
mod range;

pub(super) use options::{NagiosOptions, is_meant, misused};

use super::print;
use crate::exit::Plugin;
use std::path::Path;

/// Looks once, says it in one line and more below.
pub(super) fn run(config: &Path, options: &NagiosOptions) -> Plugin {
    let report = match look::look(config, options) {
        Ok(seen) => judge::judge(&seen, options),
        Err((grade, words)) => output::Report::bare(grade, words),
    };
    print::out(&report.text());
    report.grade()
}
