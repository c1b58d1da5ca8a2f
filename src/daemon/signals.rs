//! Signals: SIGTERM ends the daemon at once, SIGHUP has the configuration read again, on a thread of its own.

use super::message::{Mailbox, Message, Sent, Want, Wish};
use crate::config;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

/// Starts the threads that wait for SIGTERM, SIGINT and SIGHUP.
///
/// # Errors
/// If there is no thread, or no signal handler, to be had.
pub(super) fn watch(mailbox: Mailbox, config: PathBuf) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let (reload, reloads) = sync_channel(1);
    let reloader = mailbox.clone();
    let read_again = move || reloads.into_iter().for_each(|()| install(&reloader, &config));
    thread::Builder::new().name("reload".into()).spawn(read_again)?;
    let run = move || {
        for signal in signals.forever() {
            match signal {
                // One that waits already will read what is there then.
                SIGHUP => _ = reload.try_send(()),
                _ => stop(&mailbox),
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(run)?;
    Ok(())
}

/// Reads the configuration here: it may lie on a slow disk and ask a slow DNS, and no decision waits for that.
fn install(mailbox: &Mailbox, config: &std::path::Path) {
    let refused = |why: String| {
        _ = mailbox.send(Message::Tell(
            "reload",
            "error",
            format!("refused, the old configuration stays: {why}"),
        ));
    };
    match config::load(config) {
        Ok(settings) => {
            let what = Want::Install(Box::new(settings), false);
            if mailbox.wish(Wish { what, who: "SIGHUP".into(), answer: None }) != Sent::Queued {
                refused("the decider is busy; try again".into());
            }
        }
        Err(faults) => refused(faults.to_string()),
    }
}

/// A full queue must not swallow a SIGTERM.
fn stop(mailbox: &Mailbox) {
    while mailbox.send(Message::Stop) == Sent::Dropped {
        thread::sleep(Duration::from_millis(10));
    }
}
