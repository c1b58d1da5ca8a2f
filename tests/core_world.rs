//! Random and exhaustive histories of a simulated world, every invariant checked after every step.
//!
//! `make explore` runs far more of them (see `world::histories`).

mod world;

use mpp::core::event::Command;
use mpp::core::node::Standing;
use mpp::core::pool::Seat;
use mpp::core::settings::{PoolSettings, Recovery, Writable};
use world::faults::{Change, Kind, LASTS, any, any_command, any_trouble_of_the_director};
use world::faults::{kinds_at, kinds_everywhere};
use world::histories::{explore, histories};
use world::options::random_world;
use world::rng::Rng;
use world::server::{MS, SEC};
use world::{World, nanos, pair, settings};

/// Whether the pool comes to an ACTIVE node that serves without an operator, once nothing is wrong any more.
fn must_settle(world: &World) -> bool {
    let memory = world.pool.memory();
    let starts_by_itself = |n: &mpp::core::node::Node| match n.standing {
        Standing::Failed { from_unknown, .. } => {
            from_unknown || world.pool.settings().recovery == Recovery::Auto
        }
        _ => true,
    };
    match memory.seat {
        Seat::Held(_) | Seat::Passing(_) => true,
        // Only an operator ends it, and knows what the other site did.
        Seat::Empty if memory.isolation.is_some() || memory.withdrawn.is_some() => false,
        // Nobody was ever ACTIVE: at least one must be in for it. After a forced removal of the ACTIVE node what it
        // had shown may be with nobody.
        Seat::Empty => {
            memory.reign.is_none()
                && memory
                    .nodes
                    .iter()
                    .zip(&world.pool.settings().nodes)
                    .any(|(n, s)| s.promotable && n.drain.is_none())
                && memory.nodes.iter().all(starts_by_itself)
        }
    }
}

/// After the last fault exactly one node is ACTIVE and serves, in every mode that allows it.
fn settles(world: &mut World) {
    // What was asked in the trouble still tells of it, and may isolate the pool.
    world.run_for(2 * SEC);
    if world.pool.memory().pause.is_some() || !must_settle(world) {
        return;
    }
    let (settings, now) = (world.pool.settings(), mpp::core::time::Moment(world.now));
    let rounds = (0..settings.nodes.len()).map(|n| world.pool.positives_needed(n, now)).max().unwrap_or(0);
    let bound =
        120 * SEC + 2 * nanos(settings.slowest_interval()) * u64::from(rounds) + nanos(settings.handover);
    let took = world.run_until_true(bound, World::serves);
    let (states, why) = (world.states(), world.pool.waits_for());
    assert!(took.is_some(), "invariant 10: nobody serves after {}s: {states:?}, {why:?}", bound / SEC);
    world.run_for(5 * SEC);
    assert!(world.active().is_some() || world.pool.waits_for().is_some(), "nobody ACTIVE, and no reason");
    world.gates_settle();
}

/// Within so long an operator gives the commands he has in mind.
const GIVEN_WITHIN: u64 = 12 * SEC;

