//! Who reads `/v1/stream`: each has a queue of its own, bounded; whoever does not keep up is dropped.

use super::counts::Counts;
use axum::body::Bytes;
use hyper::body::Frame;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Bytes that may wait for a reader, what is being sent to it aside: every pool of a thousand, twice over.
const LARGEST_QUEUE: usize = 4 << 20;
/// What a reader gets last that did not keep up.
const DROPPED: &str = "event: dropped\ndata: {\"reason\":\"read too slowly; connect again\"}\n\n";

/// An event as it stands on the wire.
pub(super) fn event(name: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// All readers.
pub(super) struct Readers {
    most: usize,
    counts: Arc<Counts>,
    list: Mutex<Vec<Reader>>,
    /// There is a new one.
    pub(super) came: Notify,
}

struct Reader {
    queue: UnboundedSender<Bytes>,
    fill: Arc<Fill>,
    /// It wants what moves all the time, too.
    wants_full: bool,
    /// It has not been told the status yet.
    is_new: bool,
}

/// How much waits for a reader, and whether that was too much.
#[derive(Default)]
struct Fill {
    bytes: AtomicUsize,
    dropped: AtomicBool,
}

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// Everybody.
    All,
    /// Who has not been told the status yet.
    New,
    /// Who wants what moves all the time.
    Full,
}

impl Readers {
    /// So many at most.
    pub(super) fn new(most: u32, counts: &Arc<Counts>) -> Readers {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Readers { most, counts: Arc::clone(counts), list: Mutex::default(), came: Notify::new() }
    }

    /// One more; `None`: there are too many.
    pub(super) fn join(&self, wants_full: bool) -> Option<Events> {
        let mut list = self.lock();
        list.retain(|reader| !reader.queue.is_closed());
        if list.len() >= self.most {
            return None;
        }
        let (queue, waiting) = unbounded_channel();
        let fill = Arc::new(Fill::default());
        list.push(Reader { queue, fill: Arc::clone(&fill), wants_full, is_new: true });
        self.counts.streams.up();
        self.came.notify_one();
        Some(Events { waiting, fill, counts: Arc::clone(&self.counts) })
    }

    /// Gives these an event. New ones get nothing before their first status.
    pub(super) fn give(&self, to: To, event: &Bytes) {
        self.lock().retain_mut(|reader| {
            let is_meant = match to {
                To::All => !reader.is_new,
                To::New => reader.is_new,
                To::Full => reader.wants_full && !reader.is_new,
            };
            reader.is_new &= to != To::New;
            !is_meant || reader.take(event, &self.counts)
        });
    }

    /// Whether there is one of these.
    pub(super) fn any(&self, to: To) -> bool {
        let mut list = self.lock();
        list.retain(|reader| !reader.queue.is_closed());
        list.iter().any(|reader| match to {
            To::All => true,
            To::New => reader.is_new,
            To::Full => reader.wants_full,
        })
    }

    /// No more for anybody.
    pub(super) fn end(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// False: it is gone, or has to go.
    fn take(&self, event: &Bytes, counts: &Counts) -> bool {
        // What is larger than the whole queue goes to whoever has nothing waiting.
        let waiting = self.fill.bytes.fetch_add(event.len(), Relaxed);
        if waiting > 0 && waiting + event.len() > LARGEST_QUEUE {
            self.fill.dropped.store(true, Relaxed);
            counts.streams_dropped.up();
            return false;
        }
        self.queue.send(event.clone()).is_ok()
    }
}

/// What one reader reads: the body of its answer.
pub(super) struct Events {
    waiting: UnboundedReceiver<Bytes>,
    fill: Arc<Fill>,
    counts: Arc<Counts>,
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.waiting.poll_recv(cx).map(|event| match event {
            Some(event) => {
                self.fill.bytes.fetch_sub(event.len(), Relaxed);
                Some(Ok(Frame::data(event)))
            }
            None => {
                let was_dropped = self.fill.dropped.swap(false, Relaxed);
                was_dropped.then(|| Ok(Frame::data(Bytes::from_static(DROPPED.as_bytes()))))
            }
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.counts.streams.down();
    }
}
