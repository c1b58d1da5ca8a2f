//! The exit codes of `mpp`, `mppd` and `mpp-web`: part of what scripts hold on to.

use std::process::ExitCode;

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; the answer is yes.
    Done = 0,
    /// The answer is no: a node is not active, a check found faults, a command was refused.
    No = 1,
    /// Wrong usage.
    Usage = 2,
    /// The daemon can't be reached (EX_UNAVAILABLE).
    Unreachable = 69,
    /// Not permitted (EX_NOPERM).
    NotPermitted = 77,
    /// Bad configuration (EX_CONFIG).
    Config = 78,
}

impl Exit {
    /// Every code, with what it means: the table in the man page.
    pub const TABLE: [(Exit, &'static str); 6] = [
        (Exit::Done, "done, or the answer is yes"),
        (Exit::No, "the answer is no: a node is not active, a check found faults, a command was refused"),
        (Exit::Usage, "wrong usage"),
        (Exit::Unreachable, "the daemon can't be reached"),
        (Exit::NotPermitted, "not permitted"),
        (Exit::Config, "bad configuration"),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// How `mpp nagios` ends, by the conventions of monitoring plugins; the worse the later, for it never mixes UNKNOWN with
/// the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plugin {
    /// All is well, or as the operator wants it.
    Ok = 0,
    /// Somebody should look at it.
    Warning = 1,
    /// Somebody must, now; also if mppd is dead or stuck.
    Critical = 2,
    /// Nobody could look: wrong usage, no such pool, bad configuration, not permitted.
    Unknown = 3,
}

impl Plugin {
    /// Every code, with what it means.
    pub const TABLE: [(Plugin, &'static str); 4] = [
        (Plugin::Ok, "OK"),
        (Plugin::Warning, "WARNING: somebody should look at it"),
        (Plugin::Critical, "CRITICAL: somebody must, now; also if mppd is dead or stuck"),
        (Plugin::Unknown, "UNKNOWN: wrong usage, no such pool, bad configuration, not permitted"),
    ];

    /// The word in the first line.
    pub fn word(self) -> &'static str {
        match self {
            Plugin::Ok => "OK",
            Plugin::Warning => "WARNING",
            Plugin::Critical => "CRITICAL",
            Plugin::Unknown => "UNKNOWN",
        }
    }
}

impl From<Plugin> for ExitCode {
    fn from(exit: Plugin) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_code_and_no_other() {
        let page = include_str!("../docs/exit-codes.md");
        let rows = page.lines().filter_map(|l| l.strip_prefix("| ")?.split(' ').next()?.parse::<u8>().ok());
        let own = Exit::TABLE.map(|(exit, _)| exit as u8);
        let plugin = Plugin::TABLE.map(|(exit, _)| exit as u8);
        assert_eq!(rows.collect::<Vec<_>>(), [&own[..], &plugin[..]].concat());
    }
}
