//! Random and exhaustive histories of a simulated world, every invariant checked after every step.
//!
//! `MPP_EXPLORE=N` multiplies the number of histories; a failure names its seed, `MPP_SEED=S` runs that one alone,
//! `MPP_TRACE=1` tells it.

mod world;

use mpp::core::event::What;
use mpp::core::settings::{Failback, OnDenied, PoolSettings, Recovery, WhenAllFail, Writable};
use mpp::core::time::Duration;
use mpp::core::words::{Role, Status};
use std::panic::{AssertUnwindSafe, catch_unwind};
use world::faults::{Change, Kind, LASTS, any, any_command, kinds_at};
use world::rng::Rng;
use world::server::{MS, SEC};
use world::{Path, World, one_way, pair, ring, settings, star};

fn explore() -> u64 {
    std::env::var("MPP_EXPLORE").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// Runs a history for each seed; tells the seed of one that fails.
fn histories(count: u64, history: impl Fn(u64)) {
    if let Some(seed) = std::env::var("MPP_SEED").ok().and_then(|s| s.parse().ok()) {
        return history(seed);
    }
    let mut failed = Vec::new();
    for seed in 0..count * explore() {
        if catch_unwind(AssertUnwindSafe(|| history(seed))).is_err() {
            failed.push(seed);
        }
        assert!(failed.len() < 5, "histories fail: MPP_SEED={failed:?}");
    }
    assert!(failed.is_empty(), "histories fail: MPP_SEED={failed:?}");
}

fn random_settings(rng: &mut Rng, count: usize) -> PoolSettings {
    let mut s = settings(count);
    s.recovery = rng.pick(&[Recovery::Manual, Recovery::Standby, Recovery::Auto, Recovery::Auto]);
    s.failback = rng.pick(&[Failback::Auto, Failback::Auto, Failback::Manual]);
    s.hostile_takeover = rng.one_in(4);
    s.failover_at = rng.pick(&[Status::Fail, Status::Fail, Status::Critical, Status::Warn]);
    s.max_loss = rng.pick(&[Some(2), Some(2), Some(5), None]).map(Duration::from_secs);
    s.max_failovers = rng.pick(&[3, 100, 1, 100]);
    s.flap_window = Duration::from_secs(rng.pick(&[600, 20]));
    s.recover_after = rng.pick(&[5, 1]);
    s.when_all_fail = rng.pick(&[WhenAllFail::Hold, WhenAllFail::Hold, WhenAllFail::Drop]);
    s.writable = rng.pick(&[Writable::Require, Writable::Require, Writable::Observe]);
    if rng.one_in(8) {
        s.max_lag = None;
    }
    for node in &mut s.nodes {
        node.promotable = !rng.one_in(12);
        node.on_denied = rng.pick(&[OnDenied::Alert, OnDenied::Alert, OnDenied::Fail]);
    }
    s.nodes[0].promotable = true;
    s
}

fn random_world(rng: &mut Rng, seed: u64) -> World {
    let shape = rng.pick(&[pair(), pair(), pair(), one_way(), ring(), star(), vec![vec![]], pair(), star()]);
    let mut world = World::new(random_settings(rng, shape.len()), &shape, seed);
    world.net.gtid = rng.one_in(2);
    // Along a ring only GTIDs compare; without them a source that is cut off looks as if it had nothing to say.
    world.checks.loss_unchecked = !world.net.gtid && shape.len() > 2;
    world.net.slave_net_timeout = rng.pick(&[4, 60]) * SEC;
    world.consumes = !rng.one_in(6);
    world.write_every = rng.pick(&[50, 50, 300, 0]) * MS;
    world
}

/// After the last fault exactly one node is ACTIVE and serves, in every mode that allows it.
fn settles(world: &mut World, bound: u64) {
    let allowed = |w: &World| w.pool.memory().pause.is_none();
    let good = |w: &World| {
        w.active().is_some_and(|a| w.pool.verdict(a, Role::Rw).up && w.pool.memory().nodes[a].positive())
    };
    if !allowed(world) {
        return;
    }
    let took = world.run_until_true(bound, good);
    let states = world.states();
    let why = world.pool.waits_for();
    assert!(took.is_some(), "invariant 10: nobody serves after {}s: {states:?}, {why:?}", bound / SEC);
    world.run_for(5 * SEC);
    assert!(world.active().is_some() || world.pool.waits_for().is_some(), "nobody ACTIVE, and no reason");
}

/// Some faults, close together; at times the standby's first, then the ACTIVE node's.
fn trouble(world: &mut World, rng: &mut Rng) {
    let (nodes, start) = (world.servers.len(), world.now);
    for _ in 0..rng.range(1, 4) {
        let (at, lasts) = (start + rng.below(6 * SEC), rng.pick(&LASTS) + rng.below(200 * MS));
        let kind = any(rng, nodes);
        world.fault(kind, at, lasts);
    }
    if rng.one_in(2) {
        let node = world.active().unwrap_or(0);
        let kind = rng.pick(&[Kind::Kill(node), Kind::Freeze(node), Kind::Drop(node), Kind::Full(node)]);
        let (at, lasts) = (start + rng.below(15 * SEC), rng.pick(&LASTS));
        world.fault(kind, at, lasts);
    }
    if rng.one_in(3) {
        let (kind, lasts) = (any(rng, nodes), rng.pick(&LASTS));
        world.in_handover = Some((kind, rng.below(3 * SEC), lasts));
    }
    if rng.one_in(4) {
        let what = rng.pick(&[Change::Restart, Change::WokeLate]);
        world.fault_at(start + rng.below(15 * SEC), what);
    }
}

#[test]
fn random_histories_of_faults_keep_every_invariant() {
    histories(1200, |seed| {
        let mut rng = Rng::new(seed ^ 0xFA017);
        let mut world = random_world(&mut rng, seed);
        if !rng.one_in(4) {
            world.run_for(8 * SEC);
        }
        for _ in 0..rng.range(1, 4) {
            trouble(&mut world, &mut rng);
            world.run_for(rng.range(3, 40) * SEC);
            if rng.one_in(2) {
                world.heal();
                world.run_for(rng.range(1, 25) * SEC);
            }
        }
        let had = world.pool.memory().reign.is_some();
        world.heal();
        if had || world.pool.settings().recovery != Recovery::Manual {
            settles(&mut world, 120 * SEC);
        }
    });
}

#[test]
fn random_histories_with_an_operator_keep_every_invariant() {
    histories(900, |seed| {
        let mut rng = Rng::new(seed ^ 0x0_0FE2);
        let mut world = random_world(&mut rng, seed);
        let nodes = world.servers.len();
        let force = rng.one_in(2);
        // Force may lose what it says it loses.
        world.checks.loss_unchecked |= force;
        world.run_for(rng.below(8 * SEC));
        for _ in 0..rng.range(1, 4) {
            if rng.one_in(2) {
                trouble(&mut world, &mut rng);
            }
            for _ in 0..rng.range(1, 4) {
                let (at, command) = (world.now + rng.below(12 * SEC), any_command(&mut rng, nodes, force));
                world.fault_at(at, Change::Operator(command));
            }
            world.run_for(rng.range(3, 30) * SEC);
            if rng.one_in(2) {
                world.heal();
            }
        }
        let had = world.pool.memory().reign.is_some();
        world.heal();
        if had {
            settles(&mut world, 120 * SEC);
        }
    });
}

/// Two faults on two nodes: every pair, at a grid of distances.
#[test]
fn every_pair_of_faults_on_two_nodes_keeps_every_invariant() {
    let kinds: Vec<Kind> = [kinds_at(0), kinds_at(1), vec![Kind::DropAll, Kind::Lossy(300)]].concat();
    let lasts = [300 * MS, 1500 * MS, 6 * SEC, 20 * SEC];
    let apart = [0, 130 * MS, 700 * MS, 1900 * MS, 4 * SEC, 12 * SEC];
    let pairs = (kinds.len() * kinds.len() * lasts.len() * lasts.len() * apart.len()) as u64;
    // A stride that is coprime to every length visits the whole grid in the end, and all of it evenly at first.
    let stride = 7919;
    let many = pairs.min(1200 * explore());
    let each = |i: u64| {
        let mut at = (i * stride % pairs) as usize;
        let mut pick = |of: usize| {
            let i = at % of;
            at /= of;
            i
        };
        let (a, b) = (kinds[pick(kinds.len())], kinds[pick(kinds.len())]);
        let (first, second) = (lasts[pick(lasts.len())], lasts[pick(lasts.len())]);
        let apart = apart[pick(apart.len())];
        let mut world = World::new(settings(2), &pair(), i);
        world.net.slave_net_timeout = 4 * SEC;
        world.run_until(8 * SEC);
        let start = 8 * SEC + i % 17 * 61 * MS;
        world.fault(a, start, first);
        world.fault(b, start + apart, second);
        world.run_until(start + first.max(apart + second) + SEC);
        world.heal();
        settles(&mut world, 60 * SEC);
    };
    histories(many.div_ceil(explore()), each);
}

#[test]
fn when_all_monitoring_is_lost_nobody_is_promoted() {
    histories(250, |seed| {
        let mut rng = Rng::new(seed ^ 0xB11D);
        let mut world = random_world(&mut rng, seed);
        world.pool = mpp::core::pool::Pool::new(
            PoolSettings { failover_at: rng.pick(&Status::ALL[1..]), ..world.pool.settings().clone() },
            mpp::core::time::Moment(SEC),
        );
        world.latency = (200_000, rng.pick(&[800_000, 300 * MS]));
        world.run_until(12 * SEC + rng.below(SEC));
        let handover = rng.one_in(3)
            && world.command(mpp::core::event::Command::Switchover { to: None, force: false }).is_ok();
        world.run_for(rng.below(if handover { 3 * SEC } else { SEC }));
        let (active, failovers) = (world.active(), world.count(What::Failover));
        let cut = rng.pick(&[Path::Drops, Path::Refuses]);
        world.paths.iter_mut().for_each(|p| *p = cut);
        let lasts = rng.pick(&[rng.clone().range(300, 6000) * MS, 90 * SEC]);
        world.run_for(lasts);
        world.paths.iter_mut().for_each(|p| *p = Path::Open);
        world.run_for(30 * SEC);
        assert_eq!(world.count(What::Failover), failovers, "invariant 9: {}", world.last(What::Failover));
        if let (Some(active), false) = (active, handover) {
            let failback = world.count(What::Handover) > 0;
            assert!(failback || world.active() == Some(active), "invariant 9");
        }
        assert!(
            world.active().is_some() || active.is_none(),
            "nobody took it back: {:?}",
            world.pool.waits_for()
        );
    });
}

#[test]
fn a_healthy_standby_takes_over_within_the_bound() {
    histories(250, |seed| {
        let mut rng = Rng::new(seed ^ 0xB0);
        let shape = rng.pick(&[pair(), one_way(), ring(), star()]);
        let mut world = World::new(settings(shape.len()), &shape, seed);
        world.net.slave_net_timeout = rng.pick(&[4, 60]) * SEC;
        world.run_until(10 * SEC + rng.below(2 * SEC));
        let kind = rng.pick(&[Kind::Kill(0), Kind::Freeze(0), Kind::Drop(0), Kind::Refuse(0), Kind::Full(0)]);
        let bound = match kind {
            Kind::Kill(_) | Kind::Refuse(_) => 1000 + 3 * 250 + 10,
            Kind::Full(_) => 5000 + 5 * 1000,
            _ => 1000 + 6 * 500 + 100,
        };
        world.begin(kind);
        let took =
            world.run_until_true(60 * SEC, |w| w.active().is_some_and(|a| a != 0)).expect("a failover");
        assert!(took <= bound * MS, "invariant 3: {kind:?} took {}ms of {bound}", took / MS);
    });
}

#[test]
fn an_hour_of_steady_state_moves_nothing() {
    let cases: [(&str, u64, u64, Option<Kind>); 4] = [
        ("5 % of the polls are lost", 50, 0, None),
        ("one poll in ten is late", 0, 100, None),
        ("a standby at the edge of the timeout", 0, 0, Some(Kind::SlowSql(1, SEC))),
        ("a standby that lags around max_lag", 0, 0, Some(Kind::SlowSql(1, 30_500 * MS))),
    ];
    histories(1, |seed| {
        for (case, lost, late, fault) in cases {
            let mut world = World::new(settings(2), &pair(), seed);
            world.checks.restart_every = 0;
            world.run_until(10 * SEC);
            (world.lost, world.late) = (lost, late);
            if case.contains("edge") {
                world.latency = (480 * MS, 499 * MS);
            }
            if let Some(kind) = fault {
                world.begin(kind);
            }
            world.write_every = 500 * MS;
            world.run_for(3600 * SEC);
            let changes = world.count(What::Failover) + world.count(What::Handover);
            assert_eq!((changes, world.active()), (0, Some(0)), "invariant 11: {case}");
        }
    });
}

#[test]
fn one_lost_or_slow_poll_changes_no_state() {
    histories(12, |seed| {
        let mut rng = Rng::new(seed ^ 0x10);
        let mut world = World::new(settings(2), &pair(), seed);
        world.run_until(10 * SEC);
        for _ in 0..6 {
            let states = world.states();
            let node = rng.below(2) as usize;
            let (kind, lasts) = rng.pick(&[(Kind::Drop(node), 990 * MS), (Kind::Refuse(node), 240 * MS)]);
            // As long as one poll of a healthy node, not longer.
            let at = world.now;
            world.fault(kind, at, lasts.min(if node == 0 { 240 * MS } else { lasts }));
            world.run_for(4 * SEC);
            assert_eq!(world.states(), states, "invariant 6: {kind:?}");
        }
    });
}
