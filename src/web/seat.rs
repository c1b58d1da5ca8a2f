//! One connection as others see it: what it is doing, since when, and how it is told to go.

use crate::clock::now;
use crate::core::time::Moment;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use tokio::sync::Notify;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// A request is coming, or a handshake.
    Coming = 0,
    /// A request is being answered.
    Answering = 1,
    /// Nothing.
    Idle = 2,
    /// It reads the stream, without end.
    Streaming = 3,
}

/// A connection.
pub(super) struct Seat {
    /// Who is at the other end.
    pub(super) peer: IpAddr,
    phase: AtomicU8,
    since: AtomicU64,
    /// Since when the other end has taken nothing of what it is given; 0: it takes it.
    stalled: AtomicU64,
    cut: Notify,
}

impl Seat {
    /// Of a connection just accepted.
    pub(super) fn new(peer: IpAddr) -> Seat {
        Seat {
            peer,
            phase: AtomicU8::new(Phase::Coming as u8),
            since: AtomicU64::new(now().0),
            stalled: AtomicU64::new(0),
            cut: Notify::new(),
        }
    }

    /// What it is doing.
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::Coming,
            1 => Phase::Answering,
            2 => Phase::Idle,
            _ => Phase::Streaming,
        }
    }

    /// Since when.
    pub(super) fn since(&self) -> Moment {
        Moment(self.since.load(Relaxed))
    }

    /// It does something else from now on.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(now().0, Relaxed);
    }

    /// Something has come from the other end.
    pub(super) fn heard(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Coming);
        }
    }

    /// Since when the other end has taken nothing of what it is given.
    pub(super) fn stalled_since(&self) -> Option<Moment> {
        Some(Moment(self.stalled.load(Relaxed))).filter(|moment| moment.0 != 0)
    }

    /// The other end takes what it is given, or does not.
    pub(super) fn takes(&self, takes: bool) {
        if takes {
            self.stalled.store(0, Relaxed);
        } else if self.stalled.load(Relaxed) == 0 {
            self.stalled.store(now().0, Relaxed);
        }
    }

    /// Ends the connection, whatever it is doing.
    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Waits until it is to end.
    pub(super) async fn until_cut(&self) {
        self.cut.notified().await;
    }
}
