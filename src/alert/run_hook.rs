//! One run of a hook: the event on standard input and in the environment, and what becomes of it.

use super::hook::Hook;
use super::line::{Line, plain};
use super::strays::{self, Mark};
use crate::run::{self, Ended};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};

/// How much a hook may say, bytes: nobody reads it but its last line.
const WORDS: usize = 64 << 10;
/// How much of its last line is told, characters.
const TOLD: usize = 200;
/// What systemd gives to the daemon alone.
const NOT_THEIRS: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// Runs it for this event. Nothing that it started is left afterwards, as far as it carries the mark.
///
/// # Errors
/// In words, why it failed.
pub(super) fn run(hook: &Hook, mark: &Mark, line: &Line) -> Result<(), String> {
    let ended = event_file(line)
        .map_err(run::Unended::from)
        .and_then(|event| run::feed(command(hook, mark, line), event, hook.timeout, WORDS));
    mark.kill();
    match ended {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(ended) => Err(failure(&ended)),
        Err(why) => Err(why.to_string()),
    }
}

fn command(hook: &Hook, mark: &Mark, line: &Line) -> Command {
    let mut command = Command::new(hook.program());
    command
        .args(hook.run.iter().skip(1))
        .current_dir("/")
        .envs(variables(line))
        .env(strays::VARIABLE, mark.value());
    NOT_THEIRS.iter().for_each(|name| _ = command.env_remove(name));
    command
}

/// All of them always, empty where an event has no such thing: a script under `set -u` can rely on them.
fn variables(line: &Line) -> [(&'static str, String); 12] {
    let text = |value: &Option<String>| plain(value.as_deref().unwrap_or_default());
    let number = |value: Option<u64>| value.map_or_else(String::new, |n| n.to_string());
    [
        ("MPP_EVENT", plain(&line.event)),
        ("MPP_ABOUT", text(&line.about)),
        ("MPP_SEVERITY", plain(&line.severity)),
        ("MPP_POOL", text(&line.pool)),
        ("MPP_NODE", text(&line.node)),
        ("MPP_FROM", text(&line.from)),
        ("MPP_TO", text(&line.to)),
        ("MPP_REQ", number(line.req.map(u64::from))),
        ("MPP_EPOCH", number(line.epoch)),
        ("MPP_REASON", plain(&line.reason)),
        ("MPP_TIME", plain(&line.time)),
        ("MPP_SEQ", line.seq.to_string()),
    ]
}

/// The event as JSON, a line. In a file and not in a pipe: a program that does not read must not hold us up.
fn event_file(line: &Line) -> io::Result<Stdio> {
    let mut file = File::from(memfd_create("event", MFdFlags::MFD_CLOEXEC)?);
    serde_json::to_writer(&mut file, line)?;
    file.write_all(b"\n")?;
    file.rewind()?;
    Ok(file.into())
}

/// `ended with exit status: 7: curl: (7) Failed to connect`
fn failure(ended: &Ended) -> String {
    let last = ended.said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it said nothing");
    let last: String = plain(last).chars().take(TOLD).collect();
    format!("ended with {}: {last}", ended.status)
}
