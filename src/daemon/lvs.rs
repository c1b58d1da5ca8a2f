//! From verdicts to keepalived, and what the kernel has made of them.

use super::decider::Decider;
use super::fleet::Fleet;
use crate::alert::Line;
use crate::clock;
use crate::config::Settings;
use crate::core::event::Event;
use crate::core::pool::{Pool, Seat};
use crate::core::words::{NodeId, Role};
use crate::keepalived::compare::Picture;
use crate::keepalived::desk::Desk;
use crate::keepalived::faults::Fault;
use crate::keepalived::plan::{Decided, Plan, Real, Service, Wanted};
use crate::keepalived::watch::Seen;
use std::collections::HashSet;
use std::sync::Arc;

/// What keepalived is told, and what was last seen of what it did.
pub(super) struct Lvs {
    desk: Desk,
    plan: Arc<Plan>,
    wanted: Vec<Wanted>,
    /// Virtual servers by their pools.
    by_pool: Vec<Vec<usize>>,
    generation: u64,
    /// The generation in which each pool's part changed last.
    changed: Vec<u64>,
    /// Something has changed that is not on the desk yet.
    fresh: bool,
    seen: Option<Seen>,
}

impl Lvs {
    /// Of these settings; nothing is decided yet.
    pub(super) fn new(settings: &Settings, desk: Desk) -> Lvs {
        let (wanted, by_pool, changed) = Default::default();
        let plan = Arc::default();
        let mut lvs = Lvs { desk, plan, wanted, by_pool, generation: 0, changed, fresh: false, seen: None };
        lvs.plan_anew(settings);
        lvs
    }

    /// Other settings: everything is to be noted again.
    pub(super) fn plan_anew(&mut self, settings: &Settings) {
        self.plan = Arc::new(Plan::of(settings));
        self.wanted = vec![Wanted { up: false, weight: 0 }; self.plan.reals.len()];
        self.by_pool = vec![Vec::new(); settings.pools.len()];
        for (place, service) in self.plan.services.iter().enumerate() {
            self.by_pool[service.pool].push(place);
        }
        self.changed = vec![0; settings.pools.len()];
        self.seen = None;
        self.fresh = true;
    }

    /// Every pool is published as it is now.
    pub(super) fn note_all(&mut self, fleet: &Fleet) {
        for (place, member) in fleet.members.iter().enumerate() {
            self.note(place, &member.pool);
        }
    }

    /// A pool is published as it is now.
    pub(super) fn note(&mut self, place: usize, pool: &Pool) {
        for service in &self.by_pool[place] {
            let service = &self.plan.services[*service];
            for real in service.reals.clone() {
                let wanted = wanted(pool, service, &self.plan.reals[real]);
                if self.wanted[real] != wanted {
                    self.wanted[real] = wanted;
                    self.changed[place] = self.generation + 1;
                    self.fresh = true;
                }
            }
        }
    }

    /// Hands on what has changed; never waits.
    pub(super) fn flush(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.generation += 1;
            let (plan, wanted) = (Arc::clone(&self.plan), self.wanted.clone());
            self.desk.put(Arc::new(Decided { generation: self.generation, plan, wanted }));
        }
    }

    /// The virtual servers of a pool, with their places.
    pub(super) fn services(&self, place: usize) -> impl Iterator<Item = (usize, &Service)> {
        self.by_pool[place].iter().map(|&service| (service, &self.plan.services[service]))
    }

    /// The real servers of a virtual server, with their places.
    pub(super) fn reals(&self, service: &Service) -> impl Iterator<Item = (usize, &Real)> {
        service.reals.clone().map(|real| (real, &self.plan.reals[real]))
    }

    /// What is decided for a real server.
    pub(super) fn wanted(&self, real: usize) -> Wanted {
        self.wanted[real]
    }

    /// What the kernel had when it was last looked at.
    pub(super) fn picture(&self) -> Option<&Picture> {
        self.seen.as_ref()?.picture.as_ref()
    }

    /// What has been wrong for too long.
    pub(super) fn faults(&self) -> &[Fault] {
        self.seen.as_ref().map_or(&[], |seen| &seen.faults)
    }

    /// Whether the kernel was seen without this node for `rw`, after the pool's last change: in every virtual server
    /// that there is for that, and in at least one.
    fn is_without(&self, place: usize, node: NodeId) -> bool {
        let Some((seen, picture)) = self.seen.as_ref().and_then(|s| Some((s, s.picture.as_ref()?))) else {
            return false;
        };
        let mut writers = self.services(place).filter(|(_, service)| service.role == Role::Rw).peekable();
        let gone = |real: usize| !seen.decided.wanted[real].up && picture.reals[real].is_none();
        seen.decided.generation >= self.changed[place]
            && writers.peek().is_some()
            && writers.all(|(n, service)| {
                picture.services[n]
                    && self.reals(service).filter(|(_, real)| real.node == node).all(|(n, _)| gone(n))
            })
    }
}

fn wanted(pool: &Pool, service: &Service, real: &Real) -> Wanted {
    let verdict = pool.verdict(real.node, service.role);
    Wanted { up: verdict.up, weight: real.weight(pool.weight(real.node)) }
}

impl Decider {
    /// The kernel's table was looked at.
    pub(super) fn seen(&mut self, seen: Seen) {
        if !Arc::ptr_eq(&seen.decided.plan, &self.lvs.plan) {
            return;
        }
        let before = self.lvs.seen.replace(seen);
        let before = before.map_or(Vec::new(), |seen| seen.faults);
        self.tell_faults(&before);
        let now = clock::now();
        for place in 0..self.fleet.members.len() {
            let Seat::Passing(handover) = &self.fleet.members[place].pool.memory().seat else { continue };
            if self.lvs.is_without(place, handover.from) {
                self.handle(place, Event::Consumed, now);
            }
        }
    }

    /// A fault is told when it begins and when it is over.
    fn tell_faults(&mut self, before: &[Fault]) {
        let keys = |faults: &[Fault]| faults.iter().map(Fault::key).collect::<HashSet<_>>();
        let (known, lasting) = (keys(before), keys(self.lvs.faults()));
        let begun = self.lvs.faults().iter().filter(|f| !known.contains(&f.key())).cloned();
        for fault in begun.collect::<Vec<_>>() {
            self.tell_of_kernel("alert", &fault, fault.words.clone());
        }
        for fault in before.iter().filter(|f| !lasting.contains(&f.key())) {
            self.tell_of_kernel("notice", fault, format!("no longer so: {}", fault.words));
        }
    }

    fn tell_of_kernel(&mut self, severity: &str, fault: &Fault, reason: String) {
        let service = fault.service.map(|s| &self.lvs.plan.services[s]);
        let pool = service.map(|s| self.fleet.members[s.pool].pool.settings().name.clone());
        let node = fault.real.map(|r| self.lvs.plan.reals[r].name.clone());
        let (severity, event) = (severity.to_owned(), "kernel".to_owned());
        self.outbox.lines.push(Line { severity, event, pool, node, reason, ..Line::default() });
    }
}
