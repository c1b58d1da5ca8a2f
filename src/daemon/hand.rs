//! What the pools have done to their servers: orders to open or close, and probes. Nothing is done before what it follows
//! from is published: a daemon that is killed in between would know nothing of it.

use super::decider::Decider;
use super::message::{Message, OrderId};
use super::orders::{MOST_LOST, Out};
use crate::clock;
use crate::core::event::{Event, Gate};
use crate::core::gate::LIMIT;
use crate::core::pool::Pool;
use crate::core::settings::Writable;
use crate::core::time::Moment;
use crate::core::words::NodeId;
use crate::hand::{self, Done, End, Plan, Probe, Tell};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

impl Decider {
    /// A node is to be opened or closed, once what that follows from is published; exactly one `Event::Gated` will follow.
    pub(super) fn order(&mut self, place: usize, node: NodeId, gate: Gate) {
        let Some(server) = self.fleet.members[place].server(node) else { return };
        let due = clock::now() + LIMIT;
        if self.orders.waiting.insert(server, (gate, due)).is_some() {
            self.orders.refused.push((server, "a later order has taken its place".into()));
        }
    }

    /// A node's probe is to begin, once what that follows from is published; or it ends.
    pub(super) fn probe(&mut self, place: usize, node: NodeId, on: bool) {
        let Some(running) = self.fleet.members[place].pollers.get_mut(node) else { return };
        self.orders.probes.retain(|server| *server != running.access.address);
        match on {
            true => self.orders.probes.push(running.access.address),
            false => running.probe = None,
        }
    }

    /// What was decided is published: now it may be done.
    pub(super) fn carry_out(&mut self) {
        for (server, gate, due) in self.orders.ready() {
            if let Err(why) = self.send_out(server, gate, due) {
                self.orders.refused.push((server, why));
            }
        }
        for server in std::mem::take(&mut self.orders.probes) {
            if let Err(e) = self.start_probe(server) {
                let text = format!("can't start a thread for the write probe of {server}: {e}");
                self.tell_self("probe", "alert", text);
            }
        }
    }

    fn send_out(&mut self, server: SocketAddr, gate: Gate, due: Moment) -> Result<(), String> {
        let Some((place, node)) = self.fleet.place_at(server) else { return Ok(()) };
        if self.orders.lost.get(&server).is_some_and(|lost| *lost >= MOST_LOST) {
            return Err("what it sent made no sense too often; mpp reload when it is mended".into());
        }
        let (id, mailbox) = (OrderId::fresh(), self.surroundings.mailbox.clone());
        let target = self.fleet.members[place].pollers[node].target(&mailbox);
        let done: Done = Arc::new(move |end| mailbox.insist(&|| Message::Gated(id, end.clone())));
        hand::order(target, gate, due, done).map_err(|e| format!("can't start a thread: {e}"))?;
        self.orders.out.insert(server, Out { id, due, awaited: true });
        Ok(())
    }

    fn start_probe(&mut self, server: SocketAddr) -> io::Result<()> {
        let Some((place, node)) = self.fleet.place_at(server) else { return Ok(()) };
        let member = &mut self.fleet.members[place];
        let Some(plan) = plan(&member.pool, node) else { return Ok(()) };
        let running = &mut member.pollers[node];
        if running.probe.as_ref().is_some_and(|probe| probe.follows(&plan)) {
            return Ok(());
        }
        // The old one first: its end takes away what it found.
        running.probe = None;
        let mailbox = self.surroundings.mailbox.clone();
        let target = running.target(&mailbox);
        let name = target.name.clone();
        let tell: Tell = Arc::new(move |severity, words| {
            _ = mailbox.send(Message::Tell("probe", severity, format!("{name}: write probe: {words}")));
        });
        running.probe = Some(Probe::start(target, plan, &running.watched, tell)?);
        Ok(())
    }

    /// A thread that carried an order out has ended.
    pub(super) fn gated(&mut self, id: OrderId, end: End) {
        let Some((server, awaited)) = self.orders.ended(id) else { return };
        let end = match end {
            End::Known(end) => end,
            End::Senseless(words) => {
                *self.orders.lost.entry(server).or_default() += 1;
                Err(format!("what it sends makes no sense: {words}"))
            }
        };
        if awaited {
            self.tell_pool(server, end);
        }
    }

    /// Orders that have come to their end without a thread's word for it.
    pub(super) fn end_orders(&mut self, now: Moment) {
        for (server, why) in self.orders.overdue(now) {
            self.tell_pool(server, Err(why));
        }
    }

    fn tell_pool(&mut self, server: SocketAddr, end: Result<(), String>) {
        if let Some((place, node)) = self.fleet.place_at(server) {
            self.handle(place, Event::Gated(node, end), clock::now());
        }
    }
}

/// How a node of the pool is probed; `None`: it is not. While it fails it is tried once a poll: so that one failure that
/// passes costs a poll or two, not all of them until the next write.
pub(super) fn plan(pool: &Pool, node: NodeId) -> Option<Plan> {
    let settings = pool.settings();
    let (probe, pace) = (settings.probe_write.as_ref()?, settings.nodes[node].pace);
    Some(Plan {
        table: probe.table.clone(),
        every: probe.every,
        again: probe.every.min(pace.interval),
        limit: probe.every.max(pace.timeout),
        // Where mppd manages it, the poll must go on to say so.
        read_only_counts: settings.writable != Writable::Manage,
    })
}
