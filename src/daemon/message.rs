//! What the decider is told, through one bounded queue; and what clients want of it, through another.

use super::queue;
pub(super) use super::queue::{Haste, Sent};
use crate::config::Settings;
use crate::control::protocol::{Code, Elsewhere, Failure, Request};
use crate::control::status::Status;
use crate::control::why::Why;
use crate::core::command::{Awaits, Done};
use crate::core::event::Sighting;
use crate::core::observation::Observation;
use crate::hand::End;
use crate::keepalived::watch::Seen;
use crate::peer::Heard;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// How many requests may wait: each client waits for one.
const REQUESTS: usize = 64;
/// How long a thread waits that finds the queue full.
const FULL: Duration = Duration::from_millis(50);
/// How long a client's thread waits for the decider.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names one poller for its whole life, over reloads too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PollerId(u64);

impl PollerId {
    /// One that was never given before.
    pub(super) fn fresh() -> PollerId {
        PollerId(number())
    }
}

/// Names one order to a server for its whole life, over reloads too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OrderId(u64);

impl OrderId {
    /// One that was never given before.
    pub(super) fn fresh() -> OrderId {
        OrderId(number())
    }
}

/// Names one listener to a peer for its whole life, over reloads too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListenerId(u64);

impl ListenerId {
    /// One that was never given before.
    pub(super) fn fresh() -> ListenerId {
        ListenerId(number())
    }
}

/// One that was never given before.
fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Something for the decider.
pub(super) enum Message {
    /// A poll ended.
    Polled(PollerId, Observation),
    /// A checkpoint was asked.
    Checkpoint(PollerId, Sighting),
    /// What asks panicked on what a server sent, in these words; the poller is lost.
    Crashed(PollerId, String),
    /// The thread that carried an order out has come to its end.
    Gated(OrderId, End),
    /// Something about the daemon itself is to be told: event, severity, reason.
    Tell(&'static str, &'static str, String),
    /// What must survive a reboot can be written again, or no more, and why; in words.
    Written(std::result::Result<String, String>),
    /// How a hook fares: its program, whether it fails, in words.
    Hook(String, bool, String),
    /// A peer says how things are, or nothing any more, in this turn of listening.
    Heard(ListenerId, u64, Heard),
    /// The kernel's table of virtual servers was looked at.
    Seen(Seen),
    /// There is a request: no need to sleep.
    Knock,
    /// SIGTERM, SIGINT.
    Stop,
}

/// What a client, or a signal, wants of the decider.
pub(super) struct Wish {
    /// What.
    pub(super) what: Want,
    /// Who, for the record.
    pub(super) who: String,
    /// Where the answer goes, if anybody waits; one place, so that answering never waits.
    pub(super) answer: Option<SyncSender<Result>>,
}

/// What became of a wish.
pub(super) type Result = std::result::Result<Given, Failure>;

/// A request, or a configuration.
pub(super) enum Want {
    /// As it came over the socket.
    Request(Request),
    /// What has become of what a command set going in this pool.
    Outcome(String, Awaits),
    /// What peers have made of the newest command in this pool; `true`: it has made another node ACTIVE.
    Elsewhere(String, bool),
    /// A configuration, read and checked, is to be the one in force; `true`: also if an ACTIVE node is not in it.
    Install(Box<Settings>, bool),
}

/// What the decider gives. The client's thread makes JSON of it.
pub(super) enum Given {
    /// What was done.
    Words(String),
    /// What was begun, and what is still to come of it.
    Begun(Done),
    /// It is not over yet, and what it waits for.
    UnderWay(String),
    /// What peers have made of it, and whether there is nothing to wait for.
    Elsewhere(Vec<Elsewhere>, bool),
    /// How things are.
    Status(Box<Status>),
    /// Why.
    Why(Why),
}

/// The sending ends of the decider's queues.
#[derive(Clone)]
pub(super) struct Mailbox {
    messages: queue::Sender<Message>,
    wishes: SyncSender<Wish>,
    dropped: Arc<AtomicU64>,
}

/// The receiving ends.
pub(super) struct Inbox {
    /// Polls and signals: first.
    pub(super) messages: queue::Receiver<Message>,
    /// Clients: after what was decided is published, and few at a time.
    pub(super) wishes: mpsc::Receiver<Wish>,
}

impl Mailbox {
    /// Queues with room for so many messages.
    pub(super) fn with_room_for(messages: usize) -> (Mailbox, Inbox) {
        let (message_sender, messages) = queue::with_room_for(messages);
        let (wish_sender, wishes) = sync_channel(REQUESTS);
        let mailbox =
            Mailbox { messages: message_sender, wishes: wish_sender, dropped: Arc::new(AtomicU64::new(0)) };
        (mailbox, Inbox { messages, wishes })
    }

    /// Never waits, and wakes the decider. What is dropped is counted.
    pub(super) fn send(&self, message: Message) -> Sent {
        self.send_with(message, Haste::Urgent)
    }

    /// The same; what is routine wakes nobody.
    pub(super) fn send_with(&self, message: Message, haste: Haste) -> Sent {
        let sent = self.messages.send(message, haste);
        if sent == Sent::Dropped {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// From a thread that has nothing else to do any more: waits for a place in the queue.
    pub(super) fn insist(&self, message: &dyn Fn() -> Message) {
        while self.send(message()) == Sent::Dropped {
            std::thread::sleep(FULL);
        }
    }

    /// Never waits.
    pub(super) fn wish(&self, wish: Wish) -> Sent {
        match self.wishes.try_send(wish) {
            Ok(()) => {
                // Where the queue of messages is full the decider does not sleep anyway.
                _ = self.messages.send(Message::Knock, Haste::Urgent);
                Sent::Queued
            }
            Err(TrySendError::Full(_)) => Sent::Dropped,
            Err(TrySendError::Disconnected(_)) => Sent::Gone,
        }
    }

    /// Asks the decider from a client's thread, and waits for its answer, at most [`PATIENCE`].
    pub(super) fn ask(&self, what: Want, who: &str) -> Result {
        let (answer, given) = sync_channel(1);
        match self.wish(Wish { what, who: who.to_owned(), answer: Some(answer) }) {
            Sent::Queued => {}
            Sent::Dropped => return Err(Failure::new(Code::Busy, "the decider's queue is full; try again")),
            Sent::Gone => return Err(Failure::new(Code::Busy, "mppd is ending")),
        }
        given.recv_timeout(PATIENCE).unwrap_or_else(|why| {
            let text = match why {
                RecvTimeoutError::Timeout => {
                    format!("the decider did not answer within {PATIENCE:?}; what was asked may yet be done")
                }
                RecvTimeoutError::Disconnected => "mppd is ending".into(),
            };
            Err(Failure::new(Code::Busy, text))
        })
    }

    /// How many messages were dropped since this was last asked.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
