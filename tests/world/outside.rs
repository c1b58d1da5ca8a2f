//! The world outside the site, and the director's questions to its checkpoints.

use super::{Happening, World, nanos};
use mpp::core::event::{Event, Sighting};
use mpp::core::time::Moment;

/// Who asks one checkpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lookout {
    /// Looks of an older generation are void.
    look: u64,
}

impl World {
    /// A new daemon, or new settings: every checkpoint is asked now.
    pub(super) fn start_lookouts(&mut self) {
        let count = self.pool.settings().checkpoints.len();
        self.lookouts.resize(count, Lookout::default());
        for place in 0..count {
            self.look_at(place, self.now);
        }
    }

    /// Asks a checkpoint at a moment, and nothing earlier.
    pub(super) fn look_at(&mut self, place: usize, at: u64) {
        self.lookouts[place].look += 1;
        let look = self.lookouts[place].look;
        self.at(at, Happening::Looks(place, look));
    }

    pub(super) fn looks(&mut self, place: usize, look: u64) {
        if self.lookouts.get(place).is_none_or(|lookout| lookout.look != look) {
            return;
        }
        let timeout = self.pool.settings().nodes.iter().map(|n| nanos(n.pace.timeout)).max().unwrap_or(0);
        let (low, high) = self.latency;
        let lost = !self.outside || self.rng.below(1000) < self.lost;
        let way = if lost { timeout } else { self.rng.range(low, high) };
        self.at(self.now + way, Happening::Sighted(place, self.now, lost));
        let every = self.pool.memory().checkpoints.get(place).map_or(0, |c| nanos(c.pace));
        self.look_at(place, self.now + every.max(way));
    }

    pub(super) fn sighted(&mut self, place: usize, began: u64, lost: bool) {
        if place >= self.pool.settings().checkpoints.len() {
            return;
        }
        let result = if lost { Err("timeout".to_owned()) } else { Ok(()) };
        self.give(Event::Checkpoint(place, Sighting { began: Moment(began), result, able: true }), None);
    }
}
