//! Other agents: who listens to them, what was last heard, and what pools and operators are told of it.

use super::decider::Decider;
use super::message::{ListenerId, Mailbox, Message, Sent};
use crate::clock::{self, Clocks, rfc3339};
use crate::config::{self, Settings};
use crate::control::status::Peer as Row;
use crate::core::event::Event;
use crate::core::peer::View;
use crate::core::time::Moment;
use crate::peer::{self, Heard, Listener};
use std::collections::BTreeMap;
use std::io;

/// All of them, in the order of the configuration.
#[derive(Default)]
pub(super) struct Peers {
    each: Vec<Peer>,
    /// Their look has changed since it was last shown.
    pub(super) changed: bool,
}

/// One, and what was last heard of it.
pub(super) struct Peer {
    config: config::Peer,
    id: ListenerId,
    listener: Listener,
    /// `None`: nothing has been heard yet, not even that it does not answer.
    views: Option<BTreeMap<String, View>>,
    /// In which turn of its listener that was.
    turn: u64,
    /// Why it is not reachable, words that go on from its name.
    lost: Option<String>,
    /// Since when it is reachable, or not.
    since: Moment,
}

/// What a peer says of a pool.
pub(super) struct Said<'p> {
    pub(super) peer: &'p config::Peer,
    /// It answers.
    pub(super) reachable: bool,
    /// `None`: nothing.
    pub(super) view: Option<&'p View>,
}

impl Peers {
    /// Listeners to those of the configuration that nobody listens to yet, in the name of this `daemon.id`.
    ///
    /// # Errors
    /// If a thread cannot be started; those that were end again.
    pub(super) fn start_missing(
        &self,
        settings: &Settings,
        own_id: &str,
        mailbox: &Mailbox,
    ) -> io::Result<Vec<Peer>> {
        let missing = settings.peers.iter().filter(|wanted| self.each.iter().all(|p| p.config != **wanted));
        missing.map(|config| Peer::start(config, own_id, mailbox)).collect()
    }

    /// These are the ones from now on: fresh ones, and of those that were there who is still wanted.
    pub(super) fn adopt(&mut self, settings: &Settings, fresh: Vec<Peer>) {
        let mut all: Vec<Peer> = std::mem::take(&mut self.each).into_iter().chain(fresh).collect();
        let mut take = |wanted: &config::Peer| {
            let place = all.iter().position(|p| p.config == *wanted)?;
            Some(all.swap_remove(place))
        };
        self.each = settings.peers.iter().filter_map(&mut take).collect();
        self.changed = true;
    }

    /// As they are shown.
    pub(super) fn rows(&self, clocks: &Clocks) -> Vec<Row> {
        let row = |peer: &Peer| Row {
            name: peer.config.name.clone(),
            url: peer.config.url.clone(),
            same_site: peer.config.same_site,
            reachable: peer.reachable(),
            since: rfc3339(clocks.at(peer.since)),
            fault: peer.lost.clone(),
        };
        self.each.iter().map(row).collect()
    }

    /// Those that do not answer, in words; `None`: there are none.
    pub(super) fn lost(&self) -> Option<String> {
        let words = |peer: &Peer| Some(format!("{} {}", peer.config.name, peer.lost.as_ref()?));
        let all: Vec<String> = self.each.iter().filter_map(words).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Those that cannot be heard of a pool, in words.
    pub(super) fn why(&self, pool: &str) -> Vec<String> {
        let words = |peer: &Peer| match (&peer.lost, &peer.views) {
            (Some(lost), _) => {
                Some(format!("peer {} {lost}; mppd decides as if it were alone", peer.config.name))
            }
            (None, Some(views)) if !views.contains_key(pool) => Some(format!(
                "peer {} has no pool {pool}: of this one it can tell nothing, nor follow",
                peer.config.name
            )),
            _ => None,
        };
        self.each.iter().filter_map(words).collect()
    }

    /// What each says of a pool.
    pub(super) fn of_pool<'p>(&'p self, pool: &'p str) -> impl Iterator<Item = Said<'p>> {
        let view = move |peer: &'p Peer| peer.views.as_ref().and_then(|views| views.get(pool));
        self.each.iter().map(move |peer| Said {
            peer: &peer.config,
            reachable: peer.views.is_some(),
            view: view(peer),
        })
    }
}

impl Peer {
    fn start(config: &config::Peer, own_id: &str, mailbox: &Mailbox) -> io::Result<Peer> {
        let (id, teller) = (ListenerId::fresh(), mailbox.clone());
        let tell = move |turn, heard| teller.send(Message::Heard(id, turn, heard)) != Sent::Dropped;
        let listener = peer::start(config.clone(), own_id.to_owned(), Box::new(tell))?;
        let (config, since) = (config.clone(), clock::now());
        Ok(Peer { config, id, turn: listener.turn(), listener, views: None, lost: None, since })
    }

