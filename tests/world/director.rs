//! The director: gives the pool its events, does what it wants, and is itself restarted, reloaded, put to sleep and
//! rebooted.

use super::checks::{self, Before};
use super::server::{MS, SEC};
use super::told::describe;
use super::{Happening, Truth, World, host_of, nanos};
use mpp::core::event::{Action, Author, Command, Event, What};
use mpp::core::pool::{Memory, Pool, Seat};
use mpp::core::reboot::Carry;
use mpp::core::settings::{NodeSettings, PoolSettings};
use mpp::core::time::{Duration, Moment};
use mpp::core::words::Role;

/// `startup_grace`.
pub const GRACE: Duration = Duration::from_secs(30);
/// How often at most, and at least, what must survive a reboot is written: as the daemon does.
const PERSIST_CHANGE: u64 = 200 * MS;
const PERSIST: u64 = 5 * SEC;
/// How far ahead of use the epoch is marked on disk.
const AHEAD: u64 = 1000;

/// What must survive a reboot, as last written.
#[derive(Default)]
pub struct Saved {
    pub then: u64,
    pub memory: Option<Memory>,
    print: String,
}

impl World {
    /// Gives the pool an event, carries out what it wants, and checks everything.
    pub fn give(&mut self, event: Event, truth: Option<Truth>) {
        self.flow();
        let before = Before::of(&self.pool, self.now);
        self.tell(|| describe(&event));
        let told = event.clone();
        let actions = self.pool.handle(event, Moment(self.now));
        checks::after(self, &before, Some(&told), truth, &actions);
        self.carry_out(actions);
    }

