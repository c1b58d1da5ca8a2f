//! The thread of a peer: connects, listens, tells the daemon what it hears, and connects again.

use super::connection::{self, SILENCE, Trouble};
use super::{said, stream};
use crate::clock::now;
use crate::config::{Password, Peer};
use crate::core::peer::View;
use crate::core::time::{Duration, Moment};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Between two attempts to connect, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Of no more pools a peer may speak one by one.
const MOST: usize = 100_000;
/// Whoever is told of silence so much too late has slept.
const LATE: Duration = Duration::from_millis(500);

/// What is heard of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Of each of its pools, by name; whatever was heard before is void.
    Whole(BTreeMap<String, View>),
    /// Of one of them.
    Pool(String, Box<View>),
    /// Nothing any more, and why: words that go on from its name.
    Lost(String),
}

/// Takes what is heard, in this turn of listening; false: not now, it is to be told again.
pub(super) type Tell = Box<dyn FnMut(u64, Heard) -> bool + Send>;

/// A thread that listens to a peer; it ends soon after this is dropped.
pub struct Listener(Arc<Wishes>);

/// What the daemon wants of a thread.
#[derive(Default)]
struct Wishes {
    /// That it ends.
    over: AtomicBool,
    /// The turn: how many times it was to begin anew.
    turn: AtomicU64,
}

