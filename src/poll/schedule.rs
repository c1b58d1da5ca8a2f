//! When the next poll is due: from start to start, without drift; early after a hang-up, but not in a circle.

use crate::core::time::{Duration, Moment};

/// The longest pause after a poll that took longer than the pace.
const PAUSE: Duration = Duration::from_millis(10);

/// When a node was polled, and when it will be.
#[derive(Default)]
pub(super) struct Schedule {
    /// When the first poll is due.
    first: Moment,
    /// When the last poll was to begin.
    last: Option<Moment>,
    /// When it ended.
    ended: Moment,
    /// When a hang-up last caused a poll.
    hung_up: Option<Moment>,
}

impl Schedule {
    /// The first poll is due then.
    pub(super) fn from(first: Moment) -> Schedule {
        Schedule { first, ..Schedule::default() }
    }

    /// When the next poll is due. After one that took longer than the pace not at once: its answer may make the decider
    /// ask, and a poll in flight by then does not count. Of a server that hangs, that would cost a failover one `timeout`
    /// more.
    pub(super) fn due(&self, every: Duration) -> Moment {
        self.last.map_or(self.first, |last| (last + every).max(self.ended + PAUSE.min(every / 25)))
    }

    /// A poll begins. One that is on time (within a tenth of the pace) keeps the rhythm, any other starts it
    /// anew: what was missed is not made up for.
    pub(super) fn begin(&mut self, now: Moment, every: Duration) {
        let due = self.due(every);
        let on_time = now >= due && now.since(due) < every / 10;
        self.last = Some(if on_time { due } else { now });
    }

    /// A poll has ended.
    pub(super) fn end(&mut self, now: Moment) {
        self.ended = now;
    }

    /// The idle connection has died. Whether that makes a poll due at once: at most one in each `every`, so
    /// that a server that always hangs up is not asked in a circle.
    pub(super) fn hang_up(&mut self, now: Moment, every: Duration) -> bool {
        let early = self.hung_up.is_none_or(|last| now.since(last) >= every);
        if early {
            self.hung_up = Some(now);
        }
        early
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(1000);

    fn at(ms: u64) -> Moment {
        Moment::default() + Duration::from_millis(ms)
    }

    fn begun(at_ms: &[u64]) -> Schedule {
        let mut schedule = Schedule::default();
        for &ms in at_ms {
            schedule.begin(at(ms), EVERY);
        }
        schedule
    }

    #[test]
    fn small_delays_do_not_add_up() {
        assert_eq!(begun(&[5000, 6003, 7004, 8003]).due(EVERY), at(9000));
    }

    #[test]
    fn missed_polls_are_not_made_up_for() {
        assert_eq!(begun(&[5000, 8500]).due(EVERY), at(9500));
    }

    #[test]
    fn a_poll_longer_than_the_pace_is_followed_by_a_pause_and_any_other_by_none() {
        let mut schedule = begun(&[5000]);
        schedule.end(at(5500));
        assert_eq!(schedule.due(EVERY / 4), at(5510));
        assert_eq!(schedule.due(EVERY), at(6000));
        assert_eq!(schedule.due(EVERY / 100), at(5500) + EVERY / 2500);
    }

    #[test]
    fn an_early_poll_starts_the_rhythm_anew() {
        assert_eq!(begun(&[5000, 5300]).due(EVERY), at(6300));
    }

    #[test]
    fn a_new_pace_counts_from_the_last_poll() {
        assert_eq!(begun(&[5000]).due(EVERY / 4), at(5250));
        assert_eq!(Schedule::from(at(700)).due(EVERY), at(700));
    }

    #[test]
    fn a_server_that_always_hangs_up_is_polled_early_once_per_pace() {
        let mut schedule = Schedule::default();
        let early: Vec<_> = [0, 10, 900, 1000, 1010, 2500].map(|ms| schedule.hang_up(at(ms), EVERY)).into();
        assert_eq!(early, [true, false, false, true, false, true]);
    }
}
