//! A command whose effect takes time, told to its client as it goes on: each step when it is published, and at the end
//! what it came to.

use super::elsewhere;
use super::message::{Given, Mailbox, Want};
use crate::alert::Line;
use crate::clock;
use crate::control::protocol::{Failure, Progress, Told};
use crate::core::command::{Awaits, Done};
use crate::core::event::What;
use crate::core::time::Moment;
use crate::journal::Journal;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How often the decider is asked whether it is over, when nothing happens.
const LOOK: Duration = Duration::from_millis(200);
/// How long a client is left without a word: less than it waits for one.
const WORD: Duration = Duration::from_secs(4);

/// What is still to come of a command. Bounded: see [`Awaits`].
pub(super) struct FollowThrough {
    mailbox: Mailbox,
    journal: Arc<Journal>,
    pool: String,
    awaits: Awaits,
    /// The newest event that has been looked at.
    seq: u64,
    began: Moment,
    /// When something was last told.
    told: Moment,
    ready: VecDeque<Told>,
    /// Why the handover was given up.
    given_up: Option<String>,
    over: bool,
}

impl FollowThrough {
    /// What is to come of what was just `done` in `pool`; `before`: the number of the newest event before it.
    pub(super) fn of(
        done: Done,
        pool: String,
        before: u64,
        mailbox: Mailbox,
        journal: Arc<Journal>,
    ) -> FollowThrough {
        let began = clock::now();
        let Done { words, awaits } = done;
        let (ready, given_up, over) = (VecDeque::new(), None, false);
        let mut this = FollowThrough {
            mailbox,
            journal,
            pool,
            awaits,
            seq: before,
            began,
            told: began,
            ready,
            given_up,
            over,
        };
        this.tell(words);
        this
    }

    fn tell(&mut self, progress: String) {
        self.told = clock::now();
        let after = self.told.since(self.began).as_millis();
        let progress = Progress { progress, after_ms: u64::try_from(after).unwrap_or(u64::MAX) };
        self.ready.push_back(Ok(serde_json::to_value(progress).unwrap_or_default()).into());
    }

    /// Steps that have been told since the last look.
    fn take_in_steps(&mut self) {
        loop {
            let events = self.journal.after(self.seq);
            let Some(last) = events.last() else { return };
            self.seq = last.seq;
            for event in events {
                if event.pool.as_ref() == Some(&self.pool) {
                    self.take_in(&event);
                }
            }
        }
    }

    fn take_in(&mut self, event: &Line) {
        if event.event == What::HandoverGivenUp.word() {
            self.given_up = Some(event.reason.clone());
        }
        if is_step(&event.event) {
            self.tell(event.reason.clone());
        }
    }

    fn look(&mut self) {
        self.journal.wait_after(self.seq, LOOK);
        let outcome = self.mailbox.ask(Want::Outcome(self.pool.clone(), self.awaits.clone()), "");
        // What the outcome speaks of has been told by now.
        self.take_in_steps();
        match outcome {
            Ok(Given::UnderWay(words)) if clock::now().since(self.told) >= WORD => self.tell(words),
            Ok(Given::UnderWay(_)) => {}
            Ok(Given::Words(done)) => {
                let moved = matches!(self.awaits, Awaits::Handover { .. });
                let peers = elsewhere::wait(&self.mailbox, &self.pool, moved);
                self.end(Told::words(done, peers));
            }
            Ok(_) => self.end(Ok(Value::Null).into()),
            Err(failure) => {
                let message = match self.given_up.take() {
                    Some(why) => format!("given up: {why}; {}", failure.message),
                    None => failure.message,
                };
                self.end(Err(Failure { message, ..failure }).into());
            }
        }
    }

    fn end(&mut self, told: Told) {
        self.ready.push_back(told);
        self.over = true;
    }
}

/// Whether an event is a step of a planned change.
fn is_step(event: &str) -> bool {
    let steps = [What::HandoverStep, What::HandoverGivenUp, What::HandedOver, What::Failover, What::Held];
    steps.iter().any(|step| step.word() == event)
}

impl Iterator for FollowThrough {
    type Item = Option<Told>;

    fn next(&mut self) -> Option<Option<Told>> {
        if self.ready.is_empty() {
            if self.over {
                return None;
            }
            self.look();
        }
        Some(self.ready.pop_front())
    }
}
