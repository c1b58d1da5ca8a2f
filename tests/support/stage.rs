//! A pool on real servers with its daemon, watched while a scenario plays: plain, or with the daemon killed now and then.

use super::agent::{Agent, nodes, nodes_at};
use super::net::Lan;
use super::proxy::Proxy;
use super::replication::{Use, pair_master_master, replicate, ring};
use super::server::Server;
use super::torment::{Tormentor, Witness};
use super::wait::wait_until;
use mpp::control::status::Node;
use std::thread;
use std::time::Duration;

/// Generous: a busy machine is no fault.
pub const BOUND: Duration = Duration::from_secs(60);

/// How a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// With a daemon that lives on.
    Plain,
    /// With a daemon that is killed and started again at random moments.
    Tormented,
}

/// The pool `db` and what belongs to it.
pub struct Stage {
    // First of all the torment ends, and what was seen is judged.
    tormentor: Option<Tormentor>,
    witness: Witness,
    /// The daemon.
    pub agent: Agent,
    /// What the daemon asks in the servers' stead, in the same order; empty if it asks them themselves.
    pub proxies: Vec<Proxy>,
    /// `db1`, `db2`, ...
    pub servers: Vec<Server>,
}

/// Each scenario as a test, plain and tormented.
#[macro_export]
macro_rules! plain_and_tormented {
    ($($(#[$how:meta])* $scenario:ident,)*) => {
        mod plain {
            $(#[test] $(#[$how])* fn $scenario() { super::$scenario($crate::support::Play::Plain); })*
        }
        mod tormented {
            $(#[test] $(#[$how])* fn $scenario() { super::$scenario($crate::support::Play::Tormented); })*
        }
    };
}

impl Stage {
    /// A pair that replicates both ways: db1 ACTIVE and db2 STANDBY, both without errors.
    pub fn pair(play: Play, pool_extra: &str) -> Stage {
        Stage::of(play, pair_master_master(Use::Gtid).into(), pool_extra)
    }

    /// A ring of so many.
    pub fn ring(play: Play, n: u32, pool_extra: &str) -> Stage {
        Stage::of(play, ring(n, Use::Gtid), pool_extra)
    }

    /// A pair that the daemon asks through proxies; the servers replicate from each other past them.
    pub fn proxied_pair(play: Play, pool_extra: &str) -> Stage {
        let servers: Vec<Server> = pair_master_master(Use::Gtid).into();
        let proxies: Vec<Proxy> = servers.iter().map(|s| Proxy::before(s.address())).collect();
        let agent = Agent::start(&nodes_at(proxies.iter().map(Proxy::address)), pool_extra);
        Stage::set(play, agent, proxies, servers)
    }

    /// A pair in a network of its own, its daemon at the director's place there; each server with these arguments more.
    pub fn pair_on(lan: &Lan, play: Play, pool_extra: &str, server_args: &[&str]) -> Stage {
        let options = |n| server_args.iter().fold(lan.options(n), |options, arg| options.arg(*arg));
        let servers = Server::start_all(&[options(0), options(1)]);
        replicate(&servers[0], &servers[1], Use::Gtid, "");
        replicate(&servers[1], &servers[0], Use::Gtid, "");
        let mut agent = Agent::prepare_in(Some(lan.director()), &nodes(&servers), pool_extra, "");
        agent.launch();
        Stage::set(play, agent, Vec::new(), servers)
    }

    /// These servers.
    pub fn of(play: Play, servers: Vec<Server>, pool_extra: &str) -> Stage {
        let agent = Agent::start(&nodes(&servers), pool_extra);
        Stage::set(play, agent, Vec::new(), servers)
    }

    /// This daemon, already started. Back when all is well; then the torment begins.
    pub fn set(play: Play, agent: Agent, proxies: Vec<Proxy>, servers: Vec<Server>) -> Stage {
        let witness = Witness::of(&agent);
        let mut stage = Stage { tormentor: None, witness, agent, proxies, servers };
        stage.wait_well("db1");
        stage.tormentor = (play == Play::Tormented).then(|| Tormentor::of(&stage.agent));
        stage
    }

    /// Waits until this node is ACTIVE, all others are STANDBY, and none has an error.
    #[track_caller]
    pub fn wait_well(&self, active: &str) {
        wait_well(&self.agent, active);
    }

    /// Waits until this node, by its place, has been asked so many times more.
    #[track_caller]
    pub fn wait_polls(&self, node: usize, polls: usize) {
        let mut seen = self.agent.node(node).last_request;
        for _ in 0..polls {
            wait_until("another poll", BOUND, || self.agent.node(node).last_request != seen);
            seen = self.agent.node(node).last_request;
        }
    }

    /// Waits until the pool is held for a reason with these words, and for some polls more; then nothing has changed.
    #[track_caller]
    pub fn stays_held(&self, words: &str) {
        let before = (self.agent.active(), self.agent.epoch());
        wait_until("the pool is held", BOUND, || self.agent.flagged("held"));
        self.agent.wait_why(words);
        self.wait_polls(1, 8);
        assert!(self.agent.flagged("held"), "{}", self.agent.why());
        assert_eq!((self.agent.active(), self.agent.epoch()), before, "{}", self.agent.why());
        let active = before.0.expect("a held node");
        assert!(self.agent.up("rw", &active), "a held node goes on serving rw");
    }

    /// Waits until what is kept over a reboot has these words in it.
    #[track_caller]
    pub fn wait_on_disk(&self, words: &str) {
        let kept = || std::fs::read_to_string(self.agent.path("state/memory.json")).unwrap_or_default();
        wait_until("it is on disk", BOUND, || kept().contains(words));
    }

    /// Ends the torment before the scenario ends, and judges what was seen.
    pub fn leave_alone(&mut self) {
        if let Some(tormentor) = self.tormentor.take() {
            tormentor.end();
        }
    }
}

/// Waits until this node of the daemon's pool is ACTIVE, all others are STANDBY, and none has an error.
#[track_caller]
pub fn wait_well(agent: &Agent, active: &str) {
    wait_until(&format!("all is well, with {active} ACTIVE"), BOUND, || {
        let pool = agent.published();
        let well = |node: &Node| node.req == 0 && (node.state == "STANDBY" || node.name == active);
        pool.active.as_deref() == Some(active) && pool.nodes.iter().all(well)
    });
}

impl Drop for Stage {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- mppd ---\n{}", self.agent.log());
        }
        self.leave_alone();
        self.witness.end();
    }
}
