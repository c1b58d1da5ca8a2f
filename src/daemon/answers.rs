//! What clients of the control socket get: events from the journal, everything else from the decider.

use super::board::Board;
use super::follow_through::FollowThrough;
use super::lock::Held;
use super::message::{Given, Mailbox, Want};
use super::{elsewhere, events, following};
use crate::config;
use crate::control::peer::Peer;
use crate::control::protocol::{Answer, Code, Failure, Request, Told, data_line};
use crate::control::server::{Handler, Reply};
use crate::core::command::{Awaits, Done};
use crate::journal::Journal;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// Answers requests on client threads.
pub(super) struct Answers {
    pub(super) mailbox: Mailbox,
    pub(super) journal: Arc<Journal>,
    pub(super) board: Arc<Board>,
    pub(super) config: PathBuf,
    pub(super) control_group: String,
    pub(super) held: Held,
}

impl Handler for Answers {
    fn handle(&self, request: Request, peer: &Peer) -> Reply {
        match request {
            Request::Events(asked) => events::answer(&self.journal, &self.mailbox, asked),
            Request::Status { pool, follow: true } => following::answer(&self.board, &self.mailbox, pool),
            Request::Reload { force } => Reply::once(self.reload(force, &peer.name)),
            request if request.waits() => self.follow_through(request, &peer.name),
            request if request.changes() => self.carry_out(request, &peer.name),
            request => self.tell(request, &peer.name),
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

    /// Carries a command out, and answers at once; or when those peers that answer have followed.
    fn carry_out(&self, request: Request, who: &str) -> Reply {
        let (pool, told) = (request.pool().unwrap_or_default().to_owned(), request.tells_of_peers());
        match self.mailbox.ask(Want::Request(request), who) {
            Ok(Given::Words(words) | Given::Begun(Done { words, .. })) if told => {
                Reply::Once(Told::words(words, elsewhere::wait(&self.mailbox, &pool, false)))
            }
            given => Reply::once(given.and_then(json)),
        }
    }

    /// Carries a command out, and answers as it goes on until it is over.
    fn follow_through(&self, request: Request, who: &str) -> Reply {
        let (pool, before) = (request.pool().unwrap_or_default().to_owned(), self.journal.newest());
        match self.mailbox.ask(Want::Request(request), who) {
            Ok(Given::Begun(done)) if done.awaits != Awaits::Nothing => {
                let (mailbox, journal) = (self.mailbox.clone(), Arc::clone(&self.journal));
                Reply::Stream(Box::new(FollowThrough::of(done, pool, before, mailbox, journal)))
            }
            Ok(Given::Begun(done)) => {
                Reply::Once(Told::words(done.words, elsewhere::wait(&self.mailbox, &pool, false)))
            }
            given => Reply::once(given.and_then(json)),
        }
    }

    /// Answers what changes nothing.
    fn tell(&self, request: Request, who: &str) -> Reply {
        match self.mailbox.ask(Want::Request(request), who) {
            // Of a thousand pools it is large: no copy is made of it.
            Ok(Given::Status(status)) => data_line(&status).map_or_else(|e| Reply::once(Err(e)), Reply::Line),
            given => Reply::once(given.and_then(json)),
        }
    }

    fn ask(&self, what: Want, who: &str) -> Answer {
        json(self.mailbox.ask(what, who)?)
    }
}

fn json(given: Given) -> Answer {
    let value = match given {
        Given::Words(words) | Given::Begun(Done { words, .. }) | Given::UnderWay(words) => {
            Ok(Value::String(words))
        }
        // Nobody asks for it by itself.
        Given::Elsewhere(peers, _) => serde_json::to_value(peers),
        Given::Status(status) => serde_json::to_value(status),
        Given::Why(why) => serde_json::to_value(why),
    };
    value.map_err(|e| Failure::new(Code::BadRequest, e.to_string()))
}
