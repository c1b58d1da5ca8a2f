//! Who could be made ACTIVE, and what stands in the way.

use super::observation::Channel;
use super::pool::Pool;
use super::position::Position;
use super::settings::Writable;
use super::time::{Moment, Short};
use super::words::{NodeId, State};

/// Whether a node could be made ACTIVE now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// It could.
    Eligible,
    /// It could, once it has applied its relay log.
    Applying(String),
    /// It has not answered since it was asked.
    Unasked,
    /// It could not, and why.
    Unfit(String),
}

impl Pool {
    /// Whether `node` could be made ACTIVE, by an answer asked for at or after `asked`.
    pub fn fitness(&self, node: NodeId, asked: Moment) -> Fitness {
        let n = &self.memory.nodes[node];
        if let Some(why) = self.passed_over(node) {
            return Fitness::Unfit(why);
        }
        if !n.asked_since(asked) {
            return Fitness::Unasked;
        }
        if n.standing != super::node::Standing::Standby {
            return Fitness::Unfit(format!("is {}", self.state(node)));
        }
        self.merits(node)
    }

    /// The same, its STATE and the moment of its answer aside.
    pub(super) fn merits(&self, node: NodeId) -> Fitness {
        let n = &self.memory.nodes[node];
        if !n.positive() || n.errors > 0 {
            return Fitness::Unfit(n.message.clone());
        }
        if let Some(why) = self.not_writable(node) {
            return Fitness::Unfit(why);
        }
        if let Some(why) = self.lost_too_much(node) {
            return Fitness::Unfit(why);
        }
        match self.still_applying(node) {
            Some(why) => Fitness::Applying(why),
            None => Fitness::Eligible,
        }
    }

    /// Never considered, whatever it answers: failed, drained, not promotable, or a peer of another site is further.
    pub(super) fn passed_over(&self, node: NodeId) -> Option<String> {
        let n = &self.memory.nodes[node];
        if n.failed() {
            return Some(self.failed_words(node));
        }
        if n.drain.is_some() {
            return Some(format!("is drained (mpp undrain {}/{})", self.settings.name, self.name(node)));
        }
        if !self.settings.nodes[node].promotable {
            return Some("is not promotable".into());
        }
        self.outranked(node)
    }

    /// Failed; and where only an operator brings it back, why and how.
    fn failed_words(&self, node: NodeId) -> String {
        let state = self.state(node);
        match self.may_recover(node) {
            Err(why) if state == State::FailOnline => format!("is {state} ({why})"),
            _ => format!("is {state}"),
        }
    }

    /// Why it is passed over, at length: of a failed node also what ails it, and how stale it is.
    pub(super) fn passed_over_at_length(&self, node: NodeId) -> String {
        let why = self.passed_over(node).unwrap_or_default();
        if !self.memory.nodes[node].failed() {
            return why;
        }
        let stale = match self.too_late(node) {
            Some(stale) => format!("; it {stale}"),
            None => String::new(),
        };
        let ails = &self.memory.nodes[node].message;
        if why.contains(ails.as_str()) { format!("{why}{stale}") } else { format!("{why}: {ails}{stale}") }
    }

    /// Fed longer before the ACTIVE (or last) node was last seen than may be lost, in words.
    fn too_late(&self, node: NodeId) -> Option<String> {
        let (stale, allowed) = (self.stale(node), self.settings.loss_allowed()?);
        let name = &self.memory.reign.as_ref()?.name;
        (stale > allowed).then(|| {
            format!("was last fed {} before {name} was last seen (max_loss {})", Short(stale), Short(allowed))
        })
    }

    pub(super) fn not_writable(&self, node: NodeId) -> Option<String> {
        let read_only = self.memory.nodes[node].facts.as_ref().is_some_and(|f| f.read_only);
        (read_only && self.settings.writable == Writable::Require)
            .then(|| "is read_only (writable: require)".into())
    }

    /// It lacks what the ACTIVE (or last) node had shown `max_loss` before it was last seen.
    fn lost_too_much(&self, node: NodeId) -> Option<String> {
        self.settings.max_lag?;
        let allowed = self.settings.loss_allowed()?;
        let reign = self.memory.reign.as_ref().filter(|r| r.node != Some(node))?;
        let compared = match reign.due(allowed) {
            Some(shown) => self.has_received(node, &shown.position),
            None => Some(true),
        };
        match compared {
            Some(true) => None,
            Some(false) if self.reads_a_former_log(node) => Some(format!(
                "has a place in a binary log of {} that is gone (RESET MASTER), and may get nothing from it any more",
                reign.name
            )),
            Some(false) => Some(format!("lacks {} that {} had shown", self.lacking(node), reign.name)),
            None => self.too_late(node),
        }
    }

