//! The decider: one thread owns every pool. It never waits for anything but its next message.
//!
//! ```text
//! round: take in what came -> tick -> publish -> heartbeat -> answer and tell -> a few requests -> publish
//! ```

use super::board::Board;
use super::fleet::Fleet;
use super::late::Delays;
use super::lock::Lock;
use super::lost::Lost;
use super::lvs::Lvs;
use super::message::{self, Inbox, Mailbox, Message};
use super::orders::Orders;
use super::peers::Peers;
use super::persist::Desk;
use super::systemd::Pulse;
use super::troubles::Troubles;
use crate::alert::{Alerts, Flood, Line};
use crate::clock;
use crate::config::Settings;
use crate::control::status::Daemon;
use crate::core::event::{Action, Event};
use crate::core::pool::Seat;
use crate::core::time::Moment;
use crate::journal::Journal;
use crate::keepalived;
use crate::state::Writer;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// The decider wakes at least this often: the heartbeat of the published state.
const HEARTBEAT: Duration = Duration::from_millis(200);
/// How long SIGTERM waits for a handover to end at most: systemd gives 90 s.
const LAST_HANDOVER: Duration = Duration::from_secs(60);
/// What is told if it did not.
const IN_THE_MIDDLE: &str =
    "mppd stops in the middle of a handover: nobody is UP for rw until it is started again";
/// Messages taken in before what they changed is published.
const BATCH: usize = 512;
/// Requests looked at in a round: whoever floods the socket must not hold the polls up.
const REQUESTS: usize = 2;

/// The loop and all it owns.
pub(super) struct Decider {
    pub(super) settings: Settings,
    pub(super) fleet: Fleet,
    pub(super) writer: Writer,
    pub(super) surroundings: Surroundings,
    inbox: Inbox,
    woke: Moment,
    pub(super) delays: Delays,
    /// Where memories become bytes, one after the other.
    pub(super) room: Vec<u8>,
    /// Pools published since they were last shown to those who follow them.
    pub(super) published: Vec<usize>,
    /// Publishing failed last time.
    pub(super) stuck: bool,
    /// When the published file is next looked at.
    pub(super) look: Moment,
    pub(super) persisting: Persisting,
    pub(super) lock: Lock,
    /// Another daemon has taken the runtime directory.
    pub(super) ousted: Option<String>,
    /// There may be more requests.
    knocked: bool,
    pub(super) lost: Lost,
    pub(super) orders: Orders,
    pub(super) lvs: Lvs,
    pub(super) peers: Peers,
    pub(super) outbox: Outbox,
    pub(super) flood: Flood,
    pub(super) troubles: Troubles,
}

/// What was last handed over to be written, and whether more has changed since.
#[derive(Default)]
pub(super) struct Persisting {
    pub(super) last: Moment,
    pub(super) changed: bool,
    /// The disk hangs, and that has been told.
    pub(super) hangs: bool,
}

/// What does not change while the daemon lives.
pub(super) struct Surroundings {
    pub(super) boot_id: [u8; 16],
    pub(super) mailbox: Mailbox,
    pub(super) journal: Arc<Journal>,
    pub(super) alerts: Alerts,
    pub(super) pulse: Pulse,
    pub(super) daemon: Daemon,
    pub(super) desk: Desk,
    pub(super) lvs_desk: keepalived::desk::Desk,
    pub(super) board: Arc<Board>,
}

/// What waits until what it speaks of is published.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) lines: Vec<Line>,
    pub(super) answers: Vec<(SyncSender<message::Result>, message::Result)>,
    pub(super) seq: u64,
}

impl Decider {
    /// Ready to go round.
    pub(super) fn new(
        settings: Settings,
        (fleet, peers): (Fleet, Peers),
        writer: Writer,
        surroundings: Surroundings,
        inbox: Inbox,
        lock: Lock,
        troubles: Troubles,
    ) -> Decider {
        let woke = clock::now();
        let outbox = Outbox { seq: surroundings.journal.newest(), ..Outbox::default() };
        let mut lvs = Lvs::new(&settings, surroundings.lvs_desk.clone());
        // The state was published with every pool in it.
        lvs.note_all(&fleet);
        Decider {
            settings,
            fleet,
            writer,
            surroundings,
            inbox,
            woke,
            delays: Delays::default(),
            room: Vec::new(),
            published: Vec::new(),
            stuck: false,
            look: woke,
            persisting: Persisting::default(),
            lock,
            ousted: None,
            knocked: false,
            lost: Lost::default(),
            orders: Orders::default(),
            lvs,
            peers,
            outbox,
            flood: Flood::default(),
            troubles,
        }
    }

    /// Goes round until SIGTERM (and the end of a handover under way), or until nothing can send any more.
    pub(super) fn run(mut self) {
        let mut stopping: Option<Moment> = None;
        while stopping
            .is_none_or(|since| self.hands_over() && clock::now().since(since) < self.last_handover())
        {
            if let Some(why) = self.ousted.take() {
                self.surroundings.journal.leave();
                self.tell_self("ousted", "alert", format!("{why}; this one stops and touches nothing"));
                self.tell_waiting();
                return self.finish_telling();
            }
            let patience = self.patience();
            let first = self.inbox.messages.wait(patience);
            if !self.take_in(first) {
                stopping = stopping.or(Some(clock::now()));
            }
            self.tick();
            self.finish_round();
            self.requests();
        }
        match self.hands_over() {
            true => self.tell_self("stopped", "alert", IN_THE_MIDDLE.into()),
            false => self.tell_self("stopped", "notice", "mppd stops; what it published stands".into()),
        }
        self.finish_round();
        self.surroundings.journal.finish();
        let socket = self.settings.runtime_dir.join("mpp.sock");
        self.finish_telling();
        // The very last thing, or the control thread would put it back.
        _ = std::fs::remove_file(socket);
    }

