//! Status as it changes: what the decider shows of it, and the stream that a client gets.

use super::board::{Board, Following, Look, Mark};
use super::decider::Decider;
use super::message::{Given, Mailbox, Want};
use super::status;
use crate::clock::{self, Clocks};
use crate::control::protocol::{Answer, Code, Failure, Request};
use crate::control::server::Reply;
use crate::control::still::still;
use crate::core::time::Duration;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;

/// How long a follower is left without a word.
const HEARTBEAT: Duration = Duration::from_millis(400);
/// A decider that has not gone round for so long gets no heartbeat: what it would say is old.
const STUCK: Duration = Duration::from_secs(1);

impl Decider {
    /// Pins up what is published now and looks otherwise than before; costs nothing while nobody follows.
    pub(super) fn show(&mut self) {
        let places = std::mem::take(&mut self.published);
        self.surroundings.board.beat(clock::now());
        if !self.surroundings.board.is_followed() {
            places.into_iter().for_each(|place| self.fleet.members[place].shown = None);
            return;
        }
        let clocks = Clocks::read();
        if std::mem::take(&mut self.peers.changed) {
            self.surroundings.board.pin_peers(self.peers.rows(&clocks));
        }
        for place in places {
            let member = &mut self.fleet.members[place];
            let pool = status::pool(&member.pool, self.lvs.status(place), &clocks);
            let look = still(&pool);
            if member.shown.as_ref() != Some(&look) {
                member.shown = Some(look);
                self.surroundings.board.pin_pool(place, pool);
            }
        }
    }
}

/// Follows status, of one pool or of all.
pub(super) fn answer(board: &Arc<Board>, mailbox: &Mailbox, pool: Option<String>) -> Reply {
    let (mailbox, following, mark) = (mailbox.clone(), Following::of(board), board.mark());
    let mut follower = Follower { mailbox, following, pool, mark, ready: VecDeque::new(), over: false };
    follower.begin();
    Reply::stream(follower)
}

/// One who follows. Bounded by what the board has: the newest look of each pool.
struct Follower {
    mailbox: Mailbox,
    following: Following,
    /// Only this pool; `None`: all.
    pool: Option<String>,
    mark: Mark,
    ready: VecDeque<Answer>,
    over: bool,
}

impl Follower {
    /// How things are, whole. What changes from now on comes after it, if need be once more.
    fn begin(&mut self) {
        self.mark = self.following.0.mark();
        let request = Request::Status { pool: self.pool.clone(), follow: false };
        match self.mailbox.ask(Want::Request(request), "") {
            Ok(Given::Status(status)) => self.ready.push_back(data(&status)),
            Ok(_) => self.over = true,
            Err(failure) => {
                self.ready.push_back(Err(failure));
                self.over = true;
            }
        }
    }

    /// What has changed; after a while without news a sign of life, if there is life.
    fn look(&mut self) -> Option<Answer> {
        let news = self.following.0.wait(self.mark, HEARTBEAT);
        if news.mark.generation != self.mark.generation {
            self.begin();
            return self.ready.pop_front();
        }
        self.mark = news.mark;
        for look in news.looks {
            match look {
                Look::Pool(pool) if self.pool.as_ref().is_none_or(|only| *only == pool.name) => {
                    self.ready.push_back(data(&json!({ "pool": &*pool })));
                }
                Look::Pool(_) => {}
                Look::Peers(peers) => self.ready.push_back(data(&json!({ "peers": &*peers }))),
            }
        }
        let alive = clock::now().since(news.beat) < STUCK;
        self.ready.pop_front().or_else(|| alive.then(|| Ok(json!({}))))
    }
}

impl Iterator for Follower {
    type Item = Option<Answer>;

    fn next(&mut self) -> Option<Option<Answer>> {
        match self.ready.pop_front() {
            Some(answer) => Some(Some(answer)),
            None if self.over => None,
            None => Some(self.look()),
        }
    }
}

fn data<T: Serialize>(of: &T) -> Answer {
    let value: serde_json::Result<Value> = serde_json::to_value(of);
    value.map_err(|e| Failure::new(Code::BadRequest, e.to_string()))
}
