//! Checkers as the rules look at them; what `mpp-check` is asked for.

use super::numbers::number;
use crate::check::args::{self, Request};
use crate::keepalived::conf::{Statement, script};
use std::collections::HashMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// keepalived's checkers.
const KINDS: [&str; 10] = [
    "HTTP_GET",
    "SSL_GET",
    "TCP_CHECK",
    "SMTP_CHECK",
    "DNS_CHECK",
    "MISC_CHECK",
    "BFD_CHECK",
    "UDP_CHECK",
    "PING_CHECK",
    "FILE_CHECK",
];

/// The `track_file` blocks, by name.
pub(super) type TrackFiles<'c> = HashMap<&'c str, &'c Statement>;

/// A checker of a real server.
pub(super) struct Check<'c> {
    pub(super) at: &'c Statement,
    /// Of a MISC_CHECK.
    pub(super) program: Option<Program<'c>>,
    /// What MPP's own program is asked for.
    pub(super) asked: Option<Asked>,
    /// Of a FILE_CHECK.
    pub(super) file: Option<FileCheck<'c>>,
}

/// How a FILE_CHECK uses which file.
pub(super) struct FileCheck<'c> {
    /// The `track_file` it names.
    pub(super) name: &'c str,
    /// The block of that name, if there is one.
    pub(super) block: Option<&'c Statement>,
    /// 0: the file's value decides; else it is multiplied with this and added to the server's weight.
    pub(super) weight: i64,
    /// The statement that says the weight; without one it is 1.
    pub(super) said: Option<&'c Statement>,
}

/// A program that keepalived runs.
pub(super) struct Program<'c> {
    /// Where it is named.
    pub(super) at: &'c Statement,
    /// The program and the arguments it is given.
    pub(super) arguments: Vec<String>,
    /// What stands behind them and is given to nobody.
    pub(super) lost: Vec<String>,
    /// Whom it runs as, if it has a user of its own; and whether a group is said too.
    pub(super) user: Option<(&'c str, bool)>,
}

/// What `mpp-check` is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Verdict {
        state: PathBuf,
        role: &'static str,
        pool: String,
        node: String,
        dynamic: bool,
    },
    Alive {
        state: PathBuf,
    },
    /// Nothing: its help or its version.
    Nothing,
    /// It does not understand its arguments; why.
    Wrong(String),
}

/// The checker that a statement is, if it is one.
pub(super) fn check<'c>(at: &'c Statement, track_files: &TrackFiles<'c>) -> Option<Check<'c>> {
    KINDS.contains(&at.keyword()).then(|| {
        let program = program(at, "misc_path");
        let asked = program.as_ref().and_then(asked);
        Check { at, program, asked, file: file(at, track_files) }
    })
}

fn file<'c>(at: &'c Statement, track_files: &TrackFiles<'c>) -> Option<FileCheck<'c>> {
    let name = (at.keyword() == "FILE_CHECK").then(|| at.get("track_file")?.value(0)).flatten()?;
    let block = track_files.get(name).copied();
    let said = at.get("weight").or_else(|| block?.get("weight"));
    let weight = said.map_or(Some(1), number).unwrap_or(1);
    Some(FileCheck { name, block, weight, said })
}

/// The program in a block, under this keyword.
pub(super) fn program<'c>(block: &'c Statement, keyword: &str) -> Option<Program<'c>> {
    let at = block.get(keyword)?;
    let (arguments, lost) = script(&at.text)?;
    Some(Program { at, arguments, lost, user: block.get("user").and_then(user) })
}

/// The user that a statement names, and whether it names a group too.
pub(super) fn user(at: &Statement) -> Option<(&str, bool)> {
    Some((at.value(0)?, at.value(1).is_some()))
}

impl FileCheck<'_> {
    /// The path of its file.
    pub(super) fn path(&self) -> Option<&str> {
        self.block?.get("file")?.value(0)
    }
}

impl Program<'_> {
    pub(super) fn path(&self) -> &Path {
        Path::new(&self.arguments[0])
    }
}

impl Check<'_> {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.at.keyword() == kind
    }

    /// Role, pool and node whose verdict it asks for.
    pub(super) fn verdict(&self) -> Option<(&'static str, &str, &str)> {
        match &self.asked {
            Some(Asked::Verdict { role, pool, node, .. }) => Some((role, pool, node)),
            _ => None,
        }
    }

    pub(super) fn is_dynamic(&self) -> bool {
        self.at.get("misc_dynamic").is_some()
    }

    /// Seconds after which its program is ended; keepalived takes 0 for not said.
    pub(super) fn timeout(&self) -> Option<u64> {
        self.at.get("misc_timeout").and_then(number).filter(|seconds| *seconds > 0)
    }
}

/// What is asked for, if the program is `mpp-check`.
pub(super) fn asked(program: &Program<'_>) -> Option<Asked> {
    if program.path().file_name()? != "mpp-check" {
        return None;
    }
    let arguments: Vec<CString> =
        program.arguments[1..].iter().map(|a| CString::new(a.as_str()).unwrap_or_default()).collect();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(match args::parse(arguments.iter().map(CString::as_c_str)) {
        Ok(Request::Verdict(state, ask)) => Asked::Verdict {
            state: text(state.to_bytes()).into(),
            role: ask.role.name(),
            pool: text(ask.pool),
            node: text(ask.node),
            dynamic: ask.dynamic,
        },
        Ok(Request::Alive(state, _)) => Asked::Alive { state: text(state.to_bytes()).into() },
        Ok(Request::Help | Request::Version) => Asked::Nothing,
        Err(usage) => Asked::Wrong(usage.to_string()),
    })
}
