//! Which polls a fickle path loses, and which it delays.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whoever was silent for so long speaks of something new: the next poll.
const PAUSE: Duration = Duration::from_millis(100);

/// How fickle: one poll of each so many, drawn by lot; 0 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fickle {
    /// Nothing of one poll of so many gets through.
    pub lost_of: u64,
    /// The answer to one poll of so many is late.
    pub late_of: u64,
    /// By at least and by less than so many milliseconds.
    pub late_ms: (u64, u64),
}

/// What becomes of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Passed,
    Lost,
    Late(Duration),
}

/// The lots of one path. One of *each* so many is drawn, not one of so many on the average: so that no run of bad luck
/// makes a test fail that is about the behaviour without one.
#[derive(Default)]
pub(super) struct Dice {
    polls: AtomicU64,
    random: RandomState,
}

impl Dice {
    pub(super) fn throw(&self, fickle: Fickle) -> Fate {
        let poll = self.polls.fetch_add(1, Ordering::Relaxed);
        let drawn = |what: &str, of: u64| of > 0 && self.random.hash_one((what, poll / of)) % of == poll % of;
        let (least, less_than) = fickle.late_ms;
        if drawn("lost", fickle.lost_of) {
            Fate::Lost
        } else if drawn("late", fickle.late_of) {
            let by = least + self.random.hash_one(("by", poll)) % (less_than - least).max(1);
            Fate::Late(Duration::from_millis(by))
        } else {
            Fate::Passed
        }
    }
}

/// One connection's polls.
pub(super) struct Talk(Mutex<(Fate, Instant)>);

impl Talk {
    /// A connection whose first poll has this fate.
    pub(super) fn new(first: Fate) -> Talk {
        Talk(Mutex::new((first, Instant::now())))
    }

    /// What becomes of what was just said. A question after a pause is a new poll; an answer is late only once.
    pub(super) fn fate(&self, answers: bool, draw: impl FnOnce() -> Fate) -> Fate {
        let mut talk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !answers && talk.1.elapsed() > PAUSE {
            talk.0 = draw();
        }
        talk.1 = Instant::now();
        match talk.0 {
            Fate::Late(_) if answers => std::mem::replace(&mut talk.0, Fate::Passed),
            Fate::Late(_) => Fate::Passed,
            fate => fate,
        }
    }

    /// Something has just got through.
    pub(super) fn heard(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Instant::now();
    }
}
