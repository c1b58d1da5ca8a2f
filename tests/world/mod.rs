//! A small simulated world with its own truth: servers, replication, writers, pollers, the director's kernel and a real
//! `Pool`, on virtual time. Everything follows from the seed.
#![allow(dead_code, unused_imports, unreachable_pub, clippy::disallowed_macros)]

pub mod answer;
mod change;
pub mod checks;
pub mod director;
pub mod faults;
pub mod gates;
pub mod histories;
pub mod loss;
pub mod options;
mod outside;
mod pollers;
pub mod rng;
pub mod server;
mod told;
mod verdicts;

use mpp::core::event::{Event, Note, What};
use mpp::core::observation::Observation;
use mpp::core::pool::Pool;
use mpp::core::settings::PoolSettings;
use mpp::core::time::{Duration, Moment};
use mpp::core::words::{Role, State};
pub use options::{chain, one_way, pair, ring, settings, star, steady_as};
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

/// Where replication has brought a server when it was asked: what it has, and that with its relay logs.
#[derive(Clone, Debug)]
pub struct Truth {
    pub has: Clock,
    pub received: Clock,
}

/// What happens to a server is told by its number here; a node of the pool has another, and a reload may change it.
#[derive(Clone, Debug)]
enum Happening {
    Wake(usize, u64),
    Reaches(usize, u64),
    Answers(usize, u64, Observation, Option<Truth>),
    Tick(u64),
    Step,
    /// The kernel follows the verdict for a server, unless that has changed again.
    Kernel(usize, u64, bool),
    Fault(faults::Change),
    /// An order to a server arrives, or is answered.
    Order(gates::Sent),
    Gated(gates::Sent, Result<(), &'static str>),
    /// A checkpoint is asked; what came of a question that began then: lost, or answered.
    Looks(usize, u64),
    Sighted(usize, u64, bool),
    /// The director's host wakes up, or has booted.
    Wakes(u64),
    Boots,
}

pub struct World {
    pub now: u64,
    pub rng: Rng,
    pub pool: Pool,
    pub servers: Vec<Server>,
    pub net: Net,
    pub paths: Vec<Path>,
    /// The checkpoints answer.
    pub outside: bool,
    /// Lost polls and late servers, in so many of a thousand.
    pub lost: u64,
    pub late: u64,
    /// The next poll of a server is lost.
    pub lose_next: Option<usize>,
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
    /// Since when each server has been open and within reach.
    pub reachable: Vec<u64>,
    /// Counts the daemons.
    pub daemon: u64,
    last_write: u64,
    pollers: Vec<pollers::Poller>,
    lookouts: Vec<outside::Lookout>,
    /// Where clients' writes go, as far as the director's kernel knows; and how often that was told otherwise.
    kernel: Vec<(bool, u64)>,
    rw: Option<usize>,
    /// What must survive a reboot, as last written.
    saved: director::Saved,
    /// The director's host does nothing until then.
    asleep_until: u64,
    queue: BinaryHeap<(Reverse<u64>, Reverse<u64>, usize)>,
    happenings: Vec<Option<Happening>>,
    free: Vec<usize>,
    serial: u64,
    tick: u64,
}

impl World {
    /// `sources`: who replicates from whom. Servers that the settings do not name are spare.
    pub fn new(settings: PoolSettings, sources: &[Vec<usize>], seed: u64) -> World {
        let count = sources.len();
        let pool = Pool::new(settings, Moment(SEC));
        let mut world = World {
            now: SEC,
            rng: Rng::new(seed),
            servers: (0..count).map(|n| Server::new(count, &sources[n])).collect(),
            net: Net {
                cut: vec![vec![false; count]; count],
                slave_net_timeout: 60 * SEC,
                gtid: true,
                mysql: false,
                drops_relay: false,
            },
            paths: vec![Path::Open; count],
            outside: true,
            lookouts: Vec::new(),
            lost: 0,
            late: 0,
            lose_next: None,
            latency: (200_000, 800_000),
            write_every: 50 * MS,
            consumes: true,
            notes: Vec::new(),
            checks: checks::Checks::new(),
            in_handover: None,
            trace: std::env::var_os("MPP_TRACE").is_some(),
            reachable: vec![0; count],
            daemon: 0,
            last_write: 0,
            pollers: vec![pollers::Poller::default(); count],
            kernel: vec![(false, 0); count],
            rw: None,
            saved: director::Saved::default(),
            asleep_until: 0,
            queue: BinaryHeap::new(),
            happenings: Vec::new(),
            free: Vec::new(),
            serial: 0,
            tick: 0,
            pool,
        };
        for server in world.members() {
            world.pollers[server].every = world.pace_of(server);
            let first = world.now + world.rng.below(50 * MS);
            world.wake_at(server, first);
        }
        world.start_lookouts();
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
        let directors = matches!(
            happening,
            Happening::Wake(..)
                | Happening::Answers(..)
                | Happening::Gated(..)
                | Happening::Looks(..)
                | Happening::Sighted(..)
                | Happening::Tick(_)
        );
        if directors && self.is_asleep() {
            let later = self.asleep_until;
            return self.at(later, happening);
        }
        match happening {
            Happening::Wake(server, wake) => self.wake(server, wake),
            Happening::Reaches(server, began) => self.reaches(server, began),
            Happening::Answers(server, began, observation, truth) => {
                self.answers(server, began, observation, truth);
            }
            Happening::Tick(tick) if tick == self.tick => self.give(Event::Tick, None),
            Happening::Tick(_) => {}
            Happening::Step => {
                self.flow();
                self.at(self.now + 50 * MS, Happening::Step);
            }
            Happening::Kernel(server, told, up) => self.kernel_follows(server, told, up),
            Happening::Fault(change) => change.apply(self),
            Happening::Order(sent) => self.order_arrives(sent),
            Happening::Gated(sent, result) => self.order_answered(sent, result),
            Happening::Looks(place, look) => self.looks(place, look),
            Happening::Sighted(place, began, lost) => self.sighted(place, began, lost),
            Happening::Wakes(since) => self.wakes(since),
            Happening::Boots => self.boots(),
        }
    }

