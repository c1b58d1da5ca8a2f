//! `mpp events`: what happened, and what happens.

use super::connect::{Daemon, report};
use super::table::local_time;
use crate::alert::Line;
use crate::control::protocol::Request;
use crate::exit::Exit;
use serde_json::Value;
use std::io::{self, Write};
use std::time::Duration;

pub(super) fn run(
    daemon: &Daemon,
    since: Option<Duration>,
    pool: Option<String>,
    follow: bool,
    json: bool,
) -> Exit {
    let request = Request::Events { since_s: since.map(|d| d.as_secs()), pool, follow };
    let show = |event: Value| {
        if writeln!(io::stdout(), "{}", text(event, json)).is_err() {
            // The reader of our output has enough.
            std::process::exit(Exit::Done as i32);
        }
    };
    let result = match follow {
        true => daemon.follow(&request, show),
        false => daemon.ask::<Vec<Value>>(&request).map(|events| events.into_iter().for_each(show)),
    };
    match result {
        Ok(()) => Exit::Done,
        Err(trouble) => report(&trouble),
    }
}

fn text(event: Value, json: bool) -> String {
    if json {
        return event.to_string();
    }
    match serde_json::from_value::<Line>(event.clone()) {
        Ok(line) => format!("{} {:8} {line}", local_time(&line.time), line.severity),
        Err(_) => event.to_string(),
    }
}
