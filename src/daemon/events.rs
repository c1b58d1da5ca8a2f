//! What happened, for clients: pages of it, or all that is to come. On their threads; the decider is asked for names alone.

use super::message::{Given, Mailbox, Want};
use crate::clock::Clocks;
use crate::control::events::Events;
use crate::control::protocol::{Answer, Code, Failure, Request, listed};
use crate::control::server::Reply;
use crate::control::status::Pool;
use crate::journal::{Filter, Journal};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a follower waits for an event before it looks whether its client is still there.
const LOOK_ROUND: Duration = Duration::from_secs(1);
/// How many events a follower takes at a time: about half a file.
const AT_A_TIME: usize = 2000;

/// Answers a request for events.
pub(super) fn answer(journal: &Arc<Journal>, mailbox: &Mailbox, asked: Events) -> Reply {
    let (page, follow, after) = (asked.page.is_some(), asked.follow, asked.after);
    let wanted = asked.most().and_then(|most| {
        let asked = named(asked, journal, mailbox)?;
        Ok((Filter::of(&asked, Clocks::read().wall())?, most))
    });
    let (filter, most) = match wanted {
        Ok(wanted) => wanted,
        Err(failure) => return Reply::once(Err(failure)),
    };
    if follow {
        let after = after.unwrap_or_else(|| journal.before_memory());
        let journal = Arc::clone(journal);
        return Reply::stream(Follower { journal, filter, after, ready: VecDeque::new() });
    }
    let found = match after {
        Some(after) => journal.page_after(after, &filter, most),
        None => journal.newest_page(&filter, most),
    };
    Reply::once(found.and_then(|found| {
        let value = if page { serde_json::to_value(found) } else { Ok(Value::Array(found.events)) };
        value.map_err(|e| Failure::new(Code::BadRequest, e.to_string()))
    }))
}

/// The same with the node by its name, where it was named by its address. Pools and nodes that are not in the
/// configuration must at least have been: a name that was never there is a slip of the pen.
fn named(asked: Events, journal: &Journal, mailbox: &Mailbox) -> Result<Events, Failure> {
    if asked.pool.is_none() && asked.node.is_none() {
        return Ok(asked);
    }
    // Events can be shown also while the decider has no time.
    let status = mailbox.ask(Want::Request(Request::Status { pool: None, follow: false }), "");
    let Ok(Given::Status(status)) = status else { return Ok(asked) };
    let mut pools = status.pools.iter().filter(|pool| asked.pool.as_ref().is_none_or(|p| *p == pool.name));
    let found = match &asked.node {
        None => pools.next().map(|_| None),
        Some(node) => pools.find_map(|pool| name_of(pool, node)).map(Some),
    };
    if let Some(node) = found {
        return Ok(Events { node, ..asked });
    }
    let past = journal.newest_page(&Filter::place(asked.pool.as_ref(), asked.node.as_ref()), 1)?;
    if !past.events.is_empty() {
        return Ok(asked);
    }
    let names: Vec<&str> = status.pools.iter().map(|pool| pool.name.as_str()).collect();
    Err(unknown(&asked, &names))
}

fn name_of(pool: &Pool, wanted: &str) -> Option<String> {
    pool.nodes.iter().find(|n| n.name == wanted || n.address == wanted).map(|n| n.name.clone())
}

fn unknown(asked: &Events, pools: &[&str]) -> Failure {
    let events = "and no events of it are kept";
    match (&asked.pool, &asked.node) {
        (Some(pool), _) if !pools.contains(&pool.as_str()) => {
            let names = listed(pools.iter().copied());
            Failure::new(Code::NoSuchPool, format!("no pool {pool}, {events}; there are: {names}"))
        }
        (Some(pool), node) => {
            let node = node.as_deref().unwrap_or_default();
            let text =
                format!("no node {node} in pool {pool}, {events}; mpp status {pool} shows those there are");
            Failure::new(Code::NoSuchNode, text)
        }
        (None, node) => {
            let node = node.as_deref().unwrap_or_default();
            let text = format!("no node {node} in any pool, {events}; mpp status shows those there are");
            Failure::new(Code::NoSuchNode, text)
        }
    }
}

/// What a client gets that follows.
struct Follower {
    journal: Arc<Journal>,
    filter: Filter,
    /// The last that was looked at.
    after: u64,
    ready: VecDeque<Value>,
}

impl Iterator for Follower {
    type Item = Option<Answer>;

    fn next(&mut self) -> Option<Option<Answer>> {
        if self.ready.is_empty() {
            // If too many read the files just now it is tried again: nothing is left out.
            match self.journal.page_after(self.after, &self.filter, AT_A_TIME) {
                Ok(page) => (self.after, self.ready) = (page.seq, page.events.into()),
                Err(_) => std::thread::sleep(LOOK_ROUND),
            }
        }
        if self.ready.is_empty() {
            self.journal.wait_after(self.after, LOOK_ROUND);
        }
        Some(self.ready.pop_front().map(Ok))
    }
}