impl Listener {
    /// Has it begin anew, with a connection of its own, after a long sleep: what still lies in the old one, or is on its way
    /// from there to the daemon, was said before.
    pub fn begin_anew(&self) {
        self.0.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// The turn: what is heard in an earlier one is out of date.
    pub fn turn(&self) -> u64 {
        self.0.turn.load(Ordering::Relaxed)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

/// Listens to a peer, in the name of an agent with this `daemon.id`.
///
/// # Errors
/// If there is no thread to be had.
pub fn start(peer: Peer, own_id: String, tell: Tell) -> io::Result<Listener> {
    let wishes = Arc::new(Wishes::default());
    let listener = Listener(Arc::clone(&wishes));
    let token = Password::of(&peer.token);
    let name = format!("peer {}", peer.name);
    let mut ear = Ear {
        peer,
        own_id,
        token,
        tell,
        wishes,
        turn: 0,
        greeted: false,
        known: None,
        leads: false,
        owing: false,
        heard: None,
        slept: None,
        lost: None,
    };
    thread::Builder::new().name(name).spawn(move || ear.listen())?;
    Ok(listener)
}

/// What a thread knows of its peer.
struct Ear {
    peer: Peer,
    own_id: String,
    token: Password,
    tell: Tell,
    wishes: Arc<Wishes>,
    /// In which turn this connection was begun.
    turn: u64,
    /// This connection has begun with the whole.
    greeted: bool,
    /// The pools, as last heard.
    known: Option<BTreeMap<String, View>>,
    /// It goes first where both would do the same.
    leads: bool,
    /// The daemon did not take what it was told: it is to be told all of it.
    owing: bool,
    /// When it last gave a sign of life.
    heard: Option<Moment>,
    /// That was only said because this thread slept.
    slept: Option<Moment>,
    /// The daemon knows that it is lost, and why.
    lost: Option<String>,
}

impl Ear {
    fn listen(&mut self) {
        let mut pause = FIRST_PAUSE;
        while !self.is_over() {
            let before = self.heard;
            let trouble = self.follow();
            if self.begins_anew() {
                continue;
            }
            if self.heard != before {
                pause = FIRST_PAUSE;
            }
            let left = self.left();
            if left.is_zero() {
                self.lose(trouble.to_string());
            }
            // Whoever was there a moment ago is tried at short intervals, and given up in time.
            thread::sleep(if left.is_zero() { pause } else { pause.min(left) });
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The daemon has slept: the peer is not lost for that, but heard once more, and from the beginning.
    fn begins_anew(&mut self) -> bool {
        let turn = self.wishes.turn.load(Ordering::Relaxed);
        let anew = std::mem::replace(&mut self.turn, turn) != turn;
        if anew {
            self.heard = self.heard.map(|_| now());
            self.lost = None;
        }
        anew
    }

    /// How long it may be silent still until it is lost.
    fn left(&self) -> Duration {
        self.heard.map_or(Duration::ZERO, |heard| SILENCE.saturating_sub(now().since(heard)))
    }

    /// Connects, and listens until there is nothing more to be heard.
    fn follow(&mut self) -> Trouble {
        let mut reader = match connection::open(&self.peer, &mut self.token) {
            Ok(reader) => reader,
            Err(trouble) => return trouble,
        };
        self.greeted = false;
        while !self.is_over() {
            let began = now();
            let event = stream::next(&mut reader);
            if self.wishes.turn.load(Ordering::Relaxed) != self.turn {
                return Trouble::Ended;
            }
            if let Err(trouble) = event.and_then(|event| self.take(&event)) {
                if matches!(trouble, Trouble::Silent) {
                    self.excuse(began);
                }
                return trouble;
            }
        }
        Trouble::Ended
    }

    /// It has said nothing since then, or this thread has slept and not listened: then it is not lost, but asked once more.
    fn excuse(&mut self, began: Moment) {
        let slept = now().since(began) > SILENCE + LATE;
        if slept && self.heard.is_some() && self.heard != self.slept {
            self.heard = Some(now());
            self.slept = self.heard;
        }
    }

    fn take(&mut self, event: &stream::Event) -> Result<(), Trouble> {
        match event.name.as_str() {
            "status" => self.take_whole(&event.data)?,
            "pool" => self.take_pool(&event.data)?,
            "alive" | "peers" => self.pay(),
            "silent" => return Err(Trouble::Stale),
            // What only a later version knows.
            _ => return Ok(()),
        }
        if self.greeted {
            self.heard = Some(now());
        }
        Ok(())
    }

    fn take_whole(&mut self, json: &[u8]) -> Result<(), Trouble> {
        let whole = said::whole(json, &self.own_id).map_err(garbage)?;
        if whole.id == self.own_id {
            return Err(Trouble::Ourselves);
        }
        if whole.stale {
            return Err(Trouble::Stale);
        }
        self.leads = whole.id < self.own_id;
        self.greeted = true;
        self.known = Some(whole.pools.into_iter().collect());
        self.owing = true;
        self.pay();
        Ok(())
    }

    fn take_pool(&mut self, json: &[u8]) -> Result<(), Trouble> {
        let (name, view) = said::pool(json, self.leads).map_err(garbage)?;
        let Some(known) = self.known.as_mut().filter(|_| self.greeted) else {
            return Err(Trouble::Garbage("a pool before the status as a whole".into()));
        };
        if known.len() >= MOST && !known.contains_key(&name) {
            return Err(Trouble::Garbage(format!("more than {MOST} pools")));
        }
        known.insert(name.clone(), view.clone());
        self.owing |= !self.owing && !(self.tell)(self.turn, Heard::Pool(name, Box::new(view)));
        self.pay();
        Ok(())
    }

    /// Tells what the daemon has not got yet.
    fn pay(&mut self) {
        if let (true, Some(known)) = (self.owing, &self.known) {
            self.owing = !(self.tell)(self.turn, Heard::Whole(known.clone()));
            self.lost = self.lost.take().filter(|_| self.owing);
        }
    }

    /// Tells that there is nothing to be heard any more; once, as long as it is for the same reason.
    fn lose(&mut self, why: String) {
        self.known = None;
        self.owing = false;
        if self.lost.as_ref() != Some(&why) && (self.tell)(self.turn, Heard::Lost(why.clone())) {
            self.lost = Some(why);
        }
    }

    fn is_over(&self) -> bool {
        self.wishes.over.load(Ordering::Relaxed)
    }
}

fn garbage(words: String) -> Trouble {
    Trouble::Garbage(words)
}
