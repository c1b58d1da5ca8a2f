//! Standard error: for the journal, with its priorities; for a terminal, with the time.

use super::line::Line;
use super::queue::Inbox;
use nix::sys::stat::fstat;
use std::io::{self, IsTerminal, Write};

/// Writes until the sender is gone. Where standard error is gone, nothing is written, and nobody waits for it.
pub(super) fn run(inbox: Inbox) {
    let terminal = io::stderr().is_terminal();
    while let Ok(line) = inbox.lines.recv() {
        _ = write(terminal, &line);
        let dropped = inbox.dropped();
        if dropped > 0 {
            say(4, &format!("event=dropped reason=\"{dropped} lines for standard error: nobody read it\""));
        }
    }
}

/// Standard error is the journal's: systemd says which file that is.
pub(super) fn is_the_journal() -> bool {
    let known = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    fstat(io::stderr()).is_ok_and(|file| format!("{}:{}", file.st_dev, file.st_ino) == known)
}

/// Says something about telling itself.
pub(super) fn say(severity: u8, text: &str) {
    // Where standard error is gone there is nobody to say it to.
    _ = writeln!(io::stderr(), "<{severity}>{text}");
}

fn write(terminal: bool, line: &Line) -> io::Result<()> {
    let text = match terminal {
        true => format!("{} {:8} {line}\n", line.time, line.severity),
        // sd-daemon(3): the journal takes the priority from the front of the line.
        false => format!("<{}>{line}\n", line.severity_number()),
    };
    io::stderr().write_all(text.as_bytes())
}
