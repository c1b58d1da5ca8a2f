//! A small simulated world with its own truth: servers, replication, writers, pollers and a real `Pool`, on virtual
//! time. Everything follows from the seed.
#![allow(dead_code, unreachable_pub, clippy::disallowed_macros)]

pub mod checks;
pub mod faults;
pub mod rng;
pub mod server;

use mpp::core::event::{Action, Author, Command, Event, Note, What};
use mpp::core::observation::{Answer, Observation, Offline};
use mpp::core::pool::{Pool, Seat};
use mpp::core::settings::{NodeSettings, PoolSettings};
use mpp::core::time::{Duration, Moment};
use mpp::core::words::{Role, State};
use rng::Rng;
use server::{Clock, MS, Net, SEC, Server};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How the monitor's packets to a server fare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Path {
    Open,
    /// Dropped: timeouts.
    Drops,
    /// Refused at once, by something on the way.
    Refuses,
}

/// One node's poller: never overlapping; what is asked while a poll is in flight is asked after it.
#[derive(Clone, Debug)]
struct Poller {
    every: u64,
    last: u64,
    flight: Option<u64>,
    asked: bool,
    /// Wakes of an older generation are void.
    wake: u64,
    /// Does nothing until then.
    stuck_until: u64,
}

#[derive(Clone, Debug)]
enum Happening {
    Wake(usize, u64),
    Reaches(usize, u64),
    Answers(usize, u64, Observation, Option<Clock>),
    Tick(u64),
    Step,
    Consumed(u64),
    Fault(faults::Change),
}

pub struct World {
    pub now: u64,
    pub rng: Rng,
    pub pool: Pool,
    pub servers: Vec<Server>,
    pub net: Net,
    pub paths: Vec<Path>,
    /// Lost polls and late servers, in so many of a thousand.
    pub lost: u64,
    pub late: u64,
    /// Time from question to answer, at least and at most.
    pub latency: (u64, u64),
    /// Between two writes of the client; 0: none.
    pub write_every: u64,
    /// Whether the kernel is read back.
    pub consumes: bool,
    pub notes: Vec<(u64, Note)>,
    pub checks: checks::Checks,
    /// A fault that begins so long after the next handover does, and lasts so long.
    pub in_handover: Option<(faults::Kind, u64, u64)>,
    pub trace: bool,
    last_write: u64,
    pollers: Vec<Poller>,
    queue: BinaryHeap<(Reverse<u64>, Reverse<u64>, usize)>,
    happenings: Vec<Option<Happening>>,
    free: Vec<usize>,
    serial: u64,
    tick: u64,
}

/// A pool's settings with so many nodes at the world's addresses.
pub fn settings(count: usize) -> PoolSettings {
    let mut settings = PoolSettings::named("db");
    settings.nodes =
        (0..count).map(|n| NodeSettings::at(&format!("db{}", n + 1), &server::address(n), 3306)).collect();
    settings
}

/// Who replicates from whom.
pub fn pair() -> Vec<Vec<usize>> {
    vec![vec![1], vec![0]]
}

pub fn one_way() -> Vec<Vec<usize>> {
    vec![vec![], vec![0]]
}

pub fn ring() -> Vec<Vec<usize>> {
    vec![vec![2], vec![0], vec![1]]
}

pub fn star() -> Vec<Vec<usize>> {
    vec![vec![1], vec![0], vec![0]]
}

