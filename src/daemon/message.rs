//! What the decider is told, through one bounded queue.

use crate::config::Settings;
use crate::control::protocol::{Answer, Request};
use crate::core::observation::Observation;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// Names one poller for its whole life, over reloads too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PollerId(pub(super) u64);

/// Something for the decider.
pub(super) enum Message {
    /// A poll ended.
    Polled(PollerId, Observation),
    /// A client wants something.
    Request {
        /// What.
        request: Request,
        /// Who, for the record.
        who: String,
        /// Where the answer goes; one place, so that answering never waits.
        answer: SyncSender<Answer>,
    },
    /// A configuration, read and checked, is to be the one in force.
    Install {
        /// The new settings.
        settings: Box<Settings>,
        /// Also if an ACTIVE node is not in it.
        force: bool,
        /// Who, for the record.
        who: String,
        /// Where the answer goes, if anybody waits for it.
        answer: Option<SyncSender<Answer>>,
    },
    /// A signal came.
    Signal(Signal),
}

/// The signals that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGTERM, SIGINT.
    Stop,
}

/// The sending end of the decider's queue.
#[derive(Clone)]
pub(super) struct Mailbox {
    messages: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is in the queue.
    Queued,
    /// The queue is full: it was dropped, and counted.
    Dropped,
    /// The decider is gone.
    Gone,
}

impl Mailbox {
    /// A queue for so many messages, and its receiving end.
    pub(super) fn with_room_for(messages: usize) -> (Mailbox, Receiver<Message>) {
        let (sender, receiver) = sync_channel(messages);
        (Mailbox { messages: sender, dropped: Arc::new(AtomicU64::new(0)) }, receiver)
    }

    /// Never waits.
    pub(super) fn send(&self, message: Message) -> Sent {
        match self.messages.try_send(message) {
            Ok(()) => Sent::Queued,
            Err(TrySendError::Disconnected(_)) => Sent::Gone,
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                Sent::Dropped
            }
        }
    }

    /// How many messages were dropped since this was last asked.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
