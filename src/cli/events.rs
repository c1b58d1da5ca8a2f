//! `mpp events`: what happened, and what happens.

use super::connect::{Daemon, report};
use super::print;
use super::table::local_time_ms;
use crate::alert::Line;
use crate::control::protocol::Request;
use crate::exit::Exit;
use serde_json::Value;
use std::time::Duration;

pub(super) fn run(
    daemon: &Daemon,
    since: Option<Duration>,
    pool: Option<String>,
    follow: bool,
    json: bool,
) -> Exit {
    let request = Request::Events { since_s: since.map(|d| d.as_secs()), pool, follow };
    let show = |event: Value| print::out(&text(event, json));
    let result = match follow {
        true => daemon.follow(&request, show),
        false => daemon.ask::<Vec<Value>>(&request).map(|events| _ = events.into_iter().all(show)),
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
        Ok(line) => format!("{} {:8} {line}", local_time_ms(&line.time), line.severity),
        Err(_) => event.to_string(),
    }
}
