//! The ACTIVE node of a peer: taken over from one of this site; what of it binds an agent of another site.

use crate::core::event::{Severity, What};
use crate::core::peer::View;
use crate::core::pool::{Pool, Seat};
use crate::core::settings::PeerSettings;
use crate::core::time::Moment;
use crate::core::words::{NodeId, State};

impl Pool {
    /// The ACTIVE node of a peer that is further.
    pub(super) fn follow_seat(&mut self, place: usize, view: &View, now: Moment) {
        let Some(node) = view.active.as_deref().and_then(|name| self.named(name)) else { return };
        let same_site = self.settings.peers[place].same_site;
        if self.active() == Some(node) {
            // Both mean the same: then they count alike, too.
            self.memory.epoch = self.memory.epoch.max(view.epoch);
            self.memory.fresh &= view.fresh || !same_site;
            return;
        }
        // One of this site that stepped aside or withdrew has no say against one that goes on with the same epoch.
        let empty = same_site && self.memory.seat == Seat::Empty && view.epoch == self.memory.epoch;
        if !self.is_behind(view) && !empty {
            return;
        }
        match same_site || self.is_given(place, node, view) {
            true => self.take_over(place, node, view, now),
            false if self.memory.fresh || self.memory.takeover.is_some() => {
                self.step_aside(place, node, now);
            }
            false => {}
        }
    }

    /// Back from a reboot, or with an ACTIVE node that has failed, and another site has made its node ACTIVE meanwhile:
    /// the one of before is not ACTIVE again.
    fn step_aside(&mut self, place: usize, node: NodeId, now: Moment) {
        let Some(active) = self.active().filter(|&a| self.settings.nodes[a].local) else { return };
        self.vacate(now);
        self.memory.seat = Seat::Empty;
        (self.memory.failback_off, self.memory.grace) = (true, None);
        let peer = &self.settings.peers[place].name;
        let reason = format!(
            "{} was ACTIVE here; {} is by now, at {peer}: it steps aside",
            self.name(active),
            self.name(node)
        );
        self.note(What::Followed, Severity::Warning, Some(active), reason);
    }

    /// Whether a peer of another site may say so: it ends a planned change that is followed here, or gives up its own
    /// node for one of this site.
    fn is_given(&self, place: usize, node: NodeId, view: &View) -> bool {
        let name = &self.settings.peers[place].name;
        let mirrored = match &self.memory.seat {
            Seat::Passing(handover) => handover.mirrors_peer(name),
            _ => false,
        };
        let ours = self.settings.nodes[node].local && !view.isolated;
        mirrored || ours && self.state(node) == State::Standby && self.memory.nodes[node].positive()
    }

    fn take_over(&mut self, place: usize, node: NodeId, view: &View, now: Moment) {
        let (before, holder) = (self.memory.epoch, self.holder().filter(|&h| h != node));
        let fail = self.settings.levels.fail;
        if let Some(old) = holder {
            self.memory.nodes[old].bump = true;
            if self.memory.nodes[old].errors >= fail {
                self.fail(old, true, now);
            }
        }
        if self.memory.nodes[node].failed() {
            self.forgive(node);
        }
        self.succeed(node, now);
        self.memory.epoch = before.max(view.epoch);
        self.memory.grace = None;
        (self.memory.failback_off, self.memory.chosen) = (view.failback_off, view.chosen);
        let (name, peer) = (self.name(node), &self.settings.peers[place].name);
        let reason = format!("{name} is ACTIVE at {peer} (epoch {}): followed", view.epoch);
        self.tell_seated(What::Followed, Severity::Warning, node, reason);
    }

    /// A peer that sees the ACTIVE node answer: it is our way to it that is broken.
    pub(in crate::core) fn vouched(&self, holder: NodeId) -> Option<String> {
        let name = self.name(holder);
        let vouches =
            |view: &View| view.active.as_deref() == Some(name) && view.active_answers && !view.isolated;
        let (_, peer, _) = self.heard().find(|(_, _, view)| vouches(view))?;
        let why = self.failure_words(holder);
        Some(format!(
            "{} sees {name} answer, as ACTIVE; from here: {why}; if clients do not reach it: mpp switchover {} --force",
            peer.name, self.settings.name
        ))
    }

    /// Until when a peer may still come to see what is seen here, before that is called holding.
    pub(in crate::core) fn vouched_until(&self, holder: NodeId, since: Moment) -> Moment {
        let pace = self.settings.nodes[holder].pace;
        since + pace.interval + pace.timeout * 2
    }

    /// A peer of another site is further, and has another node for ACTIVE: this one is not made ACTIVE against it. One that
    /// has the same one as this agent is no further, also where the epoch here is only the mark.
    pub(in crate::core) fn outranked(&self, node: NodeId) -> Option<String> {
        let (name, holder) = (self.name(node), self.holder().map(|holder| self.name(holder)));
        let against = |peer: &PeerSettings, view: &View| {
            let other = view.active.as_deref().is_some_and(|active| active != name);
            let agrees = view.active.as_deref() == holder && view.epoch <= self.memory.epoch;
            !peer.same_site && !view.isolated && self.is_behind(view) && other && !agrees
        };
        let (_, peer, view) = self.heard().find(|(_, peer, view)| against(peer, view))?;
        let active = view.active.as_deref().unwrap_or_default();
        Some(format!("may not be ACTIVE: {active} is, at {} (epoch {})", peer.name, view.epoch))
    }
}
