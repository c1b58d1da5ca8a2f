//! Replication: good or not, and why; who feeds whom; how stale a node is; whose position covers whose.

use super::node::Promise;
use super::observation::{Channel, Facts, Run};
use super::pool::{Memory, Pool};
use super::position::Position;
use super::time::{Duration, Moment, Short};
use super::words::NodeId;

/// What one look at a node's replication comes to.
pub(super) enum Replication {
    /// Good; `excused` if only because a source is gone.
    Good { excused: bool },
    /// Not good.
    Bad(String),
    /// To be settled by a poll of this source; `None`: by seeing the members not seen yet.
    Ask(Option<NodeId>, String),
}

impl Pool {
    /// The member a channel replicates from: by the server id learnt in good times, then by address.
    pub fn source_of(&self, node: NodeId, channel: &Channel) -> Option<NodeId> {
        let id = self.source_id(node, channel);
        id.and_then(|id| self.member_with_id(node, id)).or_else(|| self.member_at(node, channel))
    }

    fn source_id(&self, node: NodeId, channel: &Channel) -> Option<u32> {
        let learnt = self.memory.nodes[node].sources.get(&channel.name);
        let learnt = learnt.filter(|s| s.host == channel.source_host && s.port == channel.source_port);
        if channel.source_id != 0 { Some(channel.source_id) } else { learnt.map(|s| s.server_id) }
    }

