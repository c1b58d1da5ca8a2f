//! What peers say is heeded here: flags and ACTIVE node of a peer of this site are taken over, planned changes of any peer
//! are followed, and nobody is promoted against one that knows better (SEMANTICS 9; docs/peers.md).

use super::event::{Author, Flag, Severity, What};
use super::handover::{Cause, Handover, Stage};
use super::node::Drain;
use super::peer::{FlagView, NodeView, Passing, View};
use super::pool::{Pool, Seat};
use super::settings::PeerSettings;
use super::time::{Duration, Moment};
use super::words::{NodeId, State};

/// How long the first word of a peer is waited for after a start. It is given up as soon as it is known to be unreachable.
const FIRST_WORD: Duration = Duration::from_secs(3);
/// How much later than its peer an agent does by itself what both would do: what the first one did is known by then, and
/// followed.
const SECOND: Duration = Duration::from_millis(300);
/// How long agents may differ before that is told: changes take a moment to be known everywhere.
const DIFFER: Duration = Duration::from_secs(3);

/// What the peers say.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    each: Vec<Heard>,
    started: Moment,
    /// After a reboot, until every peer has been heard or is known to be gone: the ACTIVE node of before may be so no more.
    waiting: bool,
    /// Since when this agent would do something by itself.
    ready: Option<Moment>,
    turn: bool,
}

/// What one of them says.
#[derive(Clone, Debug, Default)]
struct Heard {
    /// Anything has been heard of it, if only that it does not answer.
    known: bool,
    view: Option<Box<View>>,
    /// Since when it has another node for ACTIVE.
    differs: Option<Moment>,
}

impl Peers {
    /// Nobody has been heard yet.
    pub(super) fn of(settings: &[PeerSettings], now: Moment) -> Peers {
        Peers {
            each: vec![Heard::default(); settings.len()],
            started: now,
            waiting: false,
            ready: None,
            turn: false,
        }
    }

    /// After a reboot.
    pub(super) fn wait(&mut self) {
        self.waiting = !self.each.is_empty();
    }

    /// Whether the ACTIVE node of before the reboot is not UP yet.
    pub(super) fn waits(&self) -> bool {
        self.waiting
    }

    /// Decisions begin.
    pub(super) fn new_turn(&mut self) {
        self.turn = false;
    }

    /// Decisions are made: whatever was not wanted this time is not waited for any more.
    pub(super) fn end_turn(&mut self) {
        if !self.turn {
            self.ready = None;
        }
    }
}

impl Pool {
    /// Takes a peer's word.
    pub(super) fn heed(&mut self, peer: usize, view: Option<Box<View>>, now: Moment) {
        let Some(heard) = self.peers.each.get_mut(peer) else { return };
        (heard.known, heard.view) = (true, view);
        if self.settings.peers[peer].same_site {
            self.follow_flags(peer, now);
        }
    }

    /// The peers that answer, each with its place and its word.
    fn heard(&self) -> impl Iterator<Item = (usize, &PeerSettings, &View)> {
        let all = self.settings.peers.iter().zip(&self.peers.each).enumerate();
        all.filter_map(|(place, (settings, heard))| Some((place, settings, heard.view.as_deref()?)))
    }

    /// Takes over what peers have decided, or follows what they are changing.
    pub(super) fn follow(&mut self, now: Moment) {
        self.peers.waiting &= self.unheard(now).is_some();
        for place in 0..self.peers.each.len() {
            let Some(view) = self.peers.each[place].view.take() else {
                self.lose_mirrored(place, now);
                continue;
            };
            if self.memory.isolation.is_none() {
                self.follow_seat(place, &view, now);
                self.mirror(place, &view, now);
            }
            self.end_mirror(place, &view, now);
            self.peers.each[place].view = Some(view);
        }
    }

    /// Whether a peer has seen more: its epoch is higher, or ours is only the mark of before a reboot.
    fn is_behind(&self, view: &View) -> bool {
        match (self.memory.fresh, view.fresh) {
            (true, false) => true,
            (false, true) => false,
            _ => view.epoch > self.memory.epoch,
        }
    }

