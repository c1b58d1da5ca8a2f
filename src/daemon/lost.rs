//! Pollers, of nodes and of checkpoints, that panicked on what a server sent: told, and replaced after a while.

use super::decider::Decider;
use super::message::PollerId;
use crate::core::event::{Event, Sighting};
use crate::core::observation::{Answer, Observation, Offline};
use crate::core::time::{Duration, Moment, Short};
use std::collections::HashMap;
use std::net::SocketAddr;

/// How long a server whose answer made a library panic is left alone: at first, and at most; doubled from panic to panic.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(600);
/// How often one server's poller is replaced: each leaves a sleeping thread and two descriptors behind.
const MOST: u32 = 200;

/// What is remembered of them, until the configuration is read again.
#[derive(Default)]
pub(super) struct Lost {
    waiting: Vec<(Moment, PollerId)>,
    /// Panics by server, since its last good answer.
    tries: HashMap<Whom, Tries>,
}

/// Who made it panic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whom {
    /// The server at this address.
    Server(SocketAddr),
    /// The checkpoint of this name.
    Checkpoint(String),
}

/// Panics of one server's pollers.
#[derive(Default)]
struct Tries {
    /// Since its last good answer.
    in_a_row: u32,
    /// Ever.
    all: u32,
}

impl Lost {
    /// A server has given a good answer: its next panic is its first again.
    pub(super) fn good(&mut self, server: SocketAddr) {
        if let Some(tries) = self.tries.get_mut(&Whom::Server(server)) {
            tries.in_a_row = 0;
        }
    }

    /// How long to wait before it is asked again; `None`: no more.
    fn next(&mut self, whom: Whom) -> Option<Duration> {
        let tries = self.tries.entry(whom).or_default();
        let wait = FIRST.saturating_mul(1 << tries.in_a_row.min(20)).min(LONGEST);
        tries.in_a_row += 1;
        tries.all += 1;
        (tries.all <= MOST).then_some(wait)
    }
}

impl Decider {
    /// A poller is lost. For its node that was one more connection without an answer.
    pub(super) fn crashed(&mut self, poller: PollerId, words: &str) {
        let Some((place, node)) = self.fleet.place_of(poller) else {
            return self.watch_crashed(poller, words);
        };
        let Some(server) = self.fleet.members[place].lose(node) else { return };
        let now = crate::clock::now();
        let pool = &self.fleet.members[place].pool;
        let name = format!("{}/{}", pool.settings().name, pool.name(node));
        let reason = format!("what it sends makes no sense: {words}");
        self.ask_later(poller, Whom::Server(server), &format!("{name}: {reason}"), now);
        let answer = Answer::Offline(Offline { reason, silent: true });
        self.handle(place, Event::Polled(node, Observation { began: now, ended: now, answer }), now);
    }

    /// What asks a checkpoint is lost. Somebody answered, but that tells nothing.
    fn watch_crashed(&mut self, watch: PollerId, words: &str) {
        let Some(id) = self.fleet.checkpoints.lose(watch) else { return };
        let now = crate::clock::now();
        let reason = format!("what it sends makes no sense: {words}");
        let text = format!("{id}: {reason}");
        self.ask_later(watch, Whom::Checkpoint(id), &text, now);
        for (place, n) in self.fleet.checkpoints.places_of(watch) {
            let sighting = Sighting { began: now, result: Err(reason.clone()), able: false };
            self.handle(place, Event::Checkpoint(n, sighting), now);
        }
    }

    /// Has a lost one replaced after a while, and tells.
    fn ask_later(&mut self, lost: PollerId, whom: Whom, text: &str, now: Moment) {
        let next = self.lost.next(whom);
        let what_then = match next {
            Some(wait) => format!("asked again in {}", Short(wait)),
            None => "asked no more; mpp reload when it is mended".into(),
        };
        self.tell_self("driver", "alert", format!("{text}; {what_then}"));
        self.lost.waiting.extend(next.map(|wait| (now + wait, lost)));
    }

    /// Replaces those whose time has come; those that cannot be now, later.
    pub(super) fn replace_lost(&mut self, now: Moment) {
        while let Some(due) = self.lost.waiting.iter().position(|(at, _)| *at <= now) {
            let (_, poller) = self.lost.waiting.swap_remove(due);
            let surroundings = &self.surroundings;
            let started = self.fleet.replace(poller, &surroundings.mailbox);
            if let Err(e) = started {
                self.lost.waiting.push((now + LONGEST / 60, poller));
                let text = format!("can't start a poller: {e}; tried again in {}", Short(LONGEST / 60));
                self.tell_self("driver", "alert", text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_again_soon_then_seldom_then_no_more_and_others_are_not_its_business() {
        let [odd, other] = ["127.0.0.1:1", "127.0.0.1:2"].map(|address| address.parse().unwrap());
        let (whom, others) = (Whom::Server(odd), Whom::Server(other));
        let mut lost = Lost::default();
        let waits: Vec<u64> = (0..4).filter_map(|_| lost.next(whom.clone())).map(|w| w.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8]);
        lost.good(odd);
        assert_eq!(lost.next(whom.clone()), Some(FIRST));
        let left = (0..1000).map_while(|_| lost.next(whom.clone())).count();
        assert_eq!(left, MOST as usize - 5);
        assert_eq!(lost.next(others), Some(FIRST));
    }
}
