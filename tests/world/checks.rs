//! The invariants of SEMANTICS 10, checked against the truth after every step.

use super::World;
use super::server::{Clock, covers};
use mpp::core::event::{Action, Event, Flag, What};
use mpp::core::node::Judgement;
use mpp::core::pool::{Pool, Seat};
use mpp::core::settings::Writable;
use mpp::core::time::Moment;
use mpp::core::verdict::Verdict;
use mpp::core::words::{Role, State};

/// What the world knows of the ACTIVE node that the pool is not asked about.
pub struct Checks {
    /// The step is an operator's command.
    pub commanded: bool,
    /// Positions may lie in this history: loss is not checked.
    pub loss_unchecked: bool,
    /// Restart and compare after one step in so many; 0: never.
    pub restart_every: u64,
    holder: Option<usize>,
    seen: u64,
    shown: Vec<(u64, Clock)>,
    owed: Option<Clock>,
    steps: u64,
}

pub struct Before {
    states: Vec<State>,
    reqs: Vec<u32>,
    errors: Vec<u32>,
    drained: Vec<bool>,
    epoch: u64,
    active: Option<usize>,
    paused: bool,
    handover_from: Option<usize>,
    forced: bool,
}

impl Before {
    pub fn of(pool: &Pool, now: u64) -> Before {
        let memory = pool.memory();
        let all = 0..memory.nodes.len();
        let holds = |flag: &Flag| flag.until.is_none_or(|until| until.0 > now);
        Before {
            states: all.clone().map(|n| pool.state(n)).collect(),
            reqs: all.map(|n| pool.req(n)).collect(),
            errors: memory.nodes.iter().map(|n| n.errors).collect(),
            drained: memory.nodes.iter().map(|n| n.drain.as_ref().is_some_and(|d| holds(&d.flag))).collect(),
            epoch: memory.epoch,
            active: pool.active(),
            paused: memory.pause.as_ref().is_some_and(holds),
            handover_from: match &memory.seat {
                Seat::Passing(h) => Some(h.from),
                _ => None,
            },
            forced: matches!(&memory.seat, Seat::Passing(h) if h.forced),
        }
    }
}

impl Checks {
    pub fn new(pool: &Pool) -> Checks {
        Checks {
            commanded: false,
            loss_unchecked: false,
            restart_every: 16,
            holder: pool.active(),
            seen: 0,
            shown: Vec::new(),
            owed: None,
            steps: 0,
        }
    }
}

pub fn verdicts(pool: &Pool) -> Vec<Verdict> {
    let all = 0..pool.memory().nodes.len();
    all.flat_map(|n| Role::ALL.map(|role| pool.verdict(n, role))).collect()
}

/// Everything that must hold after every step.
pub fn after(
    world: &mut World,
    before: &Before,
    event: Option<&Event>,
    truth: Option<Clock>,
    actions: &[Action],
) {
    let pool = &world.pool;
    one_writer(pool);
    remember_shown(world, before, event, truth);
    epoch(world, before);
    counted(world, before, event);
    if let Some(node) = world.pool.active().filter(|_| world.pool.active() != before.active) {
        became_active(world, before, node, actions);
    }
    restarts(world);
}

fn one_writer(pool: &Pool) {
    let all = 0..pool.memory().nodes.len();
    let writers: Vec<usize> = all.clone().filter(|&n| pool.verdict(n, Role::Rw).up).collect();
    assert!(writers.len() <= 1, "invariant 1: rw UP at {writers:?}");
    let active: Vec<usize> = all.filter(|&n| pool.state(n) == State::Active).collect();
    assert!(active.len() <= 1, "invariant 1: ACTIVE {active:?}");
    assert!(writers.iter().all(|w| active.contains(w)), "rw UP without ACTIVE");
}

fn epoch(world: &World, before: &Before) {
    let (epoch, active) = (world.pool.memory().epoch, world.pool.active());
    assert!(epoch >= before.epoch, "invariant 8: the epoch fell");
    let gained = active.is_some() && active != before.active;
    assert_eq!(
        epoch > before.epoch,
        gained,
        "the epoch rises with each change of ACTIVE and with nothing else"
    );
}

/// `req` rises by a negative or a change of role alone; replication never counts against the ACTIVE node.
fn counted(world: &World, before: &Before, event: Option<&Event>) {
    let pool = &world.pool;
    for (node, n) in pool.memory().nodes.iter().enumerate() {
        let role_changed = (pool.active() == Some(node)) != (before.active == Some(node));
        let judgement = n.newest.as_ref().map(|s| &s.judgement);
        let negative = matches!(judgement, Some(Judgement::Negative(_) | Judgement::Denied(_)));
        let rose = pool.req(node) > before.reqs[node];
        assert!(!rose || role_changed || negative, "invariant 4: req of db{} rose", node + 1);
        assert!(n.errors <= before.errors[node] + 1, "two errors of one answer");
        let changed = pool.state(node) != before.states[node];
        let told = event.is_none() || !matches!(event, Some(Event::WokeLate | Event::Consumed));
        assert!(!changed || told || pool.state(node) != State::FailOnline, "a fault without an answer");
    }
    if let Some(Event::Polled(node, observation)) = event {
        let judged_active = before.active == Some(*node) || before.handover_from == Some(*node);
        let known = pool.memory().nodes[*node].last_began() == observation.began;
        if judged_active && known && observation.answer.facts().is_some() {
            assert_eq!(
                pool.memory().nodes[*node].errors,
                0,
                "invariant 5: replication counted against ACTIVE"
            );
        }
    }
}

