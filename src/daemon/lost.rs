//! Pollers whose driver panicked on what a server sent: told, and replaced after a while.

use super::decider::Decider;
use super::message::PollerId;
use crate::core::event::Event;
use crate::core::observation::{Answer, Observation, Offline};
use crate::core::time::{Duration, Moment};

/// How long a server that made the driver panic is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// How many are replaced in the life of a daemon: each leaves a sleeping thread and a socket behind.
const MOST: usize = 256;

/// What is remembered of them.
#[derive(Default)]
pub(super) struct Lost {
    waiting: Vec<(Moment, PollerId)>,
    replaced: usize,
}

impl Decider {
    /// A poller is lost. For its node that was one more connection without an answer.
    pub(super) fn crashed(&mut self, poller: PollerId, words: &str) {
        let Some((place, node)) = self.fleet.place_of(poller) else { return };
        let now = crate::clock::now();
        let pool = &self.fleet.members[place].pool;
        let name = format!("{}/{}", pool.settings().name, pool.name(node));
        let reason = format!("what it sends makes no sense: {words}");
        let what_then = match self.lost.replaced < MOST {
            true => "asked again in 10s",
            false => "asked no more; restart mppd when it is mended",
        };
        self.tell_self("driver", "alert", format!("{name}: {reason}; {what_then}"));
        let answer = Answer::Offline(Offline { reason, silent: true });
        self.handle(place, Event::Polled(node, Observation { began: now, ended: now, answer }), now);
        self.lost.waiting.push((now + LEFT_ALONE, poller));
    }

    /// Replaces those whose time has come.
    pub(super) fn replace_lost(&mut self, now: Moment) {
        while let Some(due) = self.lost.waiting.iter().position(|(at, _)| *at <= now) {
            let (_, poller) = self.lost.waiting.swap_remove(due);
            if self.lost.replaced == MOST {
                continue;
            }
            self.lost.replaced += 1;
            let surroundings = &self.surroundings;
            let started = self.fleet.replace(poller, &surroundings.mailbox, &surroundings.watchdog);
            if let Err(e) = started {
                self.tell_self("driver", "alert", format!("can't start a poller: {e}; restart mppd"));
            }
        }
    }
}
