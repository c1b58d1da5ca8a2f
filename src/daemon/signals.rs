//! Signals, as messages.

use super::message::{Mailbox, Message, Sent, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::thread;
use std::time::Duration;

/// Starts the thread that turns SIGTERM, SIGINT and SIGHUP into messages; `reload` reads the configuration there,
/// so that no decision waits for it.
pub(super) fn watch(mailbox: Mailbox, reload: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let run = move || {
        for signal in signals.forever() {
            match signal {
                SIGHUP => reload(),
                _ => stop(&mailbox),
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(run)?;
    Ok(())
}

/// A full queue must not swallow a SIGTERM.
fn stop(mailbox: &Mailbox) {
    while mailbox.send(Message::Signal(Signal::Stop)) == Sent::Dropped {
        thread::sleep(Duration::from_millis(10));
    }
}
