//! Other programs, asked for what they know, within a bound.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// A program has so long to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// And so much to say, bytes.
const MOST: u64 = 64 << 10;

/// What a program prints, on either output; `None`: it is not there, or has not ended in time and is killed.
pub(super) fn answer_of(program: &str, args: &[&str]) -> Option<String> {
    let (reader, writer) = io::pipe().ok()?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(writer.try_clone().ok()?).stderr(writer);
    let mut child = command.spawn().ok()?;
    // It holds the writing end: without that the reader sees the program's end.
    drop(command);
    let (sender, said) = channel();
    let read = move || {
        let mut bytes = Vec::new();
        let read = reader.take(MOST).read_to_end(&mut bytes);
        _ = sender.send(read.map(|_| String::from_utf8_lossy(&bytes).into_owned()));
    };
    let reading = thread::Builder::new().name("doctor-reads".into()).spawn(read);
    let text = reading.ok().and_then(|_| said.recv_timeout(PATIENCE).ok()?.ok());
    // One that has ended already is past killing.
    _ = child.kill();
    _ = child.wait();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_heard_and_one_that_is_missing_is_none() {
        assert_eq!(answer_of("sh", &["-c", "echo one; echo two >&2"]).as_deref(), Some("one\ntwo\n"));
        assert_eq!(answer_of("/nowhere/program", &[]), None);
    }
}