impl World {
    pub fn new(settings: PoolSettings, sources: &[Vec<usize>], seed: u64) -> World {
        let count = settings.nodes.len();
        let pool = Pool::new(settings, Moment(SEC));
        let poller = Poller { every: SEC, last: 0, flight: None, asked: false, wake: 0, stuck_until: 0 };
        let mut world = World {
            now: SEC,
            rng: Rng::new(seed),
            servers: (0..count).map(|n| Server::new(count, &sources[n])).collect(),
            net: Net { cut: vec![vec![false; count]; count], slave_net_timeout: 60 * SEC, gtid: true },
            paths: vec![Path::Open; count],
            lost: 0,
            late: 0,
            latency: (200_000, 800_000),
            write_every: 50 * MS,
            consumes: true,
            notes: Vec::new(),
            checks: checks::Checks::new(&pool),
            in_handover: None,
            trace: std::env::var_os("MPP_TRACE").is_some(),
            last_write: 0,
            pollers: vec![poller; count],
            queue: BinaryHeap::new(),
            happenings: Vec::new(),
            free: Vec::new(),
            serial: 0,
            tick: 0,
            pool,
        };
        for node in 0..count {
            world.pollers[node].every = nanos(world.pool.pace(node));
            let first = world.now + world.rng.below(50 * MS);
            world.at(first, Happening::Wake(node, 0));
        }
        world.at(SEC, Happening::Step);
        world.set_tick();
        world
    }

    // ---- driving ----

    pub fn run_for(&mut self, nanos: u64) {
        self.run_until(self.now + nanos);
    }

    pub fn run_until(&mut self, end: u64) {
        while let Some(&(Reverse(at), _, slot)) = self.queue.peek() {
            if at > end {
                break;
            }
            self.queue.pop();
            let happening = self.happenings[slot].take().expect("a happening");
            self.free.push(slot);
            self.now = at;
            self.happens(happening);
        }
        self.now = end;
        self.flow();
    }

    /// Runs until `done` says so, at most for `limit`; says how long it took.
    pub fn run_until_true(&mut self, limit: u64, done: impl Fn(&World) -> bool) -> Option<u64> {
        let start = self.now;
        while self.now < start + limit {
            if done(self) {
                return Some(self.now - start);
            }
            let next = self.queue.peek().map_or(start + limit, |(Reverse(at), ..)| *at);
            self.run_until(next.clamp(self.now, start + limit));
        }
        done(self).then_some(limit)
    }

