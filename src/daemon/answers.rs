//! What clients of the control socket get: events from the journal, everything else from the decider.

use super::journal::Journal;
use super::message::{Mailbox, Message, Sent};
use crate::clock::{Clocks, rfc3339};
use crate::config;
use crate::control::peer::Peer;
use crate::control::protocol::{Answer, Code, Failure, Request};
use crate::control::server::{Handler, Reply};
use jiff::SignedDuration;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// How long a client thread waits for the decider.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a follower waits for an event before it looks whether its client is still there.
const LOOK_ROUND: Duration = Duration::from_secs(1);

/// Answers requests on client threads.
pub(super) struct Answers {
    pub(super) mailbox: Mailbox,
    pub(super) journal: Arc<Journal>,
    pub(super) config: PathBuf,
    pub(super) control_group: String,
}

impl Handler for Answers {
    fn handle(&self, request: Request, peer: &Peer) -> Reply {
        match request {
            Request::Events { since_s, pool, follow } => self.events(since_s, pool, follow),
            Request::Reload { force } => Reply::Once(self.reload(force, &peer.name)),
            request => Reply::Once(self.decide(request, &peer.name)),
        }
    }

    fn control_group(&self) -> String {
        self.control_group.clone()
    }
}

impl Answers {
    fn decide(&self, request: Request, who: &str) -> Answer {
        self.wait(|answer| Message::Request { request, who: who.to_owned(), answer })
    }

    /// Reads the configuration here, not in the decider: it may lie on a slow disk and ask a slow DNS.
    fn reload(&self, force: bool, who: &str) -> Answer {
        let settings = config::load(&self.config).map_err(|f| Failure::new(Code::Config, f.to_string()))?;
        let settings = Box::new(settings);
        self.wait(|answer| Message::Install { settings, force, who: who.to_owned(), answer: Some(answer) })
    }

    fn wait(&self, message: impl FnOnce(SyncSender<Answer>) -> Message) -> Answer {
        let (answer, reply) = sync_channel(1);
        if self.mailbox.send(message(answer)) != Sent::Queued {
            return Err(Failure::new(Code::Busy, "the decider's queue is full; try again"));
        }
        let late = |_| Failure::new(Code::Busy, format!("the decider did not answer within {PATIENCE:?}"));
        reply.recv_timeout(PATIENCE).map_err(late)?
    }

    fn events(&self, since_s: Option<u64>, pool: Option<String>, follow: bool) -> Reply {
        let events = Events {
            journal: Arc::clone(&self.journal),
            from: since_s.map(oldest),
            pool,
            seq: 0,
            ready: Vec::new(),
        };
        match follow {
            true => Reply::Stream(Box::new(events)),
            false => Reply::Once(Ok(Value::Array(events.so_far()))),
        }
    }
}

/// The time of day so many seconds ago, as events have it: these compare as text.
fn oldest(since_s: u64) -> String {
    let ago = SignedDuration::from_secs(i64::try_from(since_s).unwrap_or(i64::MAX));
    let time = Clocks::read().wall().checked_sub(ago);
    time.map(rfc3339).unwrap_or_default()
}

/// The events a client wants, from the journal.
struct Events {
    journal: Arc<Journal>,
    from: Option<String>,
    pool: Option<String>,
    seq: u64,
    ready: Vec<Value>,
}

impl Events {
    fn so_far(mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while self.take_in(Duration::ZERO) {
            all.append(&mut self.ready);
        }
        all
    }

    /// Fills `ready` with the next events that are wanted; false if there were none at all.
    fn take_in(&mut self, patience: Duration) -> bool {
        let events = self.journal.wait_after(self.seq, patience);
        let Some(last) = events.last() else { return false };
        self.seq = last.seq;
        for event in events {
            let of_pool = self.pool.is_none() || event.pool == self.pool;
            let young = self.from.as_ref().is_none_or(|from| event.time >= *from);
            if of_pool && young {
                self.ready.extend(serde_json::to_value(&*event));
            }
        }
        true
    }
}

impl Iterator for Events {
    type Item = Option<Value>;

    fn next(&mut self) -> Option<Option<Value>> {
        if self.ready.is_empty() {
            self.take_in(LOOK_ROUND);
            self.ready.reverse();
        }
        Some(self.ready.pop())
    }
}