    /// The ACTIVE node of a peer that is further.
    fn follow_seat(&mut self, place: usize, view: &View, now: Moment) {
        let Some(node) = view.active.as_deref().and_then(|name| self.named(name)) else { return };
        let same_site = self.settings.peers[place].same_site;
        if self.active() == Some(node) {
            // Both mean the same: then they count alike, too.
            self.memory.epoch = self.memory.epoch.max(view.epoch);
            self.memory.fresh &= view.fresh || !same_site;
            return;
        }
        if !self.is_behind(view) {
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
        self.seat(node, now);
        self.memory.epoch = before.max(view.epoch);
        self.memory.grace = None;
        (self.memory.failback_off, self.memory.chosen) = (view.failback_off, view.chosen);
        let (name, peer) = (self.name(node), &self.settings.peers[place].name);
        let reason = format!("{name} is ACTIVE at {peer} (epoch {}): followed", view.epoch);
        self.tell_seated(What::Followed, Severity::Warning, node, reason);
    }

    /// A planned change under way at a peer: its `from` is DOWN here, too. Of two that have begun the same by themselves,
    /// the one that leads goes on.
    fn mirror(&mut self, place: usize, view: &View, now: Moment) {
        let Some(theirs) = view.handover.as_ref().filter(|h| !h.mirrors) else { return };
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
    fn end_mirror(&mut self, place: usize, view: &View, now: Moment) {
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

    fn lose_mirrored(&mut self, place: usize, now: Moment) {
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

    /// Nobody else ends the handover any more: it is this agent's from now on.
    fn go_on_alone(&mut self, now: Moment) {
        if let Seat::Passing(handover) = &mut self.memory.seat {
            (handover.stage, handover.since) = (Stage::Draining, now);
        }
    }

    /// Whether the peers know that `from` is DOWN, and their kernels too, as far as they answer and have it for ACTIVE.
    pub(super) fn peers_have_consumed(&self, handover: &Handover) -> bool {
        let from = self.name(handover.from);
        self.heard().all(|(_, _, view)| match &view.handover {
            Some(theirs) if theirs.from == from => theirs.consumed,
            _ => view.active.as_deref() != Some(from),
        })
    }

    /// What operators said to a peer of this site later than to this agent.
    fn follow_flags(&mut self, place: usize, now: Moment) {
        let Some(view) = self.peers.each[place].view.clone() else { return };
        let newer = view.revision > self.memory.revision;
        let tie = view.revision == self.memory.revision && view.leads && self.flags_differ(&view);
        if !newer && !tie {
            return;
        }
        let peer = self.settings.peers[place].name.clone();
        self.follow_pause(&peer, view.pause.as_ref(), now);
        for theirs in &view.nodes {
            if let Some(node) = self.named(&theirs.name) {
                self.follow_node(&peer, node, theirs, now);
            }
        }
        if view.acked > self.memory.acked {
            self.memory.acked = view.acked;
            self.empty_flap_count(now);
            self.followed(None, format!("acknowledged at {peer}"));
        }
        if !view.isolated {
            self.rejoin_with(&peer, now);
        }
        if view.active.is_some() && view.active.as_deref() == self.active().map(|a| self.name(a)) {
            (self.memory.failback_off, self.memory.chosen) = (view.failback_off, view.chosen);
        }
        self.memory.revision = view.revision;
    }

    fn flags_differ(&self, view: &View) -> bool {
        let drained = |theirs: &NodeView| {
            let node = self.named(&theirs.name).map(|n| &self.memory.nodes[n]);
            node.is_some_and(|n| {
                n.drain.as_ref().map(|d| d.now) != theirs.drain.as_ref().map(|(now, _)| *now)
            })
        };
        self.memory.pause.is_some() != view.pause.is_some() || view.nodes.iter().any(drained)
    }

    fn follow_pause(&mut self, peer: &str, theirs: Option<&FlagView>, now: Moment) {
        match (self.memory.pause.is_some(), theirs) {
            (false, Some(flag)) => self.followed(None, format!("paused at {peer} by {}", flag.by)),
            (true, None) => {
                self.followed(None, format!("resumed at {peer}"));
                self.memory.pause = None;
                self.anew(now);
            }
            _ => {}
        }
        self.memory.pause = theirs.map(|flag| flag.here(now));
    }

    fn follow_node(&mut self, peer: &str, node: NodeId, theirs: &NodeView, now: Moment) {
        let name = self.name(node).to_owned();
        if theirs.recovered > self.memory.nodes[node].recovered {
            self.memory.nodes[node].recovered = theirs.recovered;
            if self.memory.nodes[node].failed() && !theirs.failed {
                self.recover(node, &Author { who: format!("an operator at {peer}"), why: None }, now);
                self.ask(node);
            }
        }
        if self.holds(node) {
            return;
        }
        let drain =
            theirs.drain.as_ref().map(|(at_once, flag)| Drain { now: *at_once, flag: flag.here(now) });
        match (self.memory.nodes[node].drain.is_some(), &drain) {
            (false, Some(drain)) => {
                self.followed(Some(node), format!("{name} drained at {peer} by {}", drain.flag.by));
            }
            (true, None) => self.followed(Some(node), format!("{name} undrained at {peer}")),
            _ => {}
        }
        self.memory.nodes[node].drain = drain;
    }

    fn followed(&mut self, node: Option<NodeId>, words: String) {
        self.note(What::Followed, Severity::Notice, node, words);
    }

    /// The revision of the command that is being carried out: above all that is known.
    pub(super) fn next_revision(&self) -> u64 {
        let heard = self.heard().map(|(_, _, view)| view.revision).max().unwrap_or(0);
        heard.max(self.memory.revision).saturating_add(1)
    }

    /// Whether this agent does now what it would do by itself. Where a peer of this site would do the same, the one that
    /// leads goes first.
    pub(super) fn my_turn(&mut self, now: Moment) -> bool {
        let second =
            self.heard().any(|(_, settings, view)| settings.same_site && view.leads && !view.isolated);
        if !second {
            return true;
        }
        self.peers.turn = true;
        now >= *self.peers.ready.get_or_insert(now) + SECOND
    }

    /// A peer whose first word is awaited: it may know what has changed meanwhile.
    pub(super) fn unheard(&self, now: Moment) -> Option<String> {
        if now >= self.peers.started + FIRST_WORD {
            return None;
        }
        let mut all = self.settings.peers.iter().zip(&self.peers.each);
        let (peer, _) = all.find(|(_, heard)| !heard.known)?;
        Some(format!("the first word of {} is awaited", peer.name))
    }

    /// A peer that sees the ACTIVE node answer: it is our way to it that is broken.
    pub(super) fn vouched(&self, holder: NodeId) -> Option<String> {
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
    pub(super) fn vouched_until(&self, holder: NodeId, since: Moment) -> Moment {
        let pace = self.settings.nodes[holder].pace;
        since + pace.interval + pace.timeout * 2
    }

    /// A peer of another site is further, and has another node for ACTIVE: this one is not made ACTIVE against it.
    pub(super) fn outranked(&self, node: NodeId) -> Option<String> {
        let name = self.name(node);
        let against = |peer: &PeerSettings, view: &View| {
            let other = view.active.as_deref().is_some_and(|active| active != name);
            !peer.same_site && !view.isolated && self.is_behind(view) && other
        };
        let (_, peer, view) = self.heard().find(|(_, peer, view)| against(peer, view))?;
        let active = view.active.as_deref().unwrap_or_default();
        Some(format!("may not be ACTIVE: {active} is, at {} (epoch {})", peer.name, view.epoch))
    }

    /// Notes since when each peer has another node for ACTIVE, with nobody handing over.
    pub(super) fn note_disagreement(&mut self, now: Moment) {
        let active = self.active().map(|a| self.name(a).to_owned());
        for heard in &mut self.peers.each {
            let theirs = heard.view.as_ref().filter(|v| v.handover.is_none()).and_then(|v| v.active.as_ref());
            let differs = theirs.zip(active.as_ref()).is_some_and(|(theirs, ours)| theirs != ours);
            heard.differs = differs.then(|| heard.differs.unwrap_or(now));
        }
    }

    /// A peer that has had another node for ACTIVE for too long: its name, that node, and in words.
    pub(super) fn disagreement(&self, now: Moment) -> Option<(String, String)> {
        let all = self.settings.peers.iter().zip(&self.peers.each);
        let mut late = all.filter(|(_, heard)| heard.differs.is_some_and(|since| now >= since + DIFFER));
        let (peer, heard) = late.next()?;
        let view = heard.view.as_deref()?;
        let (theirs, ours) = (view.active.as_deref()?, self.name(self.active()?));
        let words = format!(
            "{} has {theirs} for ACTIVE (epoch {}), here it is {ours} (epoch {})",
            peer.name, view.epoch, self.memory.epoch
        );
        Some((theirs.to_owned(), words))
    }

    /// When peers need a `Tick`.
    pub(super) fn peer_deadlines(&self) -> impl Iterator<Item = Moment> {
        let first = (!self.peers.each.is_empty()).then(|| self.peers.started + FIRST_WORD);
        let second = self.peers.ready.map(|ready| ready + SECOND);
        let differ = self.peers.each.iter().filter_map(|heard| heard.differs).map(|since| since + DIFFER);
        let mirrored = match &self.memory.seat {
            Seat::Passing(handover) if handover.mirrors() => Some(self.patience(handover) + FIRST_WORD),
            _ => None,
        };
        first.into_iter().chain(second).chain(differ).chain(mirrored)
    }
}

impl Handover {
    fn mirrors_peer(&self, name: &str) -> bool {
        matches!(&self.stage, Stage::Mirroring { peer } if peer == name)
    }
}

impl FlagView {
    /// The same flag on this agent's clock.
    fn here(&self, now: Moment) -> Flag {
        Flag { by: self.by.clone(), since: now - self.age, until: self.left.map(|left| now + left) }
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
            by: handover.by.clone(),
        }
    }
}