    fn at(&mut self, at: u64, happening: Happening) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.happenings.push(None);
                self.happenings.len() - 1
            }
        };
        self.happenings[slot] = Some(happening);
        self.serial += 1;
        self.queue.push((Reverse(at.max(self.now)), Reverse(self.serial), slot));
    }

    pub fn fault_at(&mut self, at: u64, change: faults::Change) {
        self.at(at, Happening::Fault(change));
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Wake(node, wake) if wake == self.pollers[node].wake => self.wake(node),
            Happening::Wake(..) => {}
            Happening::Reaches(node, began) => self.reaches(node, began),
            Happening::Answers(node, began, observation, truth) => {
                self.answers(node, began, observation, truth)
            }
            Happening::Tick(tick) if tick == self.tick => self.give(Event::Tick, None),
            Happening::Tick(_) => {}
            Happening::Step => {
                self.flow();
                self.at(self.now + 50 * MS, Happening::Step);
            }
            Happening::Consumed(epoch) => {
                let waiting = matches!(self.pool.memory().seat, Seat::Passing(_));
                if waiting && self.pool.memory().epoch == epoch {
                    self.give(Event::Consumed, None);
                }
            }
            Happening::Fault(change) => change.apply(self),
        }
    }

    /// Writers write, replication replicates.
    pub fn flow(&mut self) {
        let now = self.now;
        while self.write_every > 0 && self.last_write + self.write_every <= now {
            self.last_write = (self.last_write + self.write_every).max(now.saturating_sub(SEC));
            for node in 0..self.servers.len() {
                let serves = self.pool.verdict(node, Role::Rw).up;
                if serves && self.servers[node].runs() && !self.servers[node].read_only {
                    server::write(&mut self.servers, node, self.last_write.min(now));
                }
            }
        }
        server::replicate(&mut self.servers, &self.net, now);
    }

    // ---- pollers ----

    fn wake(&mut self, node: usize) {
        let now = self.now;
        let poller = &mut self.pollers[node];
        if poller.flight.is_some() {
            return;
        }
        if poller.stuck_until > now {
            let until = poller.stuck_until;
            return self.wake_at(node, until);
        }
        let due = poller.last + poller.every;
        if !poller.asked && due > now {
            return self.wake_at(node, due);
        }
        // A thread needs a moment between its order and its clock.
        let began = now + 1_000;
        poller.asked = false;
        poller.flight = Some(began);
        poller.last = if now >= due && now - due < poller.every / 10 { due } else { now };
        let (low, high) = self.latency;
        let way = self.rng.range(low, high) / 2;
        self.at(began + way, Happening::Reaches(node, began));
    }

    fn wake_at(&mut self, node: usize, at: u64) {
        self.pollers[node].wake += 1;
        let wake = self.pollers[node].wake;
        self.at(at, Happening::Wake(node, wake));
    }

    /// The question arrives, or not; the answer is on its way, or never comes.
    fn reaches(&mut self, node: usize, began: u64) {
        if self.pollers[node].flight != Some(began) {
            return;
        }
        self.flow();
        let timeout = nanos(self.pool.settings().nodes[node].pace.timeout);
        let lost = self.rng.below(1000) < self.lost;
        let late = self.rng.below(1000) < self.late;
        let (low, high) = self.latency;
        let mut way = self.rng.range(low, high) / 2;
        if late {
            way += self.rng.below(timeout * 2);
        }
        let s = &self.servers[node];
        let silent = |silent| Answer::Offline(Offline { reason: "timeout after 500ms".into(), silent });
        let mut truth = None;
        let answer = match self.paths[node] {
            Path::Drops => silent(false),
            Path::Refuses => Answer::offline("connection refused"),
            Path::Open if lost => silent(false),
            Path::Open if !s.up => Answer::offline("connection refused"),
            Path::Open if s.frozen => silent(self.rng.one_in(2)),
            Path::Open if self.now + way > began + timeout => silent(false),
            Path::Open if s.full => Answer::Saturated("1040 Too many connections".into()),
            Path::Open if s.denying => Answer::Denied("1045 Access denied".into()),
            Path::Open => {
                truth = Some(s.has.clone());
                Answer::Online(Box::new(server::facts(&self.servers, &self.net, node, self.now)))
            }
        };
        let timed_out = matches!(&answer, Answer::Offline(o) if o.reason.starts_with("timeout"));
        let ended = if timed_out { began + timeout } else { self.now + way };
        let observation = Observation { began: Moment(began), ended: Moment(ended), answer };
        self.at(ended, Happening::Answers(node, began, observation, truth));
    }

    fn answers(&mut self, node: usize, began: u64, observation: Observation, truth: Option<Clock>) {
        if self.pollers[node].flight != Some(began) {
            return;
        }
        self.pollers[node].flight = None;
        self.give(Event::Polled(node, observation), truth);
        self.wake(node);
    }

    // ---- the pool ----

    /// Gives the pool an event, carries out what it wants, and checks everything.
    pub fn give(&mut self, event: Event, truth: Option<Clock>) {
        self.flow();
        let before = checks::Before::of(&self.pool, self.now);
        if self.trace {
            eprintln!("{:>9.3} {}", ms(self.now), describe(&event));
        }
        let told = event.clone();
        let actions = self.pool.handle(event, Moment(self.now));
        checks::after(self, &before, Some(&told), truth, &actions);
        self.carry_out(actions);
    }

    pub fn command(&mut self, command: Command) -> Result<String, String> {
        self.flow();
        let before = checks::Before::of(&self.pool, self.now);
        let by = Author { who: "op".into(), why: None };
        let (answer, actions) = self.pool.command(&command, &by, Moment(self.now));
        self.checks.commanded = true;
        if self.trace {
            eprintln!("{:>9.3} {command:?} -> {answer:?}", ms(self.now));
        }
        checks::after(self, &before, None, None, &actions);
        self.checks.commanded = false;
        self.carry_out(actions);
        answer.map(|done| done.words).map_err(|refused| refused.0)
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Ask(node) => {
                    self.pollers[node].asked = true;
                    let at = self.now;
                    self.wake_at(node, at);
                }
                Action::Pace(node, pace) => {
                    self.pollers[node].every = nanos(pace);
                    let at = self.now;
                    self.wake_at(node, at);
                }
                Action::Note(note) => {
                    if self.trace {
                        let node = note.node.map_or("", |n| self.pool.name(n));
                        let (from, to) =
                            (note.from.as_deref().unwrap_or(""), note.to.as_deref().unwrap_or(""));
                        eprintln!(
                            "{:>9.3}     {node} {} {from} -> {to} req {:?}: {}",
                            ms(self.now),
                            note.what.word(),
                            note.req,
                            note.reason
                        );
                    }
                    if let (What::Handover, Some((kind, after, lasts))) = (note.what, self.in_handover) {
                        self.in_handover = None;
                        let at = self.now + after;
                        self.fault(kind, at, lasts);
                    }
                    if note.what == What::Handover && self.consumes {
                        let at = self.now + self.rng.range(5 * MS, 1500 * MS);
                        let epoch = self.pool.memory().epoch;
                        self.at(at, Happening::Consumed(epoch));
                    }
                    self.notes.push((self.now, note));
                }
            }
        }
        self.set_tick();
    }

    fn set_tick(&mut self) {
        let at = self.pool.deadline(Moment(self.now));
        assert!(at > Moment(self.now), "a deadline in the past");
        self.tick += 1;
        let tick = self.tick;
        if at.0 < u64::MAX / 2 {
            self.at(at.0, Happening::Tick(tick));
        }
    }

    /// The daemon is started anew, under the settings of now or others.
    pub fn restart(&mut self, settings: Option<PoolSettings>) {
        let same = settings.is_none();
        let settings = settings.unwrap_or_else(|| self.pool.settings().clone());
        let verdicts = checks::verdicts(&self.pool);
        self.pool = Pool::restore(settings, self.pool.memory().clone(), Moment(self.now));
        if same {
            assert_eq!(verdicts, checks::verdicts(&self.pool), "a restart changed a verdict");
        }
        let count = self.pool.settings().nodes.len();
        self.pollers.truncate(count);
        for node in 0..count {
            let (flight, asked) = (None, true);
            let every = nanos(self.pool.pace(node));
            self.pollers[node] = Poller { every, flight, asked, ..self.pollers[node].clone() };
            let at = self.now;
            self.wake_at(node, at);
        }
        self.set_tick();
    }

    /// The poller of a node does nothing for a while.
    pub fn stick(&mut self, node: usize, until: u64) {
        self.pollers[node].stuck_until = until;
        self.pollers[node].flight = None;
        self.wake_at(node, until);
    }

    // ---- looking ----

    pub fn active(&self) -> Option<usize> {
        self.pool.active()
    }

    pub fn states(&self) -> Vec<State> {
        (0..self.pool.settings().nodes.len()).map(|n| self.pool.state(n)).collect()
    }

    pub fn held(&self) -> String {
        self.pool.held().unwrap_or("(not held)").to_owned()
    }

    pub fn count(&self, what: What) -> usize {
        self.notes.iter().filter(|(_, n)| n.what == what).count()
    }

    pub fn last(&self, what: What) -> &str {
        self.notes.iter().rfind(|(_, n)| n.what == what).map_or("", |(_, n)| &n.reason)
    }
}

pub fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).expect("a short time")
}

pub fn ms(nanos: u64) -> f64 {
    nanos as f64 / MS as f64
}

fn describe(event: &Event) -> String {
    match event {
        Event::Polled(node, o) => {
            let words = match &o.answer {
                Answer::Online(f) => format!(
                    "Online gtid {} {}",
                    f.position.gtid,
                    f.channels
                        .iter()
                        .map(|c| format!(
                            "{}/{} {:?} {}/{}",
                            c.io.run, c.sql.run, c.lag, c.received, c.executed
                        ))
                        .collect::<Vec<_>>()
                        .join(" ")
                ),
                other => format!("{other:?}"),
            };
            format!("db{} (began {:.3}): {words}", node + 1, ms(o.began.0))
        }
        other => format!("{other:?}"),
    }
}