fn remember_shown(world: &mut World, before: &Before, event: Option<&Event>, truth: Option<Clock>) {
    let Some(Event::Polled(node, observation)) = event else { return };
    let holder = before.active.or(before.handover_from);
    let known = world.pool.memory().nodes[*node].last_began() == observation.began;
    let checks = &mut world.checks;
    if let (true, true, Some(clock)) = (holder == Some(*node), known, truth) {
        checks.seen = checks.seen.max(observation.began.0);
        checks.shown.push((observation.began.0, clock));
        if checks.shown.len() > 64 {
            checks.shown.drain(..32);
        }
    }
}

fn became_active(world: &mut World, before: &Before, node: usize, actions: &[Action]) {
    let what = actions.iter().find_map(|a| match a {
        Action::Note(n) if matches!(n.what, What::Failover | What::Election | What::HandedOver) => {
            Some(n.what)
        }
        _ => None,
    });
    let back = before.handover_from == Some(node);
    let forced = before.forced && what == Some(What::HandedOver) || world.checks.commanded;
    if !forced && !back {
        allowed(world, before, node, what);
    }
    let from = before.active.or(before.handover_from);
    let unchecked = world.checks.loss_unchecked || world.pool.settings().max_lag.is_none();
    let mut required = None;
    if what == Some(What::Failover) && world.pool.settings().max_lag.is_some() {
        let facts = world.pool.memory().nodes[node].facts.as_ref().expect("an answer");
        assert!(facts.channels.iter().all(|c| facts.applied(c)), "promoted with a relay log to apply");
    }
    if what == Some(What::Failover) && !unchecked {
        required = lost_nothing_due(world, node);
    }
    if what == Some(What::HandedOver) && !back && !forced && !unchecked {
        let from = &world.servers[from.expect("somebody handed over")];
        let everything = covers(&world.servers[node].has, &from.has);
        assert!(everything, "a planned change lost {:?} against {:?}", world.servers[node].has, from.has);
    }
    if !back {
        let checks = &mut world.checks;
        (checks.owed, checks.shown, checks.seen) = (required, Vec::new(), world.now);
    }
}

/// Invariant 2.
fn allowed(world: &World, before: &Before, node: usize, what: Option<What>) {
    let (settings, memory) = (world.pool.settings(), world.pool.memory());
    let name = world.pool.name(node);
    let hostile = node == 0 && settings.hostile_takeover && what != Some(What::Failover);
    let state = before.states[node];
    assert!(!state.failed(), "invariant 2: {name} promoted from {state}");
    assert!(state == State::Standby || hostile, "{name} promoted from {state}");
    assert!(memory.nodes[node].positive(), "{name} promoted after a bad answer");
    assert!(!before.drained[node], "invariant 2: {name} promoted while drained");
    assert!(settings.nodes[node].promotable, "invariant 2: {name} is not promotable");
    let read_only = memory.nodes[node].facts.as_ref().is_some_and(|f| f.read_only);
    assert!(!read_only || settings.writable == Writable::Observe, "invariant 2: {name} promoted read-only");
    assert!(!before.paused || what == Some(What::HandedOver), "invariant 2: {name} promoted while paused");
}

/// Invariant 12; gives what was required.
fn lost_nothing_due(world: &World, node: usize) -> Option<Clock> {
    let allowed = super::nanos(world.pool.settings().loss_allowed()?);
    let due = world.checks.seen.saturating_sub(allowed);
    let shown = world.checks.shown.iter().rfind(|(at, _)| *at <= due).map(|(_, clock)| clock);
    let required = shown.or(world.checks.owed.as_ref())?.clone();
    let received = world.servers[node].received(&world.servers);
    assert!(
        covers(&received, &required),
        "invariant 12: {} promoted with {received:?}, required {required:?}",
        world.pool.name(node)
    );
    Some(required)
}

/// Invariant 7.
fn restarts(world: &mut World) {
    world.checks.steps += 1;
    let every = world.checks.restart_every;
    if every == 0 || !world.checks.steps.is_multiple_of(every) {
        return;
    }
    let pool = &world.pool;
    let again = Pool::restore(pool.settings().clone(), pool.memory().clone(), Moment(world.now));
    assert_eq!(verdicts(pool), verdicts(&again), "invariant 7: a restart changed a verdict");
    assert_eq!(pool.memory().epoch, again.memory().epoch);
    assert!(again.deadline(Moment(world.now)) > Moment(world.now));
}