    /// In the middle of a handover nobody is UP for `rw`: that is no state to leave behind.
    fn hands_over(&self) -> bool {
        self.fleet.members.iter().any(|m| matches!(m.pool.memory().seat, Seat::Passing(_)))
    }

    /// How long SIGTERM waits for a handover to end: until it would be given up, and taken back.
    fn last_handover(&self) -> Duration {
        let settings = self.fleet.members.iter().map(|m| m.pool.settings());
        let longest = settings.map(|s| s.handover + s.slowest_interval() * 5).max().unwrap_or_default();
        (longest + Duration::from_secs(3)).min(LAST_HANDOVER)
    }

    fn patience(&self) -> Duration {
        if self.knocked {
            return Duration::ZERO;
        }
        let now = clock::now();
        let next = self.fleet.agenda.next().unwrap_or(Moment(u64::MAX));
        next.since(now).min(HEARTBEAT)
    }

    /// The time, for what is decided next. What was begun before a long sleep is worth nothing; mppd may be stopped at any
    /// point, so this is asked before each step.
    fn wake(&mut self) -> Moment {
        let now = clock::now();
        let late = now.since(self.woke + HEARTBEAT);
        self.woke = now;
        if let Some(words) = self.delays.note(late, now) {
            self.tell_self("late", "warning", words);
        }
        if late.is_zero() {
            return now;
        }
        let mut is_deaf = false;
        for place in 0..self.fleet.members.len() {
            if late > self.fleet.members[place].pool.settings().slowest_interval() * 3 {
                self.handle(place, Event::WokeLate, now);
                is_deaf = true;
            }
        }
        if is_deaf {
            self.hear_again();
        }
        now
    }

    /// Takes in what is there, within bounds; false after SIGTERM.
    fn take_in(&mut self, first: Option<Message>) -> bool {
        let mut next = first;
        for _ in 0..BATCH {
            let Some(message) = next else { break };
            let now = self.wake();
            match message {
                Message::Polled(poller, observation) => {
                    if let Some((place, node)) = self.fleet.place_of(poller) {
                        let server = self.fleet.members[place].server(node);
                        if let (Some(server), Some(_)) = (server, observation.answer.facts()) {
                            self.lost.good(server);
                        }
                        self.handle(place, Event::Polled(node, observation), now);
                    }
                }
                Message::Checkpoint(watch, sighting) => {
                    for (place, n) in self.fleet.checkpoints.places_of(watch) {
                        self.handle(place, Event::Checkpoint(n, sighting.clone()), now);
                    }
                }
                Message::Crashed(poller, words) => self.crashed(poller, &words),
                Message::Gated(order, end) => self.gated(order, end),
                Message::Tell(event, severity, reason) => self.tell_self(event, severity, reason),
                Message::Written(result) => self.written(result),
                Message::Hook(program, fails, words) => self.tell_of_hook(&program, fails, &words),
                Message::Heard(listener, turn, heard) => self.heard(listener, turn, heard),
                Message::Seen(seen) => self.seen(seen),
                Message::Knock => self.knocked = true,
                Message::Stop => return false,
            }
            next = self.inbox.messages.next();
        }
        true
    }

    fn tick(&mut self) {
        let now = self.wake();
        self.replace_lost(now);
        self.end_orders(now);
        for place in self.fleet.agenda.due(now) {
            self.handle(place, Event::Tick, now);
        }
    }

    pub(super) fn handle(&mut self, place: usize, event: Event, now: Moment) {
        let actions = self.fleet.members[place].pool.handle(event, now);
        self.act(place, actions, now);
    }

    /// Asks, paces, opens and closes at once; notes wait until the change is published.
    pub(super) fn act(&mut self, place: usize, actions: Vec<Action>, now: Moment) {
        for action in actions {
            let member = &self.fleet.members[place];
            match action {
                Action::Ask(node) => member.ask(node),
                Action::Pace(node, every) => member.pace(node, every),
                Action::Gate(node, gate) => self.order(place, node, gate),
                Action::Probe(node, on) => self.probe(place, node, on),
                Action::AskCheckpoint(n) => self.fleet.checkpoints.ask(place, n),
                Action::PaceCheckpoint(n, every) => self.fleet.checkpoints.pace(place, n, every),
                Action::Note(note) => self.outbox.lines.push(super::telling::line_of(&member.pool, note)),
            }
        }
        self.fleet.agenda.note(place, self.fleet.members[place].pool.deadline(now));
    }

    fn requests(&mut self) {
        self.knocked = false;
        for _ in 0..REQUESTS {
            let Ok(wish) = self.inbox.wishes.try_recv() else { return };
            self.knocked = true;
            let given = self.give(wish.what, &wish.who);
            match wish.answer {
                Some(answer) => self.outbox.answers.push((answer, given)),
                // Nobody waits for it: a signal asked. What was refused must be told all the same.
                None => _ = given.map_err(|failure| self.tell_self("reload", "error", failure.message)),
            }
        }
        self.finish_round();
    }
}
