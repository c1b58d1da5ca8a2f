//! What mppd says, or published last. Whatever hangs, there is an answer in time: each step has its share of it.

use super::options::NagiosOptions;
use crate::cli::connect::{Daemon, Trouble};
use crate::cli::status::last_published;
use crate::control::life::Life;
use crate::control::protocol::Request;
use crate::control::status::Status;
use crate::exit::Plugin;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// What there is to judge.
pub(super) struct Seen {
    pub(super) status: Status,
    /// mppd did not answer: this was published last.
    pub(super) silence: Option<Silence>,
}

/// A daemon that does not answer.
pub(super) struct Silence {
    /// What came instead of an answer.
    pub(super) reason: String,
    pub(super) life: Life,
}

/// Asks mppd; if it does not answer, reads what it published last.
pub(super) fn look(config: &Path, options: &NagiosOptions) -> Result<Seen, (Plugin, String)> {
    let (patience, config) = (options.patience(), config.to_owned());
    let found = within(patience / 8, move || Daemon::of(&config).map_err(|faults| faults.to_string()));
    let late = || Err("the configuration file can't be read in time".into());
    let daemon = Arc::new(found.unwrap_or_else(late).map_err(|why| (Plugin::Unknown, why))?);
    let request = Arc::new(Request::Status { pool: options.pool.clone(), follow: false });

    let (to, what) = (Arc::clone(&daemon), Arc::clone(&request));
    let reason = match within(patience * 3 / 4, move || to.ask::<Status>(&what)) {
        Some(Ok(status)) => return Ok(Seen { status, silence: None }),
        Some(Err(trouble)) if !trouble.is_silence() => return Err((Plugin::Unknown, words(&trouble))),
        Some(Err(trouble)) => words(&trouble),
        None => {
            format!("mppd at {} does not answer within {:?}", daemon.socket().display(), patience * 3 / 4)
        }
    };
    match within(patience / 8, move || last_published(&daemon, &request)) {
        Some(Ok((status, life))) => Ok(Seen { status, silence: Some(Silence { reason, life }) }),
        Some(Err(failure)) => Err((Plugin::Critical, format!("{reason}; {failure}"))),
        None => Err((Plugin::Critical, format!("{reason}; the published state can't be read in time"))),
    }
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Unreachable(why) => why.to_string(),
        Trouble::Failure(failure) => failure.to_string(),
    }
}

/// Does something on a thread of its own, and waits so long for it. A thread that is late ends with the program.
fn within<T: Send + 'static>(patience: Duration, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, awaited) = channel();
    let job = move || _ = done.send(job());
    thread::Builder::new().spawn(job).ok()?;
    awaited.recv_timeout(patience).ok()
}
