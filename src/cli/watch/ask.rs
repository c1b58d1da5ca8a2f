//! Asking the daemon, on threads of their own: a slow or hung one holds nobody up.

use super::input::Input;
use crate::alert;
use crate::cli::connect::Daemon;
use crate::cli::status::last_published;
use crate::control::events::Events;
use crate::control::protocol::Request;
use crate::control::status::Status;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

/// Between an answer and the next question.
const AGAIN: Duration = Duration::from_secs(1);
/// An answer that takes longer is none: what was published last is shown instead.
const PATIENCE: Duration = Duration::from_secs(2);
/// What came of a question.
pub(super) enum Answer {
    /// The daemon's answer.
    Status(Box<Status>),
    /// What it published last, and why there is no answer.
    Published(Box<Status>, String),
    /// Nothing, and why.
    Nothing(String),
}

/// Asks for the status every second, until nobody wants to know. A refusal is told as it is.
pub(super) fn status(daemon: &Daemon, pool: Option<String>, inbox: &SyncSender<Input>) {
    let request = Request::Status { pool, follow: false };
    while inbox.send(ask(daemon, &request)).is_ok() {
        thread::sleep(AGAIN);
    }
}

fn ask(daemon: &Daemon, request: &Request) -> Input {
    match daemon.ask_within::<Status>(request, PATIENCE) {
        Ok(status) => Input::Answer(Answer::Status(status.into())),
        Err(trouble) if trouble.is_silence() => Input::Answer(match last_published(daemon, request) {
            Ok((status, _)) => Answer::Published(status.into(), trouble.to_string()),
            Err(failure) => Answer::Nothing(format!("{trouble}; {failure}")),
        }),
        Err(trouble) => Input::Refused(trouble),
    }
}

/// Follows the events of this daemon, and of the next one, until nobody wants to know.
pub(super) fn events(daemon: &Daemon, pool: Option<String>, inbox: &SyncSender<Input>) {
    let mut after = None;
    loop {
        let request =
            Request::Events(Events { after, pool: pool.clone(), follow: true, ..Events::default() });
        let wanted = daemon.follow(&request, |event| {
            // One of a later version is not for us.
            let Ok(event) = serde_json::from_value::<alert::Line>(event) else { return true };
            after = Some(event.seq);
            inbox.send(Input::Event(event.into())).is_ok()
        });
        if wanted.is_ok() {
            return;
        }
        thread::sleep(AGAIN);
    }
}
