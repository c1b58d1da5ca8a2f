//! The invariants, checked against the truth after every step (3, 6, 9, 10 and 11 by tests of their own):
//!
//! 1. Never two ACTIVE nodes; never two `rw` UP in one published state.
//! 2. Nobody becomes ACTIVE without `--force` from a FAIL state, while drained, unpromotable, read-only under
//!    `writable: require`, paused or isolated (but the old node takes it back in all of these).
//! 3. From the fault to the new ACTIVE node, with a healthy standby, there is a bound in pace and levels.
//! 4. `req` never rises without a negative or a change of role.
//! 5. Replication faults of the ACTIVE node never fail it.
//! 6. One lost packet, timeout or slow poll never changes a STATE.
//! 7. A restart at any instant leaves every verdict as it was.
//! 8. The epoch never falls.
//! 9. When all monitoring is lost and comes back at one moment, the answers in any order, nobody is promoted.
//! 10. After the last fault the pool has exactly one ACTIVE node within a bound, without an operator.
//! 11. A steady state with its usual noise makes no change of ACTIVE for an hour.
//! 12. No promoted node lacks what the ACTIVE node had shown more than `max_loss` before it was last seen.

use super::change;
use super::loss::{self, Debt};
use super::{Truth, World};
use mpp::core::event::{Action, Command, Event, Flag};
use mpp::core::node::{Judgement, Kind, Standing};
use mpp::core::pool::{Pool, Seat};
use mpp::core::reboot::Carry;
use mpp::core::settings::Recovery;
use mpp::core::time::Moment;
use mpp::core::verdict::Verdict;
use mpp::core::words::{Role, State};

/// What the world knows of the ACTIVE node that the pool is not asked about.
pub struct Checks {
    /// The step is an operator's command.
    pub command: Option<Command>,
    pub debt: Debt,
    /// Restart and compare after one step in so many; 0: never.
    pub restart_every: u64,
    /// Automatic changes of ACTIVE since the last `ack`.
    pub(super) changes: Vec<u64>,
    /// Since when the errors of the holder have been enough, and which server answered a poll begun after that, when.
    pub(super) reached: Option<u64>,
    pub(super) answered: Vec<Option<u64>>,
    /// When the holder's newest poll that counted as an error began.
    pub(super) failed_again: u64,
    pub(super) steps: u64,
}

pub struct Before {
    pub(super) states: Vec<State>,
    pub(super) standings: Vec<Standing>,
    pub(super) reqs: Vec<u32>,
    pub(super) errors: Vec<u32>,
    pub(super) pending: Vec<bool>,
    pub(super) drained: Vec<bool>,
    pub(super) epoch: u64,
    pub(super) active: Option<usize>,
    pub(super) paused: bool,
    pub(super) flapping: bool,
    pub(super) grace: bool,
    pub(super) reigned: bool,
    pub(super) passing: Option<(usize, usize)>,
    pub(super) forced: bool,
}

/// The same for a reload, in which nodes change their numbers.
pub struct Reloaded {
    pub before: Before,
    /// The server of the ACTIVE node, or of the one handing over.
    pub host: Option<usize>,
}

impl Before {
    pub fn of(pool: &Pool, now: u64) -> Before {
        let memory = pool.memory();
        let all = 0..memory.nodes.len();
        let holds = |flag: &Flag| flag.until.is_none_or(|until| until.0 > now);
        Before {
            states: all.clone().map(|n| pool.state(n)).collect(),
            standings: memory.nodes.iter().map(|n| n.standing).collect(),
            reqs: all.map(|n| pool.req(n)).collect(),
            errors: memory.nodes.iter().map(|n| n.errors).collect(),
            pending: memory.nodes.iter().map(|n| n.pending.is_some()).collect(),
            drained: memory.nodes.iter().map(|n| n.drain.as_ref().is_some_and(|d| holds(&d.flag))).collect(),
            epoch: memory.epoch,
            active: pool.active(),
            paused: memory.pause.as_ref().is_some_and(holds),
            flapping: memory.flapping,
            grace: memory.grace.is_some(),
            reigned: memory.reign.is_some(),
            passing: match &memory.seat {
                Seat::Passing(h) => Some((h.from, h.to)),
                _ => None,
            },
            forced: matches!(&memory.seat, Seat::Passing(h) if h.forced),
        }
    }

    /// Who is judged as ACTIVE.
    pub fn holder(&self) -> Option<usize> {
        self.active.or(self.passing.map(|(from, _)| from))
    }
}

