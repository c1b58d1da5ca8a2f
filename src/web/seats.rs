//! Who may be connected at a time, and for how long: when there is no room, whoever has waited longest without asking
//! goes, so that who comes is served.

use super::counts::{Count, Counts};
use super::seat::{Phase, Seat};
use crate::clock::now;
use crate::config::Web;
use crate::core::time::{Duration, Moment};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long a request, or a handshake, may take to come.
const COMING: Duration = Duration::from_secs(10);
/// How long the other end may take nothing of an answer.
const STALLED: Duration = Duration::from_secs(10);
/// How long an answer may take in all.
const ANSWERING: Duration = Duration::from_secs(60);
/// How often that is looked after.
const SWEEP: Duration = Duration::from_millis(500);

/// All connections.
pub(super) struct Seats {
    most: usize,
    most_of_one: usize,
    idle_timeout: Duration,
    counts: Arc<Counts>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    seats: BTreeMap<u64, Arc<Seat>>,
    by_peer: HashMap<IpAddr, usize>,
}

/// A place for a connection; given back when dropped.
pub(super) struct Place {
    seats: Arc<Seats>,
    number: u64,
    /// The connection's.
    pub(super) seat: Arc<Seat>,
}

impl Seats {
    /// As many as the settings say.
    pub(super) fn new(settings: &Web, counts: &Arc<Counts>) -> Arc<Seats> {
        Arc::new(Seats {
            most: usize::try_from(settings.max_connections).unwrap_or(usize::MAX),
            most_of_one: usize::try_from(settings.max_per_address).unwrap_or(usize::MAX),
            idle_timeout: settings.idle_timeout,
            counts: Arc::clone(counts),
            taken: Mutex::default(),
        })
    }

    /// A place for who comes from this address; `None`: there is none, and everybody there is being answered.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let mut taken = self.lock();
        let own = taken.by_peer.get(&peer).copied().unwrap_or(0);
        let has_room = if own >= self.most_of_one {
            self.make_room(&mut taken, |seat| seat.peer == peer)
        } else {
            taken.seats.len() < self.most || self.make_room(&mut taken, |_| true)
        };
        if !has_room {
            self.counts.refused.up();
            return None;
        }
        let seat = Arc::new(Seat::new(peer));
        let number = taken.add(Arc::clone(&seat));
        self.counts.accepted.up();
        self.counts.connections.up();
        Some(Place { seats: Arc::clone(self), number, seat })
    }

    /// Cuts whoever of these has waited longest without asking; false: all of them are being answered.
    fn make_room(&self, taken: &mut Taken, of: impl Fn(&Seat) -> bool) -> bool {
        let waits = |seat: &Seat| matches!(seat.phase(), Phase::Idle | Phase::Coming);
        let waiting = taken.seats.iter().filter(|(_, seat)| of(seat) && waits(seat));
        let oldest = waiting.min_by_key(|(_, seat)| seat.since()).map(|(number, _)| *number);
        let Some(seat) = oldest.and_then(|number| taken.remove(number)) else { return false };
        seat.cut();
        self.counts.connections.down();
        self.counts.cut_for_room.up();
        true
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().seats.len()
    }

    /// Cuts whoever takes too long, again and again.
    pub(super) async fn keep(&self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            let moment = now();
            for seat in self.lock().seats.values() {
                if let Some(count) = self.overdue(seat, moment) {
                    count.up();
                    seat.cut();
                }
            }
        }
    }

    /// What a connection that takes too long is counted as.
    fn overdue(&self, seat: &Seat, moment: Moment) -> Option<&Count> {
        let counts = &self.counts;
        let lasts = |longest| moment.since(seat.since()) > longest;
        if seat.stalled_since().is_some_and(|since| moment.since(since) > STALLED) {
            return Some(&counts.cut_stalled);
        }
        match seat.phase() {
            Phase::Coming if lasts(COMING) => Some(&counts.cut_slow),
            Phase::Answering if lasts(ANSWERING) => Some(&counts.cut_stalled),
            Phase::Idle if lasts(self.idle_timeout) => Some(&counts.cut_idle),
            _ => None,
        }
    }

    /// Cuts whoever is not being answered.
    pub(super) fn cut_idle(&self) {
        self.lock()
            .seats
            .values()
            .filter(|seat| seat.phase() != Phase::Answering)
            .for_each(|seat| seat.cut());
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn add(&mut self, seat: Arc<Seat>) -> u64 {
        self.next += 1;
        *self.by_peer.entry(seat.peer).or_default() += 1;
        self.seats.insert(self.next, seat);
        self.next
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Seat>> {
        let seat = self.seats.remove(&number)?;
        match self.by_peer.get_mut(&seat.peer) {
            Some(own) if *own > 1 => *own -= 1,
            _ => _ = self.by_peer.remove(&seat.peer),
        }
        Some(seat)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It is gone already if it made room for another.
        if self.seats.lock().remove(self.number).is_some() {
            self.seats.counts.connections.down();
        }
    }
}
