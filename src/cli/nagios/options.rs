//! The command line of `mpp nagios`.

use super::range::Range;
use crate::cli::print;
use crate::exit::Plugin;
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::time::Duration;

/// What `mpp nagios` is asked for.
#[derive(Debug, Args)]
pub(in crate::cli) struct NagiosOptions {
    /// This pool
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) pool: Option<String>,
    /// Every pool, the worst first; as bad as the worst
    #[arg(long)]
    pub(super) all: bool,
    /// WARNING if the lag of a node, in seconds, is outside this range: 30, 10:30, @10:30
    #[arg(short, long, value_name = "RANGE", default_value = "30")]
    pub(super) warning: Range,
    /// CRITICAL if it is outside this one
    #[arg(short, long, value_name = "RANGE", default_value = "60")]
    pub(super) critical: Range,
    /// Seconds until there is an answer, whatever happens; 1 to 600. Less than the 10 of check_nrpe
    #[arg(short, long, value_name = "SECONDS", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout: u64,
    /// What a paused pool is
    #[arg(long, value_name = "GRADE", default_value = "warning")]
    pub(super) paused: Grade,
    /// What a drained node is
    #[arg(long, value_name = "GRADE", default_value = "ok")]
    pub(super) drained: Grade,
}

impl NagiosOptions {
    /// For all of it.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// What an operator's own doing is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Grade {
    Ok,
    Warning,
    Critical,
}

impl From<Grade> for Plugin {
    fn from(grade: Grade) -> Plugin {
        match grade {
            Grade::Ok => Plugin::Ok,
            Grade::Warning => Plugin::Warning,
            Grade::Critical => Plugin::Critical,
        }
    }
}

/// Whether a command line that makes no sense was meant for `mpp nagios`: its first word is that.
pub(in crate::cli) fn is_meant(args: impl IntoIterator<Item = OsString>) -> bool {
    let mut args = args.into_iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_string_lossy().as_ref() {
            "--config" => _ = args.next(),
            option if option.starts_with('-') => {}
            word => return word == "nagios",
        }
    }
    false
}

/// Says what is wrong with the command line, where a monitor looks for it. Help is UNKNOWN too, by the conventions: a
/// service that shows it is no service that is well.
pub(in crate::cli) fn misused(error: &clap::Error) -> Plugin {
    let text = error.to_string();
    print::out(&match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => text,
        _ => format!("MPP UNKNOWN - {}", text.trim_start_matches("error: ").trim_end()),
    });
    Plugin::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_known_by_its_first_word() {
        let meant = |line: &str| is_meant(line.split(' ').map(OsString::from));
        assert!(meant("mpp nagios --bogus"));
        assert!(meant("mpp --config /etc/x.yaml nagios db -w x"));
        assert!(meant("mpp --config=/etc/x.yaml nagios"));
        assert!(!meant("mpp why nagios --bogus"));
        assert!(!meant("mpp --config nagios why"));
        assert!(!meant("mpp"));
    }
}