    fn still_applying(&self, node: NodeId) -> Option<String> {
        self.settings.max_lag?;
        let facts = self.memory.nodes[node].facts.as_ref()?;
        let channel = facts.channels.iter().find(|c| !facts.applied(c))?;
        let behind = match channel.lag {
            Some(lag) if !lag.is_zero() => format!(", {} behind", Short(lag)),
            _ => format!(", {}", backlog(channel)),
        };
        Some(format!("is applying its relay log{behind}"))
    }

    /// What of a node's relay logs is still to be executed, in words, whether its threads run or not.
    pub(super) fn unexecuted(&self, node: NodeId) -> Option<String> {
        let facts = self.memory.nodes[node].facts.as_ref()?;
        facts.channels.iter().find(|c| !facts.applied(c)).map(left)
    }

    /// What a node has not received of what the ACTIVE (or last) node last showed, in words.
    pub(super) fn lacking(&self, node: NodeId) -> String {
        self.known_loss(node).unwrap_or_else(|| "an unknown number of transactions".into())
    }

    /// The same; `None` if nothing is known to be lacking.
    pub(super) fn known_loss(&self, node: NodeId) -> Option<String> {
        let reign = self.memory.reign.as_ref().filter(|r| r.node != Some(node))?;
        let shown = &reign.shown.last()?.position;
        if self.reads_a_former_log(node) {
            return Some("everything since RESET MASTER".into());
        }
        if self.has_received(node, shown)? {
            return None;
        }
        let facts = self.memory.nodes[node].facts.as_ref()?;
        Some(match facts.received().lacks(&shown.gtid) {
            0 => {
                self.missing_bytes(node, shown).unwrap_or_else(|| "an unknown number of transactions".into())
            }
            1 => "1 transaction".into(),
            n => format!("{n} transactions"),
        })
    }

    fn missing_bytes(&self, node: NodeId, shown: &Position) -> Option<String> {
        let facts = self.memory.nodes[node].facts.as_ref()?;
        let received = &self.channel_from_reigning(node, facts)?.received;
        let end = shown.binlog.as_ref()?;
        if received.file != end.file {
            return Some(format!("the binary log from {received} to {end}"));
        }
        Some(format!("{} bytes of binary log", end.offset.saturating_sub(received.offset)))
    }

    /// Whether `a` has received more of the last ACTIVE node than `b`; `None` where that cannot be told.
    fn received_more(&self, a: NodeId, b: NodeId) -> Option<bool> {
        let (a_facts, b_facts) = (self.memory.nodes[a].facts.as_ref()?, self.memory.nodes[b].facts.as_ref()?);
        let place = |n, facts| self.channel_from_reigning(n, facts).map(|c| &c.received);
        let more = |mine: Option<bool>, theirs: Option<bool>| {
            let (ab, ba) = (mine?, theirs?);
            (ab || ba).then_some(ab && !ba)
        };
        let by_gtid =
            more(a_facts.has_received(&b_facts.received()), b_facts.has_received(&a_facts.received()));
        // What did not come from the ACTIVE node itself, but over another member, no place in its log tells.
        by_gtid.or_else(|| {
            let (x, y) = place(a, a_facts).zip(place(b, b_facts))?;
            more(x.covers(y), y.covers(x))
        })
    }

    /// The best of some candidates: who received most; where that cannot be told, who was fed later by more
    /// than `max_loss`; else by priority.
    pub(super) fn best(&self, candidates: &[NodeId]) -> Option<NodeId> {
        let margin = self.settings.loss_allowed().unwrap_or_default();
        let better = |challenger: NodeId, champion: NodeId| {
            self.received_more(challenger, champion)
                .unwrap_or_else(|| self.stale(champion) > self.stale(challenger).saturating_add(margin))
        };
        let mut candidates = candidates.iter().copied();
        let first = candidates.next()?;
        Some(candidates.fold(first, |champion, c| if better(c, champion) { c } else { champion }))
    }
}

fn backlog(channel: &Channel) -> String {
    if channel.executed.file == channel.received.file {
        format!("{} to go", left(channel))
    } else {
        format!("at {} of {}", channel.executed, channel.received)
    }
}

/// What has been received and not executed.
fn left(channel: &Channel) -> String {
    if channel.executed.file == channel.received.file {
        format!("{} bytes", channel.received.offset.saturating_sub(channel.executed.offset))
    } else {
        format!("what is between {} and {}", channel.executed, channel.received)
    }
}

/// Reasons that begin with a verb follow a name as they are; others after a colon.
pub(super) fn verb(why: &str) -> String {
    let verbs = ["is ", "was ", "has ", "lacks ", "may ", "withdrew, "];
    if verbs.iter().any(|v| why.starts_with(v)) { why.to_owned() } else { format!("is not good: {why}") }
}
