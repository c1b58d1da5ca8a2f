//! One poller a server: never overlapping; what is asked while a poll is in flight is asked after it.

use super::server::SEC;
use super::{Happening, Path, Truth, World, answer, nanos};
use mpp::core::event::Event;
use mpp::core::observation::{Answer, Observation, Offline};
use mpp::core::time::Moment;

#[derive(Clone, Debug)]
pub(super) struct Poller {
    pub(super) every: u64,
    last: u64,
    flight: Option<u64>,
    pub(super) asked: bool,
    /// Wakes of an older generation are void.
    wake: u64,
    /// Does nothing until then.
    stuck_until: u64,
}

impl Default for Poller {
    fn default() -> Poller {
        Poller { every: SEC, last: 0, flight: None, asked: false, wake: 0, stuck_until: 0 }
    }
}

impl World {
    pub(super) fn pace_of(&self, server: usize) -> u64 {
        self.node_of(server).map_or(SEC, |node| nanos(self.pool.pace(node)))
    }

    pub(super) fn wake(&mut self, server: usize, wake: u64) {
        let now = self.now;
        let poller = &mut self.pollers[server];
        if poller.wake != wake || poller.flight.is_some() {
            return;
        }
        if poller.stuck_until > now {
            let until = poller.stuck_until;
            return self.wake_at(server, until);
        }
        let due = poller.last + poller.every;
        if !poller.asked && due > now {
            return self.wake_at(server, due);
        }
        // A thread needs a moment between its order and its clock.
        let began = now + 1_000;
        poller.asked = false;
        poller.flight = Some(began);
        poller.last = if now >= due && now - due < poller.every / 10 { due } else { now };
        let (low, high) = self.latency;
        let way = self.rng.range(low, high) / 2;
        self.at(began + way, Happening::Reaches(server, began));
    }

    pub(super) fn wake_at(&mut self, server: usize, at: u64) {
        self.pollers[server].wake += 1;
        let wake = self.pollers[server].wake;
        self.at(at, Happening::Wake(server, wake));
    }

    /// The question arrives, or not; the answer is on its way, or never comes.
    pub(super) fn reaches(&mut self, server: usize, began: u64) {
        let Some(node) = self.node_of(server).filter(|_| self.pollers[server].flight == Some(began)) else {
            return;
        };
        self.flow();
        let timeout = nanos(self.pool.settings().nodes[node].pace.timeout);
        let lost = self.rng.below(1000) < self.lost || self.lose_next == Some(server);
        self.lose_next = self.lose_next.filter(|&n| n != server);
        let late = self.rng.below(1000) < self.late;
        let (low, high) = self.latency;
        let mut way = self.rng.range(low, high) / 2 + self.servers[server].slow;
        if late {
            way += self.rng.below(timeout * 2);
        }
        let (answer, truth) = self.answer(server, lost, self.now + way > began + timeout);
        let timed_out = matches!(&answer, Answer::Offline(o) if o.reason.starts_with("timeout"));
        let ended = if timed_out { began + timeout } else { self.now + way };
        let observation = Observation { began: Moment(began), ended: Moment(ended), answer };
        self.at(ended, Happening::Answers(server, began, observation, truth));
    }

    fn answer(&mut self, server: usize, lost: bool, too_late: bool) -> (Answer, Option<Truth>) {
        let silent = |silent| Answer::Offline(Offline { reason: "timeout after 500ms".into(), silent });
        let s = &self.servers[server];
        let bad = match self.paths[server] {
            Path::Drops => silent(false),
            Path::Refuses => Answer::offline("connection refused"),
            Path::Open if lost || s.unplugged => silent(false),
            Path::Open if !s.up => Answer::offline("connection refused"),
            Path::Open if s.frozen => silent(self.rng.one_in(2)),
            Path::Open if too_late => silent(false),
            Path::Open if s.full => Answer::Saturated("1040 Too many connections".into()),
            Path::Open if s.denying => Answer::Denied("1045 Access denied".into()),
            Path::Open => {
                let truth = Truth { has: s.has.clone(), received: s.received() };
                let facts = answer::facts(&self.servers, &self.net, server, self.now);
                return (Answer::Online(Box::new(facts)), Some(truth));
            }
        };
        (bad, None)
    }

    pub(super) fn answers(
        &mut self,
        server: usize,
        began: u64,
        observation: Observation,
        truth: Option<Truth>,
    ) {
        if self.pollers[server].flight != Some(began) {
            return;
        }
        self.pollers[server].flight = None;
        if let Some(node) = self.node_of(server) {
            self.give(Event::Polled(node, observation), truth);
            let now = self.now;
            self.wake_at(server, now);
        }
    }

    /// All pollers are new ones: what they were asked and what is in flight is lost, and each asks at once.
    pub(super) fn start_pollers(&mut self) {
        let members = self.members();
        for server in 0..self.servers.len() {
            let every = self.pace_of(server);
            let stuck_until = self.pollers[server].stuck_until;
            let (wake, asked) = (self.pollers[server].wake, true);
            self.pollers[server] = Poller { every, asked, wake, stuck_until, ..Poller::default() };
            if members.contains(&server) {
                let at = self.now;
                self.wake_at(server, at);
            }
        }
    }

    /// Those of new members start, those of former members end, all others go on.
    pub(super) fn keep_pollers(&mut self, before: &[usize]) {
        let members = self.members();
        for server in 0..self.servers.len() {
            let stays = before.contains(&server) && members.contains(&server);
            let poller = &mut self.pollers[server];
            if !stays {
                let (wake, stuck_until) = (poller.wake + 1, poller.stuck_until);
                *poller = Poller { wake, stuck_until, ..Poller::default() };
            }
            self.pollers[server].every = self.pace_of(server);
            if members.contains(&server) {
                let at = self.now;
                self.wake_at(server, at);
            }
        }
    }

    pub(super) fn paces_are_kept(&self) {
        for node in 0..self.pool.settings().nodes.len() {
            let (told, is) = (self.pollers[self.host(node)].every, nanos(self.pool.pace(node)));
            assert_eq!(told, is, "{} is polled at another pace than the pool thinks", self.pool.name(node));
        }
    }

    /// The poller of a server does nothing for a while.
    pub fn stick(&mut self, server: usize, until: u64) {
        self.pollers[server].stuck_until = until;
        self.pollers[server].flight = None;
        self.wake_at(server, until);
    }

    /// Its poller does nothing now.
    pub(super) fn is_stuck(&self, server: usize) -> bool {
        self.pollers[server].stuck_until > self.now
    }
}
