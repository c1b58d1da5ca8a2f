//! Whether the decider was held up: what of it is told, and what the kernel knows of why.

use crate::core::time::{Duration, Moment, Short};
use std::fs;
use std::mem::replace;

/// What is told: five heartbeats.
const TOLD: Duration = Duration::from_secs(1);
/// How long nothing more is told then: a machine that is overloaded stays so for a while.
const QUIET: Duration = Duration::from_secs(600);
/// How often the kernel is asked, so that what it says is of the last moments.
const LOOK: Duration = Duration::from_secs(1);
/// In it, first the time that this thread has run, then the time that it has waited for a processor, nanoseconds:
/// Documentation/scheduler/sched-stats.rst of the kernel.
const SCHEDSTAT: &str = "/proc/thread-self/schedstat";

/// What is known of delays. Belongs to the decider's own thread.
#[derive(Default)]
pub(super) struct Delays {
    looked: Moment,
    /// How long this thread had waited for a processor then; `None`: the kernel does not count it.
    starved: Option<Duration>,
    told: Option<Moment>,
    /// How many were not told since, and the longest of them.
    untold: u32,
    worst: Duration,
    /// The next delay is of the daemon's own making.
    excused: bool,
}

impl Delays {
    /// Something has been done that takes its time: a reload.
    pub(super) fn excuse(&mut self) {
        self.excused = true;
    }

    /// The decider is awake, so late; in words, what is to be told of that.
    pub(super) fn note(&mut self, late: Duration, now: Moment) -> Option<String> {
        let excused = replace(&mut self.excused, false);
        let is_told = late >= TOLD && !excused;
        if !is_told && now.since(self.looked) < LOOK {
            return None;
        }
        let starved = fs::read_to_string(SCHEDSTAT).ok().as_deref().and_then(starved);
        let before = replace(&mut self.starved, starved);
        self.looked = now;
        let lately = starved.zip(before).map(|(now, before)| now.saturating_sub(before).min(late));
        is_told.then(|| self.tell(late, lately, now)).flatten()
    }

    fn tell(&mut self, late: Duration, starved: Option<Duration>, now: Moment) -> Option<String> {
        if self.told.is_some_and(|told| now.since(told) < QUIET) {
            self.untold += 1;
            self.worst = self.worst.max(late);
            return None;
        }
        let before = self.told.replace(now);
        let mut words = format!("nothing was decided for {}: {}", Short(late), why(late, starved));
        if let (Some(before), 1..) = (before, self.untold) {
            let (more, ago) = (self.untold, Short(now.since(before)));
            words += &format!("; {more} more in the {ago} before, the longest {}", Short(self.worst));
        }
        (self.untold, self.worst) = (0, Duration::ZERO);
        Some(words)
    }
}

fn why(late: Duration, starved: Option<Duration>) -> String {
    match starved {
        Some(starved) if starved > late / 2 => {
            format!("for {} of it mppd got no processor; is this machine overloaded?", Short(starved))
        }
        _ => "mppd was stopped, or waited for memory or a disk, or this machine stood still".into(),
    }
}

fn starved(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Moment {
        Moment::default() + SECOND * u32::try_from(seconds).expect("few")
    }

    #[test]
    fn the_kernel_tells_how_long_a_thread_has_waited_for_a_processor() {
        assert_eq!(starved("4521337 1500000000 33\n"), Some(SECOND + SECOND / 2));
        assert_eq!(starved(""), None);
    }

    #[test]
    fn a_short_delay_is_nobodys_business_and_a_long_one_is_told_with_what_is_known_of_it() {
        let mut delays = Delays::default();
        assert_eq!(delays.note(TOLD - Duration::from_millis(1), at(9)), None);
        let starved = delays.tell(SECOND * 5, Some(SECOND * 4), at(10)).expect("told");
        let words =
            "nothing was decided for 5s: for 4s of it mppd got no processor; is this machine overloaded?";
        assert_eq!(starved, words);
        for starved in [None, Some(SECOND)] {
            let words = Delays::default().tell(SECOND * 5, starved, at(10)).expect("told");
            assert!(words.contains("mppd was stopped, or waited for memory or a disk"), "{words}");
        }
    }

    #[test]
    fn a_delay_that_a_reload_makes_is_not_told() {
        let mut delays = Delays::default();
        delays.excuse();
        assert_eq!(delays.note(SECOND * 2, at(9)), None);
        assert!(delays.note(SECOND * 2, at(12)).is_some());
        delays.excuse();
        assert_eq!(delays.note(Duration::ZERO, at(700)), None);
        assert!(delays.note(SECOND * 2, at(701)).is_some(), "what was excused is over");
    }

    #[test]
    fn what_goes_on_is_told_now_and_then_and_what_was_left_out_is_counted() {
        let mut delays = Delays::default();
        let mut tell = |late, now| delays.tell(SECOND * late, None, at(now));
        assert!(tell(2, 100).is_some_and(|words| !words.contains("more")));
        assert_eq!((tell(4, 200), tell(3, 699)), (None, None));
        let words = tell(2, 700).expect("told");
        assert!(words.ends_with("; 2 more in the 10m before, the longest 4s"), "{words}");
        assert_eq!(tell(2, 1299), None);
        assert!(tell(2, 1300).is_some_and(|words| words.contains("; 1 more in the 10m before")));
    }
}