    /// Writers write, replication replicates.
    pub fn flow(&mut self) {
        let now = self.now;
        while self.write_every > 0 && self.last_write + self.write_every <= now {
            self.last_write = (self.last_write + self.write_every).max(now.saturating_sub(SEC));
            for server in 0..self.servers.len() {
                let s = &self.servers[server];
                if self.kernel[server].0 && s.runs() && !s.read_only && !s.unplugged {
                    server::write(&mut self.servers, server, self.last_write.min(now));
                }
            }
        }
        server::replicate(&mut self.servers, &self.net, now);
        self.note_reach();
    }

    // ---- looking ----

    /// The server a node stands for.
    pub fn host(&self, node: usize) -> usize {
        host_of(self.pool.settings(), node)
    }

    /// The node that stands for a server.
    pub fn node_of(&self, server: usize) -> Option<usize> {
        (0..self.pool.settings().nodes.len()).find(|&n| self.host(n) == server)
    }

    fn members(&self) -> Vec<usize> {
        (0..self.pool.settings().nodes.len()).map(|n| self.host(n)).collect()
    }

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

    /// Somebody is ACTIVE, answers well, and serves.
    pub fn serves(&self) -> bool {
        self.active()
            .is_some_and(|a| self.pool.verdict(a, Role::Rw).up && self.pool.memory().nodes[a].positive())
    }
}

/// Addresses end with the server's number.
pub fn host_of(settings: &PoolSettings, node: usize) -> usize {
    let (_, last) = settings.nodes[node].host.rsplit_once('.').expect("an IPv4 address");
    last.parse::<usize>().expect("a number") - 1
}

pub fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).expect("a short time")
}

pub fn ms(nanos: u64) -> f64 {
    nanos as f64 / MS as f64
}
