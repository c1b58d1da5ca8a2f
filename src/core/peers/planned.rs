//! Planned changes of a peer: its `from` is DOWN here, too, until it has ended them.

use super::FIRST_WORD;
use crate::core::event::{Severity, What};
use crate::core::handover::{Cause, Handover, Stage};
use crate::core::peer::{Passing, View};
use crate::core::pool::{Pool, Seat};
use crate::core::time::Moment;

impl Pool {
    /// A planned change under way at a peer: its `from` is DOWN here, too. Of two that have begun the same by themselves,
    /// the one that leads goes on.
    pub(super) fn mirror(&mut self, place: usize, view: &View, now: Moment) {
        // One that has failed there is no change that comes: whoever waits for its end may wait for ever.
        let Some(theirs) = view.handover.as_ref().filter(|h| !h.mirrors && !h.failed) else { return };
        let (Some(from), Some(to)) = (self.named(&theirs.from), self.named(&theirs.to)) else { return };
        if view.epoch < self.memory.epoch || from == to {
            return;
        }
        let peer = self.settings.peers[place].name.clone();
        match &self.memory.seat {
            Seat::Held(holder) if *holder == from => {}
            Seat::Passing(own) if own.from == from && view.leads && own.goes_on() && !own.mirrors() => {}
            _ => return,
        }
        let reason =
            format!("{} hands over to {} at {peer} ({}): followed", theirs.from, theirs.to, theirs.by);
        self.memory.takeover = None;
        self.memory.nodes[from].bump |= self.active() == Some(from);
        self.memory.seat = Seat::Passing(Box::new(Handover {
            from,
            to,
            since: now,
            cause: Cause::Switchover,
            forced: false,
            hostile: false,
            by: theirs.by.clone(),
            stage: Stage::Mirroring { peer },
            read_back: false,
        }));
        self.note(What::Followed, Severity::Warning, Some(to), reason);
    }

    /// A change that was followed has ended at the peer without a new epoch, or takes too long: this agent is on its own.
    pub(super) fn end_mirror(&mut self, place: usize, view: &View, now: Moment) {
        let Some(mirrored) = self.mirrored(place) else { return };
        let (from, late) = (mirrored.from, now >= self.patience(mirrored) + FIRST_WORD);
        let goes_on = view.handover.as_ref().is_some_and(|h| !h.mirrors);
        if late || !goes_on && view.active.is_none() {
            self.go_on_alone(now);
        } else if !goes_on
            && view.epoch <= self.memory.epoch
            && view.active.as_deref() == Some(self.name(from))
        {
            self.memory.seat = Seat::Held(from);
        }
    }

    pub(super) fn lose_mirrored(&mut self, place: usize, now: Moment) {
        let heard = &self.peers.each[place];
        let gone = heard.known || now >= self.peers.started + FIRST_WORD;
        if gone && self.mirrored(place).is_some() {
            self.go_on_alone(now);
        }
    }

    fn mirrored(&self, place: usize) -> Option<&Handover> {
        match &self.memory.seat {
            Seat::Passing(handover) if handover.mirrors_peer(&self.settings.peers[place].name) => {
                Some(handover)
            }
            _ => None,
        }
    }

    /// Nobody else ends the handover any more: it is this agent's from now on. One that is cut off promotes nobody: it takes
    /// back what it was ready to give.
    fn go_on_alone(&mut self, now: Moment) {
        let Seat::Passing(handover) = &mut self.memory.seat else { return };
        if self.memory.isolation.is_some() {
            let (from, to) = (handover.from, handover.to);
            let why = "the director that hands over gives no end of it, and the pool is isolated".into();
            self.note(What::HandoverGivenUp, Severity::Alert, Some(to), why);
            // With the epoch of before: should that director have ended it, its epoch is the higher one.
            (self.memory.seat, self.memory.failback_off) = (Seat::Held(from), true);
            let reason = format!("{} takes ACTIVE back", self.name(from));
            self.note(What::HandedOver, Severity::Warning, Some(from), reason);
            return;
        }
        (handover.stage, handover.since) = (Stage::Draining, now);
    }

    /// Whether the peers know that `from` is DOWN, and their kernels too, as far as they answer and have it for ACTIVE.
    pub(in crate::core) fn peers_have_consumed(&self, handover: &Handover) -> bool {
        let from = self.name(handover.from);
        self.heard().all(|(_, _, view)| match &view.handover {
            Some(theirs) if theirs.from == from => theirs.consumed,
            _ => view.active.as_deref() != Some(from),
        })
    }
}

impl Handover {
    pub(super) fn mirrors_peer(&self, name: &str) -> bool {
        matches!(&self.stage, Stage::Mirroring { peer } if peer == name)
    }
}

impl Passing {
    /// What is to be told of a handover under way.
    pub fn of(pool: &Pool, handover: &Handover, now: Moment) -> Passing {
        Passing {
            from: pool.name(handover.from).to_owned(),
            to: pool.name(handover.to).to_owned(),
            consumed: pool.has_drained(handover, now),
            mirrors: handover.mirrors(),
            failed: handover.failed(),
            by: handover.by.clone(),
        }
    }
}
