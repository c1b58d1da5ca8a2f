//! The keepalived of this machine: which version it is, and whether it takes a file. Asked with bounds: it may hang.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::clock;
use crate::config::Version;

/// Where it is although a user's PATH may not say so.
const USUAL: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// How long it may take for its version, and for a file.
const VERSION_LIMIT: Duration = Duration::from_secs(5);
const TEST_LIMIT: Duration = Duration::from_secs(60);
/// How much of what it says is read.
const MOST: u64 = 64 << 10;
const TICK: Duration = Duration::from_millis(2);

/// What it makes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// It takes it.
    Taken,
    /// It ended itself by SIGTERM: versions that do so with any user but root in `script_user` said nothing by that.
    EndedItself,
    /// It does not; in its own words.
    Refused(String),
}

/// The program.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

impl Program {
    /// The first in PATH, or else where it usually is.
    pub fn find() -> Option<Program> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(USUAL.map(PathBuf::from));
        folders.map(|folder| folder.join("keepalived")).find(|program| program.is_file()).map(Program)
    }

    /// Its version; `None` if it cannot be had within 5 s.
    pub fn version(&self) -> Option<Version> {
        let (_, said) = run(Command::new(&self.0).arg("--version"), VERSION_LIMIT).ok()?;
        let (_, rest) = said.split_once("eepalived v")?;
        Version::parse(rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?)
    }

    /// What `keepalived -t` makes of a file, within a minute.
    ///
    /// # Errors
    /// If it cannot be run, or is not done in time.
    pub fn opinion(&self, file: &Path) -> io::Result<Opinion> {
        let (status, said) = run(Command::new(&self.0).arg("-t").arg("-f").arg(file), TEST_LIMIT)?;
        Ok(match (status.signal(), status.code()) {
            (_, Some(0)) => Opinion::Taken,
            (Some(nix::libc::SIGTERM), _) | (_, Some(143)) => Opinion::EndedItself,
            _ if said.trim().is_empty() => Opinion::Refused(format!("keepalived -t: {status}")),
            _ => Opinion::Refused(said.trim().to_owned()),
        })
    }
}

/// Runs a command to its end, or kills it then: how it ended, and what it said.
fn run(command: &mut Command, limit: Duration) -> io::Result<(ExitStatus, String)> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // These are our own ends of the pipe, which would never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new().name("keepalived".into()).spawn(move || {
        let mut bytes = Vec::new();
        let mut limited = reader.take(MOST);
        _ = limited.read_to_end(&mut bytes);
        // Whatever is more is let go, so that it does not hang for want of a reader.
        _ = io::copy(limited.get_mut(), &mut io::sink());
        _ = tell.send(bytes);
    })?;
    let status = wait(&mut child, limit)?;
    let said = told.recv_timeout(VERSION_LIMIT).unwrap_or_default();
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<ExitStatus> {
    let began = clock::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if clock::now().since(began) >= limit {
            child.kill()?;
            child.wait()?;
            let text = format!("keepalived did not end within {} s and was killed", limit.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        thread::sleep(TICK);
    }
}
