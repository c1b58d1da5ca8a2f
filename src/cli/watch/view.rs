//! What is known: the last answer, what changed lately, the last events, and how far down the reader is.

use super::ask::Answer;
use super::changes::Changes;
use super::columns::seconds;
use crate::alert;
use crate::clock::Clocks;
use crate::control::status::Status;
use crate::core::time::{Duration, Moment, Short};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::VecDeque;

/// As many events as the largest screen has lines for.
const EVENTS: usize = 500;
/// An answer older than this is not the newest any more: one is asked for every second, and awaited for two.
const FRESH: Duration = Duration::from_secs(5);

/// What is known. The screen is made of nothing else.
pub(super) struct View {
    /// Of this machine.
    pub(super) host: String,
    /// Of whoever reads.
    pub(super) zone: TimeZone,
    /// Now.
    pub(super) now: Moment,
    /// The same by the calendar.
    pub(super) wall: Timestamp,
    /// The last answer, or the last published state.
    pub(super) status: Option<Status>,
    /// Why there is no better one.
    pub(super) problem: Option<String>,
    /// When the last answer came.
    came: Moment,
    /// What changed lately.
    pub(super) changes: Changes,
    /// The last events, the newest last.
    pub(super) events: VecDeque<alert::Line>,
    /// The first line shown of all that the pools have.
    pub(super) top: usize,
}

impl View {
    /// Nothing is known yet.
    pub(super) fn new(host: String, zone: TimeZone, clocks: &Clocks) -> View {
        View {
            host,
            zone,
            now: clocks.moment(),
            wall: clocks.wall(),
            status: None,
            problem: None,
            came: clocks.moment(),
            changes: Changes::default(),
            events: VecDeque::new(),
            top: 0,
        }
    }

    /// Time has passed.
    pub(super) fn pass(&mut self, clocks: &Clocks) {
        (self.now, self.wall) = (clocks.moment(), clocks.wall());
    }

    /// An answer came.
    pub(super) fn take(&mut self, answer: Answer) {
        self.came = self.now;
        (self.status, self.problem) = match answer {
            Answer::Status(status) => (Some(*status), None),
            Answer::Published(status, problem) => (Some(*status), Some(problem)),
            Answer::Nothing(problem) => (None, Some(problem)),
        };
        if let Some(status) = &self.status {
            self.changes.note(status, self.now);
        }
    }

    /// An event came.
    pub(super) fn tell(&mut self, event: alert::Line) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// That what is shown is not what is so now, with its age; `None` if it is.
    pub(super) fn stale(&self) -> Option<String> {
        let daemon = &self.status.as_ref()?.daemon;
        let waited = self.now.since(self.came);
        if !daemon.stale {
            let words = format!("mppd (pid {}) does not answer; this was its last answer", daemon.pid);
            return (waited > FRESH).then(|| format!("STALE {}: {words}", age(waited)));
        }
        let age = daemon.stale_s.map_or(String::new(), |s| format!(" {}", age(seconds(s) + waited)));
        Some(format!("STALE{age}: this is what mppd (pid {}) published last", daemon.pid))
    }

    /// The time since a moment of the calendar, in words.
    pub(super) fn since(&self, rfc3339: &str) -> Option<String> {
        let then: Timestamp = rfc3339.parse().ok()?;
        Some(age(self.wall.duration_since(then).try_into().unwrap_or_default()))
    }
}

/// A duration in whole seconds: `0s`, `41s`, `3m20s`.
pub(super) fn age(duration: Duration) -> String {
    match duration.as_secs() {
        0 => "0s".into(),
        s => Short(Duration::from_secs(s)).to_string(),
    }
}
