//! Events as lines: numbered, timed, and handed to the alerts and the journal.

use super::decider::Decider;
use crate::alert::Line;
use crate::clock::{Clocks, rfc3339};
use crate::core::event::Note;
use crate::core::pool::Pool;
use std::sync::Arc;

/// The longest reason that is told, characters: a pool of hundreds of nodes has a lot to say, and syslog takes 8 KiB.
const LONGEST: usize = 1000;
/// Lines kept while nothing can be published.
const WAITING: usize = 10_000;

/// A note of a pool as a line, names in place of numbers: a reload may give the numbers to others.
pub(super) fn line_of(pool: &Pool, note: Note) -> Line {
    Line {
        severity: note.severity.word().into(),
        event: note.what.word().into(),
        pool: Some(pool.settings().name.clone()),
        node: note.node.map(|n| pool.name(n).to_owned()),
        from: note.from,
        to: note.to,
        req: note.req,
        epoch: Some(note.epoch),
        reason: shorten(note.reason),
        ..Line::default()
    }
}

/// A reason of bearable length.
pub(super) fn shorten(mut reason: String) -> String {
    if let Some((cut, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(cut);
        reason.push_str("...");
    }
    reason
}

impl Decider {
    /// Something about the daemon itself.
    pub(super) fn tell_self(&mut self, event: &str, severity: &str, reason: String) {
        let reason = shorten(reason);
        self.outbox.lines.push(Line {
            severity: severity.into(),
            event: event.into(),
            reason,
            ..Line::default()
        });
    }

    /// How a hook fares. What fails is a warning, for the event itself is in syslog.
    pub(super) fn tell_of_hook(&mut self, program: &str, fails: bool, words: &str) {
        self.outbox.lines.push(Line {
            severity: if fails { "warning" } else { "notice" }.into(),
            event: "hook".into(),
            about: Some(program.to_owned()),
            reason: shorten(format!("{program}: {words}")),
            ..Line::default()
        });
    }

    /// Tells what waited for its publication. The journal has all of it; of hundreds of the same, others get a summary.
    pub(super) fn tell_waiting(&mut self) {
        let mut lines = std::mem::take(&mut self.outbox.lines);
        let left_out = lines.len().saturating_sub(WAITING);
        lines.drain(..left_out);
        let clocks = Clocks::read();
        let (now, time) = (clocks.moment(), rfc3339(clocks.wall()));
        for mut line in lines {
            self.outbox.seq += 1;
            line.seq = self.outbox.seq;
            line.time.clone_from(&time);
            let line = Arc::new(line);
            self.surroundings.journal.add(Arc::clone(&line));
            if let Some(line) = self.flood.pass(line, now) {
                self.surroundings.alerts.tell(&line);
            }
        }
        for line in self.flood.settle(now) {
            self.surroundings.alerts.tell(&line);
        }
    }

    /// Tells what is still to be told, a moment at most: the end of the daemon.
    pub(super) fn finish_telling(mut self) {
        for line in self.flood.end() {
            self.surroundings.alerts.tell(&line);
        }
        self.surroundings.alerts.finish();
    }
}