    /// The one other member with this server id; nobody if two have it.
    fn member_with_id(&self, but: NodeId, id: u32) -> Option<NodeId> {
        let mut found = self.others(but).filter(|&m| self.memory.nodes[m].server_id == Some(id));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn member_at(&self, but: NodeId, channel: &Channel) -> Option<NodeId> {
        self.others(but).find(|&m| {
            let s = &self.settings.nodes[m];
            s.port == channel.source_port && (s.host == channel.source_host || s.ip == channel.source_host)
        })
    }

    /// Judges the replication of a node that is not ACTIVE.
    pub(super) fn replication(&self, node: NodeId, facts: &Facts) -> Replication {
        let Some(max_lag) = self.settings.max_lag else {
            return Replication::Good { excused: false };
        };
        let verdict = match facts.channels.is_empty() {
            true => self.without_channel(node),
            false => self.channels(node, facts, max_lag),
        };
        match (verdict, self.too_stale(node)) {
            (Replication::Good { .. }, Some(why)) => Replication::Bad(why),
            (verdict, _) => verdict,
        }
    }

    /// Stale beyond `max_lag`, in words.
    pub(super) fn too_stale(&self, node: NodeId) -> Option<String> {
        let (stale, max_lag) = (self.stale(node), self.settings.max_lag?);
        (stale > max_lag).then(|| {
            format!("has missed {} of the ACTIVE node's life (max_lag {})", Short(stale), Short(max_lag))
        })
    }

    fn without_channel(&self, node: NodeId) -> Replication {
        if self.memory.nodes.len() == 1 {
            return Replication::Good { excused: false };
        }
        if self.memory.reign.is_some() {
            return Replication::Bad("no replication channel".into());
        }
        if self.feeds_a_member(node) {
            return Replication::Good { excused: false };
        }
        if self.others(node).any(|m| self.memory.nodes[m].newest.is_none()) {
            return Replication::Ask(
                None,
                "no replication channel; who replicates from it is not known yet".into(),
            );
        }
        Replication::Bad("no replication channel, and no member replicates from it".into())
    }

    /// Whether another member replicates from `node`, directly or through members.
    fn feeds_a_member(&self, node: NodeId) -> bool {
        self.others(node).any(|m| {
            let channels = self.memory.nodes[m].facts.iter().flat_map(|f| &f.channels);
            channels.into_iter().any(|c| self.source_of(m, c) == Some(node))
        })
    }

    fn channels(&self, node: NodeId, facts: &Facts, max_lag: Duration) -> Replication {
        let mut excused_any = false;
        let mut ask = None;
        for channel in &facts.channels {
            match self.channel(node, channel, max_lag) {
                Replication::Good { excused } => excused_any |= excused,
                Replication::Ask(source, why) => ask = Some((source, why)),
                bad @ Replication::Bad(_) => return bad,
            }
        }
        match ask {
            Some((source, why)) => Replication::Ask(source, why),
            None => Replication::Good { excused: excused_any },
        }
    }

    fn channel(&self, node: NodeId, channel: &Channel, max_lag: Duration) -> Replication {
        if !channel.sql.healthy() {
            return Replication::Bad(describe("SQL", channel, &channel.sql));
        }
        if channel.io.healthy() {
            return match channel.lag {
                Some(lag) if lag <= max_lag => Replication::Good { excused: false },
                Some(lag) => Replication::Bad(format!("lag {} (max_lag {})", Short(lag), Short(max_lag))),
                None => Replication::Bad(format!("lag unknown{}", suffix(channel))),
            };
        }
        let fault = describe("IO", channel, &channel.io);
        match self.source_of(node, channel) {
            _ if channel.io.run == Run::Yes => Replication::Bad(fault),
            None => Replication::Bad(fault),
            Some(source) if self.has_failed(source) => Replication::Good { excused: true },
            Some(source) => Replication::Ask(Some(source), fault),
        }
    }

    /// A FAIL state, or as many errors as make one.
    pub(super) fn has_failed(&self, node: NodeId) -> bool {
        let n = &self.memory.nodes[node];
        let limit =
            if self.holds(node) { self.settings.failover_errors() } else { self.settings.levels.fail };
        n.failed() || n.errors >= limit
    }

    /// How much of the ACTIVE node's life a node has missed, as far as anybody saw.
    pub fn stale(&self, node: NodeId) -> Duration {
        self.memory.stale(node)
    }

    /// Notes what the newest answer says of how far a node has been fed.
    pub(super) fn feed(&mut self, node: NodeId, facts: &Facts, began: Moment) {
        for channel in facts.channels.iter().filter(|c| c.io.healthy()) {
            let Some(limit) = self.source_fed(node, channel, began) else { continue };
            if let Some(lag) = channel.lag.filter(|_| channel.sql.healthy()) {
                self.fed(node, limit.min(began - lag));
            }
            let promise = Promise {
                channel: channel.name.clone(),
                source: (channel.source_host.clone(), channel.source_port),
                received: channel.received.clone(),
                gtid: channel.received_gtid.clone(),
                as_of: limit.min(began),
            };
            let known = &mut self.memory.nodes[node].promise;
            if known.as_ref().is_none_or(|p| p.as_of <= promise.as_of) {
                *known = Some(promise);
            }
        }
        self.keep_promise(node, facts);
    }

    /// As of when the source of a channel has everything: the ACTIVE node always, another member as it was fed.
    fn source_fed(&self, node: NodeId, channel: &Channel, began: Moment) -> Option<Moment> {
        let source = self.source_of(node, channel)?;
        let reigns = self.memory.reign.as_ref().is_some_and(|r| r.node == Some(source));
        if reigns { Some(began) } else { self.memory.nodes[source].fed }
    }

    fn keep_promise(&mut self, node: NodeId, facts: &Facts) {
        let Some(promise) = self.memory.nodes[node].promise.as_ref() else { return };
        let same = |c: &&Channel| {
            c.name == promise.channel
                && (&c.source_host, c.source_port) == (&promise.source.0, promise.source.1)
        };
        let by_place = facts.channels.iter().find(same).and_then(|c| c.executed.covers(&promise.received));
        let kept = by_place == Some(true) || facts.has_executed(&promise.gtid) == Some(true);
        let as_of = promise.as_of;
        if kept {
            self.fed(node, as_of);
        }
    }

    pub(super) fn fed(&mut self, node: NodeId, as_of: Moment) {
        let n = &mut self.memory.nodes[node];
        if let Some(reign) = self.memory.reign.as_mut().filter(|_| n.fed.is_none_or(|fed| fed < as_of)) {
            reign.missed.remove(&n.name);
        }
        n.fed = n.fed.max(Some(as_of));
    }

    /// Whether a node has received `shown` of the ACTIVE (or last) node; `None` where positions do not compare.
    pub(super) fn has_received(&self, node: NodeId, shown: &Position) -> Option<bool> {
        let facts = self.memory.nodes[node].facts.as_ref()?;
        let place = self.channel_from_reigning(node, facts).map(|c| &c.received);
        let by_place = place.zip(shown.binlog.as_ref()).and_then(|(a, b)| a.covers(b));
        if facts.certainly_has_not_received(shown) || self.reads_a_former_log(node) {
            return Some(false);
        }
        match facts.has_received(&shown.gtid) {
            // The last of a domain says nothing of who else wrote there: that of the ACTIVE node itself must be known, or
            // its log tells.
            Some(true) if !self.has_all_of_reigning(facts, shown, true) => by_place,
            by_gtid => either(by_place, by_gtid),
        }
    }

    /// Whether a node has executed `shown` of the ACTIVE (or last) node; `None` where positions do not compare.
    pub(super) fn has_executed(&self, node: NodeId, shown: &Position) -> Option<bool> {
        let facts = self.memory.nodes[node].facts.as_ref()?;
        let place = self.channel_from_reigning(node, facts).map(|c| &c.executed);
        let by_place = place.zip(shown.binlog.as_ref()).and_then(|(a, b)| a.covers(b));
        let lacks = facts.certainly_has_not_executed(shown)
            || !self.has_all_of_reigning(facts, shown, false)
            || self.reads_a_former_log(node);
        if lacks { Some(false) } else { either(by_place, facts.has_executed(&shown.gtid)) }
    }

    /// Whether a node stands behind the end of the ACTIVE (or last) node's binary log, which was begun anew. Where that had
    /// not come further than its first file MariaDB tells the replica nothing: its receiver looks healthy and gets nothing
    /// any more; and what is written since has numbers that were given before. It shows until the log is as long again.
    pub(super) fn reads_a_former_log(&self, node: NodeId) -> bool {
        let place = || {
            let reign = self.memory.reign.as_ref().filter(|r| r.rewound)?;
            let end = reign.shown.last()?.position.binlog.as_ref()?;
            let received =
                &self.channel_from_reigning(node, self.memory.nodes[node].facts.as_ref()?)?.received;
            end.covers(received)
        };
        place() == Some(false)
    }

    /// Whether all is known to be there, executed or received, that the ACTIVE (or last) node wrote itself, where GTIDs
    /// tell. One that a reload has removed is asked for as any other.
    fn has_all_of_reigning(&self, facts: &Facts, shown: &Position, received: bool) -> bool {
        let id = self.memory.reign.as_ref().and_then(|r| r.server_id);
        facts.position.gtid.is_empty() || id.is_none_or(|id| facts.has_all_of(id, shown, received))
    }

    /// A node's channel from the ACTIVE (or last) node itself.
    pub(super) fn channel_from_reigning<'a>(&self, node: NodeId, facts: &'a Facts) -> Option<&'a Channel> {
        let reign = self.memory.reign.as_ref()?;
        let from_reigning = |c: &&Channel| match (reign.node, reign.server_id) {
            (Some(reigning), _) => self.source_of(node, c) == Some(reigning),
            (None, id) => id.is_some() && self.source_id(node, c) == id,
        };
        facts.channels.iter().find(from_reigning)
    }
}

impl Memory {
    /// How much of the ACTIVE node's life a node has missed.
    pub(super) fn stale(&self, node: NodeId) -> Duration {
        let Some(reign) = self.reign.as_ref().filter(|r| r.node != Some(node)) else {
            return Duration::ZERO;
        };
        let n = &self.nodes[node];
        let missed = reign.missed.get(&n.name).copied().unwrap_or_default();
        reign.seen.since(n.fed.unwrap_or_default().max(reign.since)).saturating_add(missed)
    }
}

/// Places and GTIDs may both compare: one that says yes is enough, for a new connection starts its places anew.
fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (None, None) => None,
        _ => Some(a == Some(true) || b == Some(true)),
    }
}

fn suffix(channel: &Channel) -> String {
    if channel.name.is_empty() { String::new() } else { format!(" on channel {}", channel.name) }
}

/// A broken thread in words: `SQL thread No: 1062 Duplicate entry ...`.
pub(super) fn describe(which: &str, channel: &Channel, thread: &super::observation::Thread) -> String {
    let error = match &thread.error {
        Some((number, text)) => format!(": {number} {text}"),
        None => String::new(),
    };
    format!("{which} thread {}{}{error}", thread.run, suffix(channel))
}
