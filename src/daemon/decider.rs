//! The decider: one thread owns every pool. It never waits for anything but its next message.

use super::fleet::Fleet;
use super::journal::Journal;
use super::message::{Mailbox, Message, Signal};
use super::publish;
use super::status;
use super::systemd::Pulse;
use super::why;
use crate::alert::{Alerts, Line};
use crate::clock::{self, Clocks, rfc3339};
use crate::config::Settings;
use crate::control::protocol::{Answer, Code, Failure, Request};
use crate::control::status::{Daemon, Status};
use crate::core::event::{Action, Author, Command, Event, Note};
use crate::core::pool::Pool;
use crate::core::time::Moment;
use crate::core::words::NodeId;
use crate::poll::Watchdog;
use crate::state::{WriteError, Writer};
use serde_json::Value;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// The decider wakes at least this often: the heartbeat of the published state.
const HEARTBEAT: Duration = Duration::from_millis(200);
/// Messages taken in before what they changed is published.
const BATCH: usize = 512;

/// The loop and all it owns.
pub(super) struct Decider {
    pub(super) settings: Settings,
    pub(super) fleet: Fleet,
    pub(super) writer: Writer,
    pub(super) boot_id: [u8; 16],
    pub(super) messages: Receiver<Message>,
    pub(super) mailbox: Mailbox,
    pub(super) watchdog: Watchdog,
    pub(super) journal: Arc<Journal>,
    pub(super) alerts: Arc<Alerts>,
    pub(super) pulse: Pulse,
    pub(super) daemon: Daemon,
    pub(super) seq: u64,
    pub(super) woke: Moment,
    /// What was decided and is told once it is published.
    pub(super) notes: Vec<(usize, Note)>,
    /// Answers that wait until what they speak of is published.
    pub(super) answers: Vec<(SyncSender<Answer>, Answer)>,
}

impl Decider {
    /// Goes round until SIGTERM, or until nothing can send any more.
    pub(super) fn run(mut self) {
        loop {
            let first = match self.messages.recv_timeout(self.patience()) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.wake();
            let mut left = BATCH;
            let mut next = first;
            while let Some(message) = next {
                if !self.take(message) {
                    return;
                }
                left -= 1;
                next = if left == 0 { None } else { self.messages.try_recv().ok() };
            }
            self.tick();
            self.finish_round();
        }
    }

    fn patience(&self) -> Duration {
        let now = clock::now();
        let next = self.fleet.members.iter().map(|m| m.deadline).min().unwrap_or(Moment(u64::MAX));
        next.since(now).min(HEARTBEAT)
    }