    pub fn command(&mut self, command: Command) -> Result<String, String> {
        self.flow();
        let before = Before::of(&self.pool, self.now);
        let by = Author { who: "op".into(), why: None };
        let (answer, actions) = self.pool.command(&command, &by, Moment(self.now));
        self.tell(|| format!("{command:?} -> {answer:?}"));
        // A refused command changes nothing.
        self.checks.command = answer.is_ok().then_some(command);
        checks::after(self, &before, None, None, &actions);
        self.checks.command = None;
        self.carry_out(actions);
        answer.map(|done| done.words).map_err(|refused| refused.0)
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Ask(node) => self.ask(node),
                Action::Pace(node, pace) => {
                    let (server, now) = (self.host(node), self.now);
                    self.pollers[server].every = nanos(pace);
                    self.wake_at(server, now);
                }
                Action::Gate(node, gate) => self.send_order(node, gate),
                Action::AskCheckpoint(place) | Action::PaceCheckpoint(place, _) => {
                    let now = self.now;
                    self.look_at(place, now);
                }
                Action::Probe(..) => {}
                Action::Note(note) => {
                    self.tell_note(&note);
                    if let (What::Handover, Some((kind, after, lasts))) = (note.what, self.in_handover) {
                        self.in_handover = None;
                        let at = self.now + after;
                        self.fault(kind, at, lasts);
                    }
                    self.notes.push((self.now, note));
                }
            }
        }
        self.published();
    }

    fn ask(&mut self, node: usize) {
        let (server, now) = (self.host(node), self.now);
        self.pollers[server].asked = true;
        self.wake_at(server, now);
    }

    /// The end of a round: verdicts are seen, and what must survive is written now and then.
    fn published(&mut self) {
        self.paces_are_kept();
        self.set_tick();
        self.verdicts_are_seen();
        self.persist();
    }

    pub(super) fn set_tick(&mut self) {
        let at = self.pool.deadline(Moment(self.now));
        assert!(at > Moment(self.now), "a deadline in the past");
        self.tick += 1;
        let tick = self.tick;
        if at.0 < u64::MAX / 2 {
            self.at(at.0, Happening::Tick(tick));
        }
    }

    // ---- the kernel ----

    fn verdicts_are_seen(&mut self) {
        let up = (0..self.pool.settings().nodes.len()).find(|&n| self.pool.verdict(n, Role::Rw).up);
        let up = up.map(|n| self.host(n));
        if up == self.rw {
            return;
        }
        for (server, is_up) in [(self.rw, false), (up, true)] {
            let Some(server) = server else { continue };
            // Where it is not read back, the operator has told us how long it takes at most.
            let slowest = (nanos(self.pool.settings().handover) * 8 / 10).min(1500 * MS);
            let at = self.now + self.rng.range((5 * MS).min(slowest), slowest);
            self.kernel[server].1 += 1;
            let told = self.kernel[server].1;
            self.at(at, Happening::Kernel(server, told, is_up));
        }
        self.rw = up;
    }

    pub(super) fn kernel_follows(&mut self, server: usize, told: u64, up: bool) {
        if self.kernel[server].1 != told {
            return;
        }
        self.flow();
        self.kernel[server].0 = up;
        let waits = match &self.pool.memory().seat {
            Seat::Passing(h) => self.host(h.from) == server,
            _ => false,
        };
        if waits && !up && self.consumes && !self.is_asleep() {
            self.give(Event::Consumed, None);
        }
    }

    // ---- sleep, restart, reboot, reload ----

    /// The director's host stands still.
    pub fn sleep(&mut self, lasts: u64) {
        let now = self.now;
        if !self.is_asleep() {
            self.asleep_until = now + lasts;
            self.at(now + lasts, Happening::Wakes(now));
        }
    }

    pub fn is_asleep(&self) -> bool {
        self.now < self.asleep_until
    }

    /// Until the director is there again, and does what it was asked for meanwhile.
    pub fn run_until_awake(&mut self) {
        while self.is_asleep() {
            self.run_until(self.asleep_until + 1);
        }
    }

    pub(super) fn after_sleep(&mut self, change: super::faults::Change) {
        let at = self.asleep_until;
        self.fault_at(at, change);
    }

    pub(super) fn wakes(&mut self, since: u64) {
        if self.now - since > nanos(self.pool.settings().slowest_interval()) * 3 {
            self.give(Event::WokeLate, None);
        }
    }

    /// The daemon is started anew.
    pub fn restart(&mut self) {
        let verdicts = checks::verdicts(&self.pool);
        let settings = self.pool.settings().clone();
        self.pool = Pool::restore(settings, self.pool.memory().clone(), Moment(self.now));
        assert_eq!(verdicts, checks::verdicts(&self.pool), "invariant 7: a restart changed a verdict");
        self.daemon += 1;
        self.start_pollers();
        self.start_lookouts();
        self.published();
    }

    /// The director's power goes for a while. Writers see the last verdict as long as that.
    pub fn reboot(&mut self, lasts: u64) {
        let now = self.now;
        if !self.is_asleep() {
            self.asleep_until = now + lasts;
            self.at(now + lasts, Happening::Boots);
        }
    }

    pub(super) fn boots(&mut self) {
        self.flow();
        let Some(memory) = self.saved.memory.clone() else { return };
        let carry = Carry { then: Moment(self.saved.then), now: Moment(self.now) };
        let was = (self.pool.memory().epoch, self.pool.memory().reign.as_ref().map(|r| r.name.clone()));
        let settings = self.pool.settings().clone();
        let seated = match &memory.seat {
            Seat::Empty => None,
            Seat::Held(node) => Some(*node),
            Seat::Passing(handover) => Some(handover.from),
        };
        let seated = seated.map(|n| memory.nodes[n].address.clone());
        let expected = settings.nodes.iter().position(|n| Some(n.address()) == seated);
        self.pool = Pool::reboot(settings, memory, carry, GRACE);
        self.daemon += 1;
        self.tell(|| format!("booted: {:?} epoch {}", self.states(), self.pool.memory().epoch));
        assert_eq!(self.active(), expected, "after a reboot the same node is ACTIVE");
        assert!(self.pool.memory().epoch >= was.0, "invariant 8: a reboot took the epoch back");
        checks::one_writer(&self.pool);
        self.checks.rebooted(&self.pool, was.1, carry);
        self.start_pollers();
        self.start_lookouts();
        self.published();
    }

    fn persist(&mut self) {
        let memory = self.pool.memory();
        let print =
            format!("{} {:?} {:?} {:?}", memory.epoch, self.active(), self.pool.flags(), self.states());
        let since = self.now - self.saved.then;
        let changed = print != self.saved.print;
        if self.saved.memory.is_some() && since < if changed { PERSIST_CHANGE } else { PERSIST } {
            return;
        }
        let epoch = memory.epoch.saturating_add(AHEAD) / AHEAD * AHEAD;
        let memory = Memory { epoch, ..memory.clone() };
        self.saved = Saved { then: self.now, memory: Some(memory), print };
    }

    /// `mpp reload [--force]`; says whether it was taken.
    pub fn reload(&mut self, settings: PoolSettings, force: bool) -> bool {
        let has = |node: &NodeSettings| {
            settings.nodes.iter().any(|n| n.name == node.name && n.address() == node.address())
        };
        let old = self.pool.settings();
        if !force && self.pool.stakeholders().into_iter().any(|n| !has(&old.nodes[n])) {
            return false;
        }
        self.flow();
        let members = self.members();
        let was = Before::of(&self.pool, self.now);
        let was = checks::Reloaded { host: was.holder().map(|n| self.host(n)), before: was };
        let measure = |s: &PoolSettings| (s.loss_allowed(), s.max_lag);
        if measure(&settings) != measure(self.pool.settings()) {
            self.checks.debt.measured_anew();
        }
        let passing = matches!(self.pool.memory().seat, Seat::Passing(_));
        self.checks.debt.hurried |= passing && settings.handover < self.pool.settings().handover;
        self.pool = Pool::restore(settings, self.pool.memory().clone(), Moment(self.now));
        self.tell(|| format!("reloaded: {:?} {:?}", self.members(), self.states()));
        super::change::reloaded(self, &was);
        self.keep_pollers(&members);
        self.start_lookouts();
        self.published();
        true
    }

    /// The settings of now, over other nodes: as they stand, by the number of their server.
    pub fn settings_for(&self, servers: &[usize]) -> PoolSettings {
        let old = self.pool.settings();
        let node = |&server: &usize| {
            let known = (0..old.nodes.len()).find(|&n| host_of(old, n) == server);
            known.map_or_else(|| super::options::node(server), |n| old.nodes[n].clone())
        };
        PoolSettings { nodes: servers.iter().map(node).collect(), ..old.clone() }
    }
}
