//! What waits to be told: bounded, and what did not fit is counted and told.

use super::line::Line;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// The sending end: a queue, and the thread that empties it.
pub(super) struct Outlet {
    lines: SyncSender<Arc<Line>>,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// The receiving end.
pub(super) struct Inbox {
    /// What is to be told, in order.
    pub(super) lines: Receiver<Arc<Line>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    dropped: AtomicU64,
    closed: AtomicBool,
}

impl Outlet {
    /// A queue with room for so many lines, and a thread of this name that empties it.
    pub(super) fn start(
        name: &str,
        room: usize,
        run: impl FnOnce(Inbox) + Send + 'static,
    ) -> io::Result<Outlet> {
        let (lines, inbox) = sync_channel(room);
        let shared = Arc::<Shared>::default();
        let inbox = Inbox { lines: inbox, shared: Arc::clone(&shared) };
        let thread = thread::Builder::new().name(name.into()).spawn(move || run(inbox))?;
        Ok(Outlet { lines, shared, thread })
    }

    /// Hands a line over; never waits. Where there is no room it is counted instead, and the count told later.
    pub(super) fn tell(&self, line: &Arc<Line>) {
        if self.lines.try_send(Arc::clone(line)).is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nothing more comes. Its thread ends once the queue is empty.
    pub(super) fn end(self) -> JoinHandle<()> {
        self.thread
    }

    /// What still waits is not wanted any more either.
    pub(super) fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
    }
}

impl Inbox {
    /// How many lines did not fit since this was last asked.
    pub(super) fn dropped(&self) -> u64 {
        self.shared.dropped.swap(0, Ordering::Relaxed)
    }

    /// Whether what still waits is wanted no more.
    pub(super) fn closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }
}