impl Checks {
    pub fn new() -> Checks {
        Checks {
            command: None,
            debt: Debt::default(),
            restart_every: 16,
            changes: Vec::new(),
            reached: None,
            answered: Vec::new(),
            failed_again: 0,
            steps: 0,
        }
    }

    pub fn rebooted(&mut self, pool: &Pool, was: Option<String>, carry: Carry) {
        // What changed after the last write is forgotten: the count may fall behind, never ahead.
        self.changes.clear();
        (self.reached, self.failed_again) = (None, 0);
        self.debt.rebooted(pool, was, carry);
    }

    /// A node could have been promoted by an answer asked for since the errors were enough.
    pub fn was_ready(&self, world: &World, node: usize) -> bool {
        use mpp::core::eligible::Fitness;
        self.reached.is_some_and(|at| world.pool.fitness(node, Moment(at)) == Fitness::Eligible)
    }

    pub(super) fn forced(&self) -> bool {
        matches!(self.command, Some(Command::Switchover { force: true, .. }))
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
    truth: Option<Truth>,
    actions: &[Action],
) {
    one_writer(&world.pool);
    super::verdicts::as_they_should_be(&world.pool);
    remember(world, before, event, truth);
    epoch(world, before, actions);
    counted(world, before, event);
    moved(world, before, event);
    if let Some(node) = world.pool.active().filter(|_| world.pool.active() != before.active) {
        change::became_active(world, before, node, actions);
    }
    change::steps_down(world, before, actions);
    change::flap_guard(world, actions);
    restarts(world);
}

/// Invariant 1.
pub fn one_writer(pool: &Pool) {
    let all = 0..pool.memory().nodes.len();
    let writers: Vec<usize> = all.clone().filter(|&n| pool.verdict(n, Role::Rw).up).collect();
    assert!(writers.len() <= 1, "invariant 1: rw UP at {writers:?}");
    let active: Vec<usize> = all.filter(|&n| pool.state(n) == State::Active).collect();
    assert!(active.len() <= 1, "invariant 1: ACTIVE {active:?}");
    assert!(writers.iter().all(|w| active.contains(w)), "rw UP without ACTIVE");
    if let Some(takeover) = &pool.memory().takeover {
        assert!(takeover.held.as_ref().is_none_or(|why| !why.is_empty()), "held without a reason");
        assert_eq!(takeover.qualified.len(), pool.memory().nodes.len());
    }
}

/// Invariant 8: the epoch rises with each change of ACTIVE and with nothing else. With `replication: none` the PRIMARY may
/// get ACTIVE back in the decision that gave it away.
fn epoch(world: &World, before: &Before, actions: &[Action]) {
    let (epoch, active) = (world.pool.memory().epoch, world.pool.active());
    if !world.pool.settings().peers.is_empty() {
        // A peer's is taken over, too.
        return assert!(epoch >= before.epoch, "invariant 8: the epoch fell");
    }
    let gained =
        actions.iter().filter(|a| matches!(a, Action::Note(n) if loss::moves_active(n.what))).count();
    assert_eq!(
        epoch,
        before.epoch + gained as u64,
        "invariant 8: the epoch rises with each change of ACTIVE"
    );
    assert!(
        active.is_none() || (active != before.active) == (gained > 0),
        "a change of ACTIVE without a word"
    );
}

/// Invariants 4 and 5: `req` rises by a negative or a change of role alone; replication never counts against the ACTIVE
/// node.
fn counted(world: &World, before: &Before, event: Option<&Event>) {
    let pool = &world.pool;
    for (node, n) in pool.memory().nodes.iter().enumerate() {
        let role_changed = (pool.active() == Some(node)) != (before.active == Some(node))
            || pool.memory().epoch > before.epoch;
        let judgement = n.newest.as_ref().map(|s| &s.judgement);
        let negative = matches!(judgement, Some(Judgement::Negative(_) | Judgement::Denied(_)));
        let told = match event {
            Some(Event::Polled(polled, _)) => *polled == node || before.pending[node],
            Some(Event::Tick) => n.kind() == Some(Kind::Overdue) || before.pending[node],
            _ => before.pending[node],
        };
        let rose = pool.req(node) > before.reqs[node];
        assert!(!rose || role_changed || negative && told, "invariant 4: req of db{} rose", node + 1);
        assert!(n.errors <= before.errors[node] + 1, "two errors of one answer");
    }
    let Some(Event::Polled(node, observation)) = event else { return };
    let n = &pool.memory().nodes[*node];
    let (judged_active, taken) = (before.holder() == Some(*node), n.last_began() == observation.began);
    if taken && n.positive() && observation.answer.facts().is_some() {
        // It may have been ACTIVE for this one decision, which hands it on to the PRIMARY.
        let bump = u32::from(pool.active() != before.active || pool.memory().epoch > before.epoch);
        assert!(pool.req(*node) <= bump, "a positive leaves req {}", pool.req(*node));
    }
    if judged_active && taken && observation.answer.facts().is_some() {
        assert_eq!(n.errors, 0, "invariant 5: replication counted against ACTIVE");
    }
}

/// Which STATE may follow which.
fn moved(world: &World, before: &Before, event: Option<&Event>) {
    use State::{Active, FailOffline, FailOnline, Standby, Unknown};
    let pool = &world.pool;
    for (node, n) in pool.memory().nodes.iter().enumerate() {
        let (was, is) = (before.states[node], pool.state(node));
        let held = before.holder() == Some(node);
        let forced = world.checks.forced();
        let allowed = match (was, is) {
            (was, is) if was == is => true,
            (Unknown, Standby) => n.positive(),
            (FailOffline, FailOnline) | (FailOnline, FailOffline) => {
                matches!(event, Some(Event::Polled(..) | Event::Tick))
            }
            (Unknown | Standby | FailOnline | FailOffline, Active) | (Active, Standby) => true,
            (Unknown | Standby, FailOnline | FailOffline) => held || n.errors >= pool.settings().levels.fail,
            // Replaced; and the successor may be handing over to the PRIMARY already.
            (Active, FailOnline | FailOffline) => pool.memory().seat != Seat::Empty,
            (FailOnline | FailOffline, Unknown) => true,
            _ => false,
        };
        assert!(allowed || forced, "db{}: {was} -> {is}", node + 1);
        let peers = matches!(event, Some(Event::Peer(..)));
        if was.failed() && is == Unknown && world.checks.command.is_none() && !peers {
            recovered(pool, before, node);
        }
    }
}

/// By itself a node recovers only as `recovery` allows.
fn recovered(pool: &Pool, before: &Before, node: usize) {
    let Standing::Failed { while_active, from_unknown } = before.standings[node] else { return };
    let first = !before.reigned && from_unknown;
    let allowed = match pool.settings().recovery {
        Recovery::Manual => first,
        Recovery::Standby => first || !while_active,
        Recovery::Auto => true,
    };
    assert!(allowed && pool.memory().nodes[node].positive(), "{} recovered by itself", pool.name(node));
}

/// What is not the pool's to say: what was shown, and when the holder began to fail.
fn remember(world: &mut World, before: &Before, event: Option<&Event>, truth: Option<Truth>) {
    let (holder, now) = (before.holder(), world.now);
    let limit = world.pool.settings().failover_errors();
    let memory = world.pool.memory();
    let anew = matches!(event, Some(Event::WokeLate))
        || matches!(world.checks.command, Some(Command::Resume | Command::Ack))
        || before.paused && memory.pause.is_none()
        || before.grace && memory.grace.is_none();
    let failing = holder.is_some_and(|h| memory.nodes[h].errors >= limit);
    let polled = match event {
        Some(Event::Polled(node, o)) if memory.nodes[*node].last_began() == o.began => {
            Some((*node, o.began.0))
        }
        _ => None,
    };
    let counted = polled.filter(|(n, _)| memory.nodes[*n].errors > before.errors[*n]);
    let (same, servers) = (world.pool.active() == before.active, world.servers.len());
    let polled = polled.map(|(n, began)| (n, world.host(n), began));
    let checks = &mut world.checks;
    if let (Some((_, began)), true) = (counted, polled.map(|(n, ..)| n) == holder) {
        checks.failed_again = began;
    }
    if let (Some((node, server, _)), Some(event)) = (polled, event) {
        checks.debt.answered(server, event, truth, holder == Some(node));
    }
    if same && (!failing || anew || checks.reached.is_none()) {
        checks.reached = failing.then_some(now);
        checks.answered = vec![None; servers];
    }
    if let (Some((_, server, began)), Some(reached)) = (polled, checks.reached)
        && began >= reached
    {
        checks.answered[server].get_or_insert(now);
    }
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
