//! A program of the operator's that is run for an event: one event after the other, on a thread of its own.

use super::line::Line;
use super::pick::Pick;
use super::queue::Inbox;
use super::run_hook;
use super::strays::Mark;
use std::sync::Arc;
use std::time::Duration;

/// What is run, for which events, for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The program's full path, and its arguments; never empty.
    pub run: Vec<String>,
    /// For which events.
    pub pick: Pick,
    /// When it is killed with all it started; 100ms..=10m.
    pub timeout: Duration,
}

/// How a hook fares: which program, whether it fails, and how, in words. False if that cannot be told just now.
pub type Report = Arc<dyn Fn(&str, bool, String) -> bool + Send + Sync>;

impl Hook {
    /// Its program.
    pub fn program(&self) -> &str {
        self.run.first().map_or("", String::as_str)
    }

    /// Whether it is run for this event. Never for one about itself: it would go round and round.
    pub(super) fn wants(&self, line: &Line) -> bool {
        let own = line.event == "hook" && line.about.as_deref() == Some(self.program());
        !own && self.pick.takes(line)
    }
}

/// Runs it for every line until the sender is gone, or nobody wants it any more.
pub(super) fn run(hook: &Hook, mark: &Mark, inbox: &Inbox, report: &Report) {
    let mut fares = Fares { hook, report, failing: false };
    while let Ok(line) = inbox.lines.recv()
        && !inbox.closed()
    {
        fares.note(run_hook::run(hook, mark, &line));
        let dropped = inbox.dropped();
        if dropped > 0 {
            let line = left_out(dropped, &line);
            // It says so where it is told of, and to itself.
            report(hook.program(), true, line.reason.clone());
            fares.note(run_hook::run(hook, mark, &line));
        }
    }
}

fn left_out(dropped: u64, last: &Line) -> Line {
    let reason = format!("{dropped} events were dropped: the hook does not keep up; mpp events");
    Line {
        seq: last.seq,
        time: last.time.clone(),
        severity: "warning".into(),
        event: "dropped".into(),
        reason,
        ..Line::default()
    }
}

struct Fares<'a> {
    hook: &'a Hook,
    report: &'a Report,
    /// It failed last time, and that was told.
    failing: bool,
}

impl Fares<'_> {
    /// Tells when it begins to fail, and when it works again.
    fn note(&mut self, result: Result<(), String>) {
        let words = match result {
            Err(why) if !self.failing => format!("{why}; told once, until it works again"),
            Ok(()) if self.failing => "works again".into(),
            _ => return,
        };
        if (self.report)(self.hook.program(), !self.failing, words) {
            self.failing = !self.failing;
        }
    }
}
