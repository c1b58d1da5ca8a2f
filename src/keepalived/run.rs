//! Runs a program for so long, and listens to so many of its words.

use crate::clock::now;
use crate::core::time::Duration;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::sleep;

/// How often is looked whether a program that has closed its output is gone.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(5);

/// How a program ended, and what it said to standard error.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) said: String,
}

/// Runs it to its end, in a process group of its own.
///
/// # Errors
/// It can't be started; or `TimedOut`, if it is not done in time or says more than `words` bytes: then it is killed.
pub(super) fn run(command: &mut Command, time: Duration, words: usize) -> io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let deadline = now() + time;
    let left = || deadline.since(now()).as_nanos() > 0;
    let output = child.stderr.take();
    let said = output.map_or(Ok(Vec::new()), |output| listen(output, words, || deadline.since(now())));
    let ended = said.and_then(|said| Ok((wait(&mut child, left)?, said)));
    if ended.is_err() {
        end(&mut child);
    }
    let (status, said) = ended?;
    Ok(Ended { status, said: String::from_utf8_lossy(&said).into_owned() })
}

/// Reads until its end.
fn listen(mut output: ChildStderr, words: usize, left: impl Fn() -> Duration) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let left = PollTimeout::try_from(left().as_millis()).unwrap_or(PollTimeout::MAX);
        let mut descriptors = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
        if poll(&mut descriptors, left)? == 0 || said.len() > words {
            return Err(ErrorKind::TimedOut.into());
        }
        match output.read(&mut buffer)? {
            0 => return Ok(said),
            n => said.extend_from_slice(&buffer[..n]),
        }
    }
}

fn wait(child: &mut Child, left: impl Fn() -> bool) -> io::Result<ExitStatus> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None if left() => sleep(AGAIN),
            None => return Err(ErrorKind::TimedOut.into()),
        }
    }
}

/// Ends it, and whatever it started.
fn end(child: &mut Child) {
    // It may be gone already; then there is nobody to tell.
    _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
    _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, time: u64, words: usize) -> io::Result<Ended> {
        run(Command::new("sh").args(["-c", script]), Duration::from_secs(time), words)
    }

    #[test]
    fn words_and_end_are_told() {
        let ended = sh("echo a >&2; exit 5", 60, 100).expect("it ends");
        assert_eq!((ended.status.code(), &*ended.said), (Some(5), "a\n"));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_it_started() {
        let ended = sh("sleep 1000 & sleep 1000", 1, 100).err().expect("it is killed");
        assert_eq!(ended.kind(), ErrorKind::TimedOut);
        let ended = sh("exec 2>&-; sleep 1000", 1, 100).err().expect("it is killed");
        assert_eq!(ended.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_program_that_never_stops_talking_is_ended() {
        let ended = sh("while :; do echo a >&2; done", 600, 10_000).err().expect("it is killed");
        assert_eq!(ended.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        let ended =
            run(&mut Command::new("/nonexistent"), Duration::from_secs(1), 1).err().expect("it is not there");
        assert_eq!(ended.kind(), ErrorKind::NotFound);
    }
}