/// Some faults, close together; at times the standby's first, then the ACTIVE node's.
fn trouble(world: &mut World, rng: &mut Rng) {
    let (nodes, start) = (world.servers.len(), world.now);
    for _ in 0..rng.range(1, 4) {
        let (at, lasts) = (start + rng.below(6 * SEC), rng.pick(&LASTS) + rng.below(200 * MS));
        let kind = any(rng, nodes);
        world.fault(kind, at, lasts);
    }
    if rng.one_in(2) {
        let node = world.active().map_or(0, |a| world.host(a));
        let kinds =
            [Kind::Kill(node), Kind::Freeze(node), Kind::Drop(node), Kind::Full(node), Kind::Unplug(node)];
        let (at, kind, lasts) = (start + rng.below(15 * SEC), rng.pick(&kinds), rng.pick(&LASTS));
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

/// The end of a history: everything is well again, or only replication is not.
fn ends(world: &mut World, rng: &mut Rng) {
    world.run_until_awake();
    world.heal();
    let had = world.active().is_some();
    if had && rng.one_in(6) {
        world.begin(Kind::BreakAll);
    }
    settles(world);
}

#[test]
fn random_histories_of_faults_keep_every_invariant() {
    histories(900 * explore(), |seed| {
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
        ends(&mut world, &mut rng);
    });
}

#[test]
fn random_histories_with_an_operator_keep_every_invariant() {
    histories(600 * explore(), |seed| {
        let mut rng = Rng::new(seed ^ 0x0_0FE2);
        let mut world = random_world(&mut rng, seed);
        let nodes = world.servers.len();
        let force = rng.one_in(2);
        // Force may lose what it says it loses.
        world.checks.debt.unchecked |= force;
        world.run_for(rng.below(8 * SEC));
        for _ in 0..rng.range(1, 4) {
            if rng.one_in(2) {
                trouble(&mut world, &mut rng);
            }
            for _ in 0..rng.range(1, 4) {
                let (at, command) =
                    (world.now + rng.below(GIVEN_WITHIN), any_command(&mut rng, nodes, force));
                world.fault_at(at, Change::Operator(command));
            }
            world.run_for(rng.range(3, 30) * SEC);
            if rng.one_in(2) {
                world.heal();
            }
        }
        // A pause that is still to come would be no end.
        world.run_for(GIVEN_WITHIN);
        ends(&mut world, &mut rng);
    });
}

#[test]
fn random_histories_of_a_director_in_trouble_keep_every_invariant() {
    histories(600 * explore(), |seed| {
        let mut rng = Rng::new(seed ^ 0xD12EC);
        let mut world = random_world(&mut rng, seed);
        let nodes = world.servers.len();
        world.run_for(rng.below(12 * SEC));
        for _ in 0..rng.range(1, 5) {
            if rng.one_in(2) {
                trouble(&mut world, &mut rng);
            }
            if rng.one_in(2) {
                let to = Command::Switchover { to: None, force: false };
                let command = if rng.one_in(2) { to } else { any_command(&mut rng, nodes, false) };
                world.fault_at(world.now + rng.below(6 * SEC), Change::Operator(command));
            }
            for _ in 0..rng.range(1, 4) {
                world.run_for(rng.below(6 * SEC));
                any_trouble_of_the_director(&mut rng, &world).apply(&mut world);
            }
            world.run_for(rng.range(1, 30) * SEC);
            if rng.one_in(2) {
                world.heal();
            }
        }
        world.run_for(60 * SEC);
        ends(&mut world, &mut rng);
    });
}

/// One of the two things that go wrong.
#[derive(Clone, Debug)]
enum Trouble {
    Fault(Kind),
    Change(Change),
}

impl Trouble {
    fn all() -> Vec<Trouble> {
        let faults = [kinds_at(0), kinds_at(1), kinds_everywhere()].concat();
        let to = Command::Switchover { to: Some(1), force: false };
        let changes = [
            Change::Restart,
            Change::Sleep(4 * SEC),
            Change::Reboot(20 * SEC),
            Change::Operator(to),
            Change::Operator(Command::Drain { node: 0, now: false, force: true, lasting: None }),
        ];
        faults.into_iter().map(Trouble::Fault).chain(changes.map(Trouble::Change)).collect()
    }

    fn comes(&self, world: &mut World, at: u64, lasts: u64) {
        match self {
            Trouble::Fault(kind) => world.fault(*kind, at, lasts),
            Trouble::Change(change) => world.fault_at(at, change.clone()),
        }
    }
}

/// Two faults on two nodes: every pair, at a grid of lengths and distances.
#[test]
fn every_pair_of_faults_on_two_nodes_keeps_every_invariant() {
    let kinds = Trouble::all();
    let lasts = [300 * MS, 1500 * MS, 6 * SEC, 20 * SEC];
    let apart = [0, 130 * MS, 700 * MS, 1900 * MS, 4 * SEC, 12 * SEC];
    let modes = [Writable::Require, Writable::Manage];
    let pairs = (kinds.len() * kinds.len() * lasts.len() * lasts.len() * apart.len() * modes.len()) as u64;
    // A stride that is coprime to every length visits the whole grid in the end, and all of it evenly at first.
    let stride = 7919;
    let each = |i: u64| {
        let mut at = (i * stride % pairs) as usize;
        let mut pick = |of: usize| {
            let i = at % of;
            at /= of;
            i
        };
        let (a, b) = (&kinds[pick(kinds.len())], &kinds[pick(kinds.len())]);
        let (first, second) = (lasts[pick(lasts.len())], lasts[pick(lasts.len())]);
        let apart = apart[pick(apart.len())];
        let writable = modes[pick(modes.len())];
        let mut world = World::new(PoolSettings { writable, ..settings(2) }, &pair(), i);
        world.net.slave_net_timeout = 4 * SEC;
        world.run_until(8 * SEC);
        let start = 8 * SEC + i % 17 * 61 * MS;
        a.comes(&mut world, start, first);
        b.comes(&mut world, start + apart, second);
        world.run_until(start + first.max(apart + second) + SEC);
        world.heal();
        settles(&mut world);
    };
    let whole = explore() > 1;
    histories(if whole { pairs } else { 800 }, each);
}
