//! What clients of the control socket get: events from the journal, everything else from the decider.

use super::follow_through::FollowThrough;
use super::journal::Journal;
use super::lock::Held;
use super::message::{Given, Mailbox, Want};
use crate::clock::{Clocks, rfc3339};
use crate::config;
use crate::control::peer::Peer;
use crate::control::protocol::{Answer, Code, Failure, Request};
use crate::control::server::{Handler, Reply};
use crate::core::command::{Awaits, Done};
use jiff::SignedDuration;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a follower waits for an event before it looks whether its client is still there.
const LOOK_ROUND: Duration = Duration::from_secs(1);

/// Answers requests on client threads.
pub(super) struct Answers {
    pub(super) mailbox: Mailbox,
    pub(super) journal: Arc<Journal>,
    pub(super) config: PathBuf,
    pub(super) control_group: String,
    pub(super) held: Held,
}

impl Handler for Answers {
    fn handle(&self, request: Request, peer: &Peer) -> Reply {
        match request {
            Request::Events { since_s, pool, follow } => self.events(since_s, pool, follow),
            Request::Reload { force } => Reply::Once(self.reload(force, &peer.name)),
            request if request.waits() => self.follow_through(request, &peer.name),
            request => Reply::Once(self.ask(Want::Request(request), &peer.name)),
        }
    }

    fn control_group(&self) -> &str {
        &self.control_group
    }

    fn owns_directory(&self) -> bool {
        self.held.is_ours()
    }
}

impl Answers {
    /// Reads the configuration here, not in the decider: it may lie on a slow disk and ask a slow DNS.
    fn reload(&self, force: bool, who: &str) -> Answer {
        let settings = config::load(&self.config).map_err(|f| Failure::new(Code::Config, f.to_string()))?;
        self.ask(Want::Install(Box::new(settings), force), who)
    }

    /// Carries a command out, and answers as it goes on until it is over.
    fn follow_through(&self, request: Request, who: &str) -> Reply {
        let (pool, before) = (request.pool().unwrap_or_default().to_owned(), self.journal.newest());
        match self.mailbox.ask(Want::Request(request), who) {
            Ok(Given::Begun(done)) if done.awaits != Awaits::Nothing => {
                let (mailbox, journal) = (self.mailbox.clone(), Arc::clone(&self.journal));
                Reply::Stream(Box::new(FollowThrough::of(done, pool, before, mailbox, journal)))
            }
            given => Reply::Once(given.and_then(json)),
        }
    }

    fn ask(&self, what: Want, who: &str) -> Answer {
        json(self.mailbox.ask(what, who)?)
    }

    fn events(&self, since_s: Option<u64>, pool: Option<String>, follow: bool) -> Reply {
        if let Some(pool) = &pool
            && let Err(failure) = self.ask(Want::Request(Request::Status { pool: Some(pool.clone()) }), "")
        {
            return Reply::Once(Err(failure));
        }
        let (journal, from) = (Arc::clone(&self.journal), since_s.map(oldest));
        let events = Events { journal, from, pool, seq: 0, ready: Vec::new() };
        match follow {
            true => Reply::Stream(Box::new(events)),
            false => Reply::Once(Ok(Value::Array(events.so_far()))),
        }
    }
}

fn json(given: Given) -> Answer {
    let value = match given {
        Given::Words(words) | Given::Begun(Done { words, .. }) | Given::UnderWay(words) => {
            Ok(Value::String(words))
        }
        Given::Status(status) => serde_json::to_value(status),
        Given::Why(why) => serde_json::to_value(why),
    };
    value.map_err(|e| Failure::new(Code::BadRequest, e.to_string()))
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
    type Item = Option<Answer>;

    fn next(&mut self) -> Option<Option<Answer>> {
        if self.ready.is_empty() {
            self.take_in(LOOK_ROUND);
            self.ready.reverse();
        }
        Some(self.ready.pop().map(Ok))
    }
}
