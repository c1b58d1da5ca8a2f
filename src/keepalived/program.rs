//! The keepalived of this machine: which version it is, and what it makes of a file. Asked with bounds: it may hang.

use crate::config::Version;
use crate::core::time::Duration;
use crate::run::{Ended, Unended, run};
use nix::libc::SIGTERM;
use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is although a user's PATH may not say so.
const USUAL: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
/// How long it may take for its version.
const VERSION_TIME: Duration = Duration::from_secs(5);
/// And for a file: it reads thousands of servers in a second.
const TEST_TIME: Duration = Duration::from_secs(30);
/// How much it may say, bytes.
const WORDS: usize = 1 << 20;
/// What runs a program as the first of a process namespace; it takes CAP_SYS_ADMIN.
const APART: [&str; 4] = ["unshare", "--pid", "--fork", "--kill-child"];

/// The program.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// What it makes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// Whether it takes it.
    pub verdict: Verdict,
    /// What it says about it, a line each.
    pub said: String,
}

/// Whether it takes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Taken,
    /// It does not.
    Refused,
    /// It ended itself in the middle: what stands further down was not tested. Keepalived 2.2 does so for a root that may
    /// not unshare, where a check has another user.
    Unfinished,
}

impl Program {
    /// The first in PATH, or else where it usually is.
    pub fn find() -> Option<Program> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(USUAL.map(PathBuf::from));
        folders.map(|folder| folder.join("keepalived")).find(|program| program.is_file()).map(Program)
    }

    /// Its version; `None` if it cannot be had within 5 s.
    pub fn version(&self) -> Option<Version> {
        let ended = run(self.command(&[], ["--version".as_ref()]), VERSION_TIME, WORDS).ok()?;
        let (_, rest) = ended.said.split_once("eepalived v")?;
        Version::parse(rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?)
    }

    /// What `keepalived -t` makes of a file, within a minute. `id` is its `--config-id`; without one the host's name is.
    ///
    /// # Errors
    /// If it cannot be run, is not done in time, or does not stop talking.
    pub fn opinion(&self, file: &Path, id: Option<&str>) -> Result<Opinion, Unended> {
        let arguments = || {
            let id = id.into_iter().flat_map(|id| ["-i".as_ref(), id.as_ref()]);
            ["-t".as_ref(), "-f".as_ref(), file.as_os_str()].into_iter().chain(id)
        };
        let first = run(self.command(&[], arguments()), TEST_TIME, WORDS)?;
        if first.status.signal() != Some(SIGTERM) {
            return Ok(Opinion::of(first));
        }
        // Once it has put on a check's user it takes the one who started it for a parent that died. The first of a process
        // namespace has none. Where that is not permitted, unshare itself ends with 1.
        let apart = run(self.command(&APART, arguments()), TEST_TIME, WORDS);
        let whole = apart.ok().filter(|ended| matches!(ended.status.code(), Some(0 | 4..=6)));
        Ok(Opinion::of(whole.unwrap_or(first)))
    }

    /// It, behind another program if need be.
    fn command<'a>(&self, before: &[&str], arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
        let mut words = before.iter().map(OsStr::new).chain([self.0.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(arguments).env("LC_ALL", "C");
        command
    }
}

impl Opinion {
    fn of(ended: Ended) -> Opinion {
        let verdict = match ended.status {
            status if status.success() => Verdict::Taken,
            status if status.signal() == Some(SIGTERM) => Verdict::Unfinished,
            _ => Verdict::Refused,
        };
        let silent = verdict == Verdict::Refused && ended.said.trim().is_empty();
        let said = if silent { format!("keepalived -t: {}", ended.status) } else { ended.said };
        Opinion { verdict, said }
    }
}
