//! Where the newest decision lies: the decider puts it there and never waits, `push` and `watch` take it.

use super::plan::Decided;
use crate::clock;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A handle; its clones are of the same desk.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    slot: Mutex<Slot>,
    pushed: Condvar,
    knock: EventFd,
}

#[derive(Default)]
struct Slot {
    newest: Arc<Decided>,
    pushed: Arc<Decided>,
}

impl Desk {
    /// An empty one.
    ///
    /// # Errors
    /// If there is no descriptor to be had.
    pub fn new() -> io::Result<Desk> {
        let knock = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
        Ok(Desk(Arc::new(Inner { slot: Mutex::default(), pushed: Condvar::new(), knock })))
    }

    /// Lays down what is decided now; what lay there is of no interest any more.
    pub fn put(&self, decided: Arc<Decided>) {
        self.lock().newest = decided;
        // It can only fail when 2^64 knocks have not been heard.
        _ = self.0.knock.write(1);
    }

    /// Readable once there is something new for `push`.
    pub(super) fn knock(&self) -> BorrowedFd<'_> {
        self.0.knock.as_fd()
    }

    /// The newest, for `push`.
    pub(super) fn take(&self) -> Arc<Decided> {
        _ = self.0.knock.read();
        Arc::clone(&self.lock().newest)
    }

    /// This has been pushed.
    pub(super) fn pushed(&self, decided: Arc<Decided>) {
        self.lock().pushed = decided;
        self.0.pushed.notify_all();
    }

    /// What was pushed last: as soon as it is another generation than the one `known`, or when `patience` is over. The first
    /// is 1.
    pub fn wait_pushed(&self, known: u64, patience: Duration) -> Arc<Decided> {
        let end = clock::now() + patience;
        let mut slot = self.lock();
        loop {
            let left = end.since(clock::now());
            if left.is_zero() || slot.pushed.generation != known {
                return Arc::clone(&slot.pushed);
            }
            let woken = self.0.pushed.wait_timeout(slot, left);
            slot = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
