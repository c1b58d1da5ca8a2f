//! Running another program: for so long, and for so many of its words.

use crate::clock::now;
use crate::core::time::{Duration, Moment, Short};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, PipeReader, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;

/// How often is looked whether a program that has closed its outputs is gone.
const AGAIN: Duration = Duration::from_millis(5);

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output and standard error, in its order.
    pub said: String,
}

/// Why there is no end to tell of.
#[derive(Debug, thiserror::Error)]
pub enum Unended {
    /// It can't be started, or listened to.
    #[error("can't be run: {0}")]
    Io(#[from] io::Error),
    /// It was not done in this time and is killed.
    #[error("was not done in {}", Short(*.0))]
    Late(Duration),
    /// It said more than so many bytes and is killed.
    #[error("said more than {0} bytes")]
    Talks(usize),
}

/// How long and how much.
struct Bounds {
    time: Duration,
    deadline: Moment,
    bytes: usize,
}

/// Runs it to its end, with nothing to read.
///
/// # Errors
/// As [`feed`].
pub fn run(command: Command, time: Duration, bytes: usize) -> Result<Ended, Unended> {
    feed(command, Stdio::null(), time, bytes)
}

/// Runs it to its end, with this to read, in a process group of its own.
///
/// # Errors
/// It can't be started; or it takes longer than `time`, or says more than `bytes`. Then its process group is killed: also
/// what it has started.
pub fn feed(mut command: Command, input: Stdio, time: Duration, bytes: usize) -> Result<Ended, Unended> {
    let bounds = Bounds { time, deadline: now() + time, bytes };
    let (output, inlet) = io::pipe()?;
    command.stdin(input).stdout(inlet.try_clone()?).stderr(inlet).process_group(0);
    let mut child = command.spawn()?;
    // It holds inlets too: with them the output would never end.
    drop(command);
    let ended = bounds.listen(output).and_then(|said| Ok(Ended { status: bounds.wait(&mut child)?, said }));
    if ended.is_err() {
        end(&mut child);
    }
    ended
}

impl Bounds {
    fn left(&self) -> Duration {
        self.deadline.since(now())
    }

    /// All that is said until nobody holds the other end any more.
    fn listen(&self, mut output: PipeReader) -> Result<String, Unended> {
        let mut said = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            // Rounded up: with 0 it would not be waited for at all.
            let left = PollTimeout::try_from(self.left().as_millis() + 1).unwrap_or(PollTimeout::MAX);
            let mut descriptors = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
            if self.left().is_zero() || poll(&mut descriptors, left).map_err(io::Error::from)? == 0 {
                return Err(Unended::Late(self.time));
            }
            match output.read(&mut buffer)? {
                0 => return Ok(String::from_utf8_lossy(&said).into_owned()),
                n if said.len() + n > self.bytes => return Err(Unended::Talks(self.bytes)),
                n => said.extend_from_slice(&buffer[..n]),
            }
        }
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, Unended> {
        loop {
            match child.try_wait()? {
                Some(status) => return Ok(status),
                None if self.left().is_zero() => return Err(Unended::Late(self.time)),
                None => sleep(AGAIN),
            }
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

    fn sh(script: &str, time: u64, bytes: usize) -> Result<Ended, Unended> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, Duration::from_secs(time), bytes)
    }

    #[test]
    fn the_words_on_either_output_and_the_end_are_told() {
        let ended = sh("echo a >&2; echo b; exit 5", 60, 100).expect("it ends");
        assert_eq!((ended.status.code(), &*ended.said), (Some(5), "a\nb\n"));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_it_started() {
        for script in ["sleep 1000 & sleep 1000", "exec >&- 2>&-; sleep 1000", "sleep 1000 & exit 0"] {
            assert!(matches!(sh(script, 1, 100), Err(Unended::Late(_))), "{script}");
        }
    }

    #[test]
    fn a_program_that_never_stops_talking_is_ended() {
        for script in ["while :; do echo a >&2; done", "yes"] {
            assert!(matches!(sh(script, 600, 10_000), Err(Unended::Talks(10_000))), "{script}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        let unended = run(Command::new("/nonexistent"), Duration::from_secs(1), 1);
        assert!(matches!(unended, Err(Unended::Io(e)) if e.kind() == io::ErrorKind::NotFound));
    }
}
