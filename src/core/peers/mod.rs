//! What peers say is heeded here: flags and ACTIVE node of a peer of this site are taken over, planned changes of any peer
//! are followed, and nobody is promoted against one that knows better (docs/peers.md).
//!
//! - `seat`: who is ACTIVE; `planned`: planned changes; `flags`: pauses, drains, acknowledgements; `disagreement`: what differs
//! - `fit`: configurations that do not fit together

mod disagreement;
mod fit;
mod flags;
mod planned;
mod seat;

use super::peer::View;
use super::pool::{Pool, Seat};
use super::settings::{Isolation, PeerSettings};
use super::time::{Duration, Moment};

/// How long the first word of a peer is waited for after a start, or a long sleep. It is given up as soon as it is known to be unreachable.
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
    /// Whose first word is awaited, in words, as of the last decision.
    awaited: Option<String>,
    /// Since when this agent would do something by itself.
    ready: Option<Moment>,
    turn: bool,
}

/// What one of them says.
#[derive(Clone, Debug, Default)]
struct Heard {
    /// Anything has been heard of it since the start, or the last long sleep, if only that it does not answer.
    known: bool,
    view: Option<Box<View>>,
    /// Why it is not heeded: its names are not ours.
    mixed_up: Option<String>,
    /// Since when it has another node for ACTIVE.
    differs: Option<Moment>,
}

impl Peers {
    /// Nobody has been heard yet.
    pub(super) fn of(settings: &[PeerSettings], now: Moment) -> Peers {
        Peers {
            each: vec![Heard::default(); settings.len()],
            started: now,
            awaited: None,
            ready: None,
            turn: false,
        }
    }

    /// Whose first word is awaited, in words.
    pub(super) fn awaited(&self) -> Option<String> {
        self.awaited.clone()
    }

    /// Whoever slept has missed what they said: the next word of each is waited for as the first one is.
    pub(super) fn await_again(&mut self, now: Moment) {
        self.started = now;
        self.each.iter_mut().for_each(|heard| heard.known = false);
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
        let mixed_up = view.as_ref().and_then(|view| self.mixed_up(peer, view));
        let Some(heard) = self.peers.each.get_mut(peer) else { return };
        (heard.known, heard.view) = (true, view.filter(|_| mixed_up.is_none()));
        heard.mixed_up = mixed_up;
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
        self.peers.awaited = self.unheard(now);
        self.memory.awaits_peers &= self.peers.awaited.is_some();
        for place in 0..self.peers.each.len() {
            let Some(view) = self.peers.each[place].view.take() else {
                self.lose_mirrored(place, now);
                continue;
            };
            if self.may_follow(place, &view) {
                self.follow_seat(place, &view, now);
                self.mirror(place, &view, now);
            }
            self.end_mirror(place, &view, now);
            self.peers.each[place].view = Some(view);
        }
    }

    /// Where this agent is cut off it follows nobody, lest it follow one that is cut off too; but of two directors of one site
    /// the one that is not decides for both. One that has its site's node step down does so whatever others say.
    fn may_follow(&self, place: usize, view: &View) -> bool {
        let knows_better = self.settings.peers[place].same_site && !view.isolated;
        self.memory.isolation.is_none() || knows_better && self.settings.isolation == Isolation::Freeze
    }

    /// Whether a peer has seen more: its epoch is higher, or ours is only the mark of before a reboot.
    fn is_behind(&self, view: &View) -> bool {
        match (self.memory.fresh, view.fresh) {
            (true, false) => true,
            (false, true) => false,
            _ => view.epoch > self.memory.epoch,
        }
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
