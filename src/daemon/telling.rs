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

fn shorten(mut reason: String) -> String {
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

    /// Tells what waited for its publication.
    pub(super) fn tell_waiting(&mut self) {
        let mut lines = std::mem::take(&mut self.outbox.lines);
        let left_out = lines.len().saturating_sub(WAITING);
        lines.drain(..left_out);
        let time = rfc3339(Clocks::read().wall());
        for mut line in lines {
            self.outbox.seq += 1;
            line.seq = self.outbox.seq;
            line.time.clone_from(&time);
            let line = Arc::new(line);
            self.surroundings.alerts.tell(&line);
            self.surroundings.journal.add(line);
        }
    }
}