    /// Whether it answers, as far as that is known since the last long sleep.
    fn known(&self) -> Option<bool> {
        self.reachable().filter(|_| self.turn == self.listener.turn())
    }

    fn reachable(&self) -> Option<bool> {
        if self.views.is_some() { Some(true) } else { self.lost.as_ref().map(|_| false) }
    }
}

impl Decider {
    /// A peer was heard, or is heard no more.
    pub(super) fn heard(&mut self, id: ListenerId, turn: u64, heard: Heard) {
        // A reload may have ended that listener; and what was said before a long sleep is worth nothing after it.
        let is_due = |peer: &Peer| peer.id == id && peer.listener.turn() == turn;
        let Some(place) = self.peers.each.iter().position(is_due) else { return };
        self.peers.each[place].turn = turn;
        match heard {
            Heard::Whole(views) => {
                self.reached(place);
                self.peers.each[place].views = Some(views);
                self.tell_pools_of(place);
            }
            Heard::Pool(name, view) => {
                if let Some(views) = &mut self.peers.each[place].views {
                    views.insert(name.clone(), (*view).clone());
                }
                if let Some(pool) = self.fleet.find(&name) {
                    self.handle(pool, Event::Peer(place, Some(view)), clock::now());
                }
            }
            Heard::Lost(why) => {
                let before = self.peers.each[place].reachable();
                self.lose(place, why);
                if before != Some(false) {
                    self.tell_pools_of(place);
                }
            }
        }
    }

    fn reached(&mut self, place: usize) {
        let peer = &mut self.peers.each[place];
        if peer.reachable() == Some(true) {
            return;
        }
        let again = if peer.lost.take().is_some() { " again" } else { "" };
        (peer.since, self.peers.changed) = (clock::now(), true);
        let words = format!("{} ({}) answers{again}", peer.config.name, peer.config.url);
        self.tell_self("peer", "notice", words);
    }

    fn lose(&mut self, place: usize, why: String) {
        let peer = &mut self.peers.each[place];
        let was_lost = peer.lost.replace(why.clone()).is_some();
        self.peers.changed = true;
        // Why it is still lost may change; that it is has been told.
        if was_lost {
            return;
        }
        (peer.views, peer.since) = (None, clock::now());
        let words =
            format!("{} {why} ({}); mppd decides as if it were alone", peer.config.name, peer.config.url);
        self.tell_self("peer", "warning", words);
    }

    /// Every pool hears what a peer says of it, or that it says nothing.
    fn tell_pools_of(&mut self, place: usize) {
        let now = clock::now();
        for pool in 0..self.fleet.members.len() {
            let name = &self.fleet.members[pool].pool.settings().name;
            let views = self.peers.each[place].views.as_ref();
            let view = views.and_then(|views| views.get(name)).cloned().map(Box::new);
            self.handle(pool, Event::Peer(place, view), now);
        }
    }

    /// After a long sleep: who is lost is so still; what the others say is heard again.
    pub(super) fn hear_again(&mut self) {
        for place in 0..self.peers.each.len() {
            let peer = &mut self.peers.each[place];
            peer.listener.begin_anew();
            if peer.reachable() == Some(false) {
                peer.turn = peer.listener.turn();
                self.tell_pools_of(place);
            }
        }
    }

    /// Pools that have begun anew hear again what was last heard.
    pub(super) fn repeat_peers(&mut self) {
        for place in 0..self.peers.each.len() {
            if self.peers.each[place].known().is_some() {
                self.tell_pools_of(place);
            }
        }
    }
}
