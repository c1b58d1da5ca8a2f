//! `writable: manage`: orders to servers, what becomes of them on the way, and the one thing that must never be: a server
//! opened beside another that is open, and could have been closed.

use super::server::{MS, SEC};
use super::{Happening, Path, World, nanos};
use mpp::core::event::{Event, Gate};
use mpp::core::gate::LIMIT;
use mpp::core::node::Standing;
use mpp::core::settings::Writable;

/// How often a server that stands still is looked at: an order waits in its socket.
const LOOK: u64 = 50 * MS;
/// Whoever has been reachable for so long has been asked, and closed: one that gave no greeting is asked every 10 s.
const SEEN: u64 = 13 * SEC;

/// An order under way.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub server: usize,
    pub gate: Gate,
    pub at: u64,
    /// Which daemon gave it: another one does not get the answer.
    pub daemon: u64,
}

impl World {
    pub(super) fn send_order(&mut self, node: usize, gate: Gate) {
        let sent = Sent { server: self.host(node), gate, at: self.now, daemon: self.daemon };
        let way = self.way(sent.server);
        self.at(self.now + way, Happening::Order(sent));
    }

    fn way(&mut self, server: usize) -> u64 {
        let (low, high) = self.latency;
        self.rng.range(low, high) / 2 + self.servers[server].slow
    }

    /// It arrives. A server that stands still carries it out when it goes on, but not when it is too late.
    pub(super) fn order_arrives(&mut self, sent: Sent) {
        self.flow();
        let s = &self.servers[sent.server];
        let limit = sent.at + nanos(LIMIT);
        if self.now >= limit {
            return self.answer_order(sent, limit, Err("timeout after 2s"));
        }
        let drops = self.paths[sent.server] == Path::Drops || s.unplugged;
        if drops {
            return self.answer_order(sent, limit, Err("timeout after 2s"));
        }
        if !s.up || self.paths[sent.server] == Path::Refuses {
            return self.answer_order(sent, self.now, Err("connection refused"));
        }
        if s.frozen {
            return self.at(self.now + LOOK, Happening::Order(sent));
        }
        if s.full || s.denying || s.stubborn {
            return self.answer_order(sent, self.now, Err("Access denied"));
        }
        self.carry_out_order(sent);
        let back = self.now + self.way(sent.server);
        self.answer_order(sent, back.min(limit), Ok(()));
    }

    fn answer_order(&mut self, sent: Sent, at: u64, result: Result<(), &'static str>) {
        self.at(at, Happening::Gated(sent, result));
    }

    fn carry_out_order(&mut self, sent: Sent) {
        self.tell(|| format!("    db{} is {:?}", sent.server + 1, sent.gate));
        self.servers[sent.server].read_only = sent.gate == Gate::Closed;
        if sent.gate == Gate::Open {
            self.nobody_else_is_open(sent.server);
        }
    }

    pub(super) fn order_answered(&mut self, sent: Sent, result: Result<(), &'static str>) {
        // The way back may be cut meanwhile, and the daemon another one.
        let lost = self.paths[sent.server] != Path::Open || self.servers[sent.server].unplugged;
        let limit = sent.at + nanos(LIMIT);
        if result.is_ok() && lost && self.now < limit {
            return self.answer_order(sent, limit, Err("timeout after 2s"));
        }
        let Some(node) = self.node_of(sent.server).filter(|_| sent.daemon == self.daemon) else { return };
        self.give(Event::Gated(node, result.map_err(str::to_owned)), None);
    }

    fn nobody_else_is_open(&self, opened: usize) {
        for other in (0..self.servers.len()).filter(|&o| o != opened) {
            let s = &self.servers[other];
            let Some(node) = self.node_of(other) else { continue };
            let open = s.runs() && !s.read_only && self.is_ours(node);
            let asked = self.now - self.reachable[other] > SEEN;
            let refused = self.pool.memory().nodes[node].orders.failed.is_some();
            let paused = self.pool.memory().pause.is_some();
            assert!(
                !(open && asked) || refused || paused || self.checks.forced(),
                "db{} is opened while db{} is open",
                opened + 1,
                other + 1
            );
        }
    }

    /// From when on each server has been open, and within reach, without a break.
    pub(super) fn note_reach(&mut self) {
        let calm = self.lost == 0 && self.late == 0 && !self.is_asleep();
        for server in 0..self.servers.len() {
            let within = self.can_be_closed(server) && !self.servers[server].read_only;
            let asked = calm && !self.is_stuck(server) && self.node_of(server).is_some();
            if !(within && asked) {
                self.reachable[server] = self.now;
            }
        }
    }

    /// Where some nodes are local, the others are their own site's.
    fn is_ours(&self, node: usize) -> bool {
        let nodes = &self.pool.settings().nodes;
        nodes[node].local || nodes.iter().all(|n| !n.local)
    }

    fn can_be_closed(&self, server: usize) -> bool {
        let s = &self.servers[server];
        let takes = s.runs() && !s.unplugged && !s.full && !s.denying && !s.stubborn && s.slow == 0;
        takes && self.paths[server] == Path::Open
    }

    /// Once nothing is wrong, the ACTIVE node is open and the others are closed.
    pub fn gates_settle(&mut self) {
        let pool = &self.pool;
        if pool.settings().writable != Writable::Manage || pool.memory().pause.is_some() {
            return;
        }
        self.run_until_awake();
        let settled = |world: &World| {
            let Some(active) = world.active() else { return true };
            let nodes = 0..world.pool.settings().nodes.len();
            let right = |n| world.servers[world.host(n)].read_only == (n != active);
            // A fault that was still to come may have come since.
            nodes.clone().all(|n| right(n) || !world.is_ours(n) || !world.can_be_closed(world.host(n)))
        };
        let took = self.run_until_true(20 * SEC, settled);
        let shut: Vec<bool> = self.servers.iter().map(|s| s.read_only).collect();
        assert!(took.is_some(), "ACTIVE {:?}, read-only {shut:?}", self.active());
    }
}