    /// What was begun before a long sleep is worth nothing (SEMANTICS 9).
    fn wake(&mut self) {
        let now = clock::now();
        let late = now.since(self.woke + HEARTBEAT);
        self.woke = now;
        for place in 0..self.fleet.members.len() {
            if late > self.fleet.members[place].pool.settings().slowest_interval() * 3 {
                self.handle(place, Event::WokeLate, now);
            }
        }
    }

    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Polled(poller, observation) => {
                if let Some((place, node)) = self.fleet.place_of(poller) {
                    self.handle(place, Event::Polled(node, observation), clock::now());
                }
            }
            Message::Request { request, who, answer } => {
                let reply = self.answer(request, who);
                self.answers.push((answer, reply));
            }
            Message::Install { settings, force, who, answer } => {
                let reply = self.install(*settings, force, &who);
                self.answers.extend(answer.map(|answer| (answer, reply)));
            }
            Message::Signal(Signal::Stop) => return false,
        }
        true
    }

    fn tick(&mut self) {
        let now = clock::now();
        for place in 0..self.fleet.members.len() {
            if self.fleet.members[place].deadline <= now {
                self.handle(place, Event::Tick, now);
            }
        }
    }

    fn handle(&mut self, place: usize, event: Event, now: Moment) {
        let actions = self.fleet.members[place].pool.handle(event, now);
        self.act(place, actions, now);
    }

    /// Asks and paces at once; notes wait until the change is published.
    fn act(&mut self, place: usize, actions: Vec<Action>, now: Moment) {
        let member = &mut self.fleet.members[place];
        for action in actions {
            match action {
                Action::Ask(node) => member.ask(node),
                Action::Pace(node, every) => member.pace(node, every),
                Action::Note(note) => self.notes.push((place, note)),
            }
        }
        member.dirty = true;
        member.deadline = member.pool.deadline(now);
    }

    /// Publishes what changed, and only then tells of it.
    pub(super) fn finish_round(&mut self) {
        self.publish();
        self.writer.heartbeat(clock::now().0);
        self.pulse.beat();
        for (answer, reply) in std::mem::take(&mut self.answers) {
            // A client that has gone away needs no answer.
            _ = answer.try_send(reply);
        }
        for (place, note) in std::mem::take(&mut self.notes) {
            self.tell_note(place, note);
        }
        let dropped = self.mailbox.dropped();
        if dropped > 0 {
            self.tell_self("dropped", "warning", format!("{dropped} messages: the decider's queue was full"));
        }
    }

    fn publish(&mut self) {
        let clocks = Clocks::read();
        for place in 0..self.fleet.members.len() {
            if !std::mem::take(&mut self.fleet.members[place].dirty) {
                continue;
            }
            let record = publish::record(&self.fleet.members[place].pool, &clocks);
            match self.writer.publish(place, &record) {
                Ok(()) => {}
                Err(WriteError::MemoryTooBig { .. }) => self.rebuild_state(),
                Err(e) => self.tell_self("publish", "alert", format!("can't publish: {e}")),
            }
        }
    }

    // ---- requests ----

    fn answer(&mut self, request: Request, who: String) -> Answer {
        match request {
            Request::Status { pool } => self.status(pool.as_deref()),
            Request::Why { pool, node } => {
                let (place, node) = self.target(&pool, node.as_deref())?;
                let why = why::explain(&self.fleet.members[place].pool, node, clock::now());
                to_value(&why)
            }
            request => {
                let (place, command, reason) = self.command(request)?;
                let author = Author { who, why: reason };
                let now = clock::now();
                let (result, actions) = self.fleet.members[place].pool.command(&command, &author, now);
                self.act(place, actions, now);
                result.map(Value::String).map_err(|refused| Failure::new(Code::Refused, refused.0))
            }
        }
    }

    fn status(&self, only: Option<&str>) -> Answer {
        let clocks = Clocks::read();
        if let Some(pool) = only {
            self.target(pool, None)?;
        }
        let wanted = |pool: &Pool| only.is_none_or(|only| only == pool.settings().name);
        let pools = self.fleet.members.iter().map(|m| &m.pool).filter(|p| wanted(p));
        to_value(&Status {
            version: status::VERSION,
            daemon: self.daemon.clone(),
            pools: pools.map(|p| status::pool(p, &clocks)).collect(),
        })
    }

    fn command(&self, request: Request) -> Result<(usize, Command, Option<String>), Failure> {
        let seconds = |s: Option<u64>| s.map(Duration::from_secs);
        Ok(match request {
            Request::Recover { pool, node } => {
                let (place, node) = self.target(&pool, node.as_deref())?;
                (place, Command::Recover(node), None)
            }
            Request::Switchover { pool, to, force, reason } => {
                let (place, to) = self.target(&pool, to.as_deref())?;
                (place, Command::Switchover { to, force }, reason)
            }
            Request::Drain { pool, node, now, force, for_s, reason } => {
                let (place, node) = self.node(&pool, &node)?;
                (place, Command::Drain { node, now, force, lasting: seconds(for_s) }, reason)
            }
            Request::Undrain { pool, node } => {
                let (place, node) = self.node(&pool, &node)?;
                (place, Command::Undrain(node), None)
            }
            Request::Pause { pool, for_s, reason } => {
                (self.target(&pool, None)?.0, Command::Pause { lasting: seconds(for_s) }, reason)
            }
            Request::Resume { pool } => (self.target(&pool, None)?.0, Command::Resume, None),
            Request::Ack { pool } => (self.target(&pool, None)?.0, Command::Ack, None),
            Request::Status { .. }
            | Request::Why { .. }
            | Request::Events { .. }
            | Request::Reload { .. } => {
                return Err(Failure::new(Code::BadRequest, "not a command for a pool"));
            }
        })
    }

    fn node(&self, pool: &str, node: &str) -> Result<(usize, NodeId), Failure> {
        let (place, node) = self.target(pool, Some(node))?;
        Ok((place, node.unwrap_or_default()))
    }

    /// The place of a pool, and of a node in it by name or address.
    fn target(&self, pool: &str, node: Option<&str>) -> Result<(usize, Option<NodeId>), Failure> {
        let names = || self.fleet.members.iter().map(|m| m.pool.settings().name.as_str());
        let place = self.fleet.find(pool).ok_or_else(|| {
            let known = names().take(20).collect::<Vec<_>>().join(", ");
            Failure::new(Code::NoSuchPool, format!("no pool {pool}; there are: {known}"))
        })?;
        let Some(wanted) = node else { return Ok((place, None)) };
        let nodes = &self.fleet.members[place].pool.settings().nodes;
        match nodes.iter().position(|n| n.name == wanted || n.address() == wanted) {
            Some(node) => Ok((place, Some(node))),
            None => {
                let known: Vec<&str> = nodes.iter().take(20).map(|n| n.name.as_str()).collect();
                let text = format!("no node {wanted} in pool {pool}; there are: {}", known.join(", "));
                Err(Failure::new(Code::NoSuchNode, text))
            }
        }
    }

    // ---- telling ----

    fn tell_note(&mut self, place: usize, note: Note) {
        let pool = &self.fleet.members[place].pool;
        let line = Line {
            seq: 0,
            time: String::new(),
            severity: note.severity.word().into(),
            event: note.what.word().into(),
            pool: Some(pool.settings().name.clone()),
            node: note.node.map(|n| pool.name(n).to_owned()),
            from: note.from,
            to: note.to,
            req: note.req,
            epoch: Some(note.epoch),
            reason: note.reason,
        };
        self.tell(line);
    }

    /// Something about the daemon itself.
    pub(super) fn tell_self(&mut self, event: &str, severity: &str, reason: String) {
        self.tell(Line {
            seq: 0,
            time: String::new(),
            severity: severity.into(),
            event: event.into(),
            pool: None,
            node: None,
            from: None,
            to: None,
            req: None,
            epoch: None,
            reason,
        });
    }

    fn tell(&mut self, mut line: Line) {
        self.seq += 1;
        line.seq = self.seq;
        line.time = rfc3339(Clocks::read().wall());
        let line = Arc::new(line);
        self.alerts.tell(&line);
        self.journal.add(line);
    }
}

fn to_value(answer: &impl serde::Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|e| Failure::new(Code::BadRequest, e.to_string()))
}
