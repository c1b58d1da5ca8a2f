//! What `mpp why` says a change of ACTIVE lacks, against what the core does: once nothing is lacking, the change happens.

mod world;

use mpp::core::conditions::{Change, Condition};
use mpp::core::event::Command;
use mpp::core::settings::{Failback, Recovery};
use mpp::core::time::Moment;
use std::cell::Cell;
use world::faults::{Kind, LASTS, any, any_command};
use world::histories::histories;
use world::options::random_world;
use world::rng::Rng;
use world::server::{MS, SEC};
use world::{World, pair, steady_as};

/// What only time brings comes with the next event: in an interval, and a poll's deadline.
const SOON: u64 = 3 * SEC;

fn conditions(world: &World) -> Vec<Condition> {
    world.pool.conditions(Moment(world.now))
}

/// The unmet ones: name, words, help.
fn lacking(world: &World) -> Vec<(&'static str, String, String)> {
    let unmet = conditions(world).into_iter().filter(|c| !c.met);
    unmet.map(|c| (c.name, c.words, c.help.unwrap_or_default())).collect()
}

#[test]
fn a_change_that_lacks_nothing_happens_and_one_that_does_not_happen_lacks_something() {
    histories(120, |seed| {
        let mut rng = Rng::new(seed ^ 0xC0_4D17);
        let mut world = random_world(&mut rng, seed);
        world.checks.debt.unchecked = true;
        let nodes = world.servers.len();
        for _ in 0..3 {
            let start = world.now;
            for _ in 0..rng.range(1, 4) {
                let (kind, at, lasts) = (any(&mut rng, nodes), start + rng.below(6 * SEC), rng.pick(&LASTS));
                world.fault(kind, at, lasts);
            }
            let (at, command) = (start + rng.below(9 * SEC), any_command(&mut rng, nodes, true));
            world.fault_at(at, world::faults::Change::Operator(command));
            let met_since = Cell::new(None);
            world.run_until_true(rng.range(5, 40) * SEC, |w| {
                let all = conditions(w);
                let met = !all.is_empty() && all.iter().all(|c| c.met);
                met_since.set(met.then(|| met_since.get().unwrap_or(w.now)));
                assert!(met_since.get().is_none_or(|since| w.now - since < SOON), "nothing happens: {all:?}");
                false
            });
            world.heal();
        }
    });
}

#[test]
fn all_is_well_and_a_handover_under_way_lack_nothing() {
    let mut world = steady_as(&pair(), |_| {});
    assert_eq!(conditions(&world), []);
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    assert_eq!(conditions(&world), []);
}

#[test]
fn a_failover_names_what_it_lacks_and_the_command_that_helps() {
    let mut world = steady_as(&pair(), |_| {});
    world.command(Command::Pause { lasting: None }).expect("a pause");
    world.command(Command::Drain { node: 1, now: false, force: false, lasting: None }).expect("a drain");
    world.begin(Kind::Kill(0));
    world.run_for(300 * MS);
    let lacks = lacking(&world);
    assert_eq!(lacks[0].0, "failing", "it has not failed yet: {lacks:?}");
    assert!(lacks[0].1.contains("errors of 4 so far: connection refused"), "{lacks:?}");
    world.run_for(10 * SEC);
    let lacks = lacking(&world);
    let names: Vec<_> = lacks.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, ["allowed", "candidate", "confirmed"], "{lacks:?}");
    assert_eq!(
        (lacks[0].1.as_str(), lacks[0].2.as_str()),
        ("the pool is paused; mpp resume", "mpp resume db")
    );
    assert!(
        lacks[1]
            .2
            .starts_with("mpp undrain db/db2; or bring db1 back; or mpp switchover db --to db2 --force ")
    );
    world.command(Command::Undrain(1)).expect("back");
    world.run_for(3 * SEC);
    let lacks = lacking(&world);
    assert_eq!(lacks.len(), 1, "only the pause: {lacks:?}");
    assert_eq!(world.held(), lacks[0].1, "the words of the decision");
    world.command(Command::Resume).expect("no pause");
    world.run_for(2 * SEC);
    assert_eq!(world.active(), Some(1));
}

#[test]
fn a_failback_says_whether_it_is_wanted_and_whether_it_could_be() {
    let failback = |world: &World| {
        let all = conditions(world);
        assert!(all.iter().all(|c| c.change == Change::Failback) && all.len() == 2, "{all:?}");
        (all[0].clone(), all[1].clone())
    };
    let mut world = steady_as(&pair(), |s| (s.failback, s.recovery) = (Failback::Manual, Recovery::Standby));
    world.begin(Kind::Kill(0));
    world.run_for(5 * SEC);
    let (wanted, ready) = failback(&world);
    assert!(!wanted.met && wanted.help.is_none(), "there is nobody to hand to: {wanted:?}");
    assert_eq!((ready.met, ready.help.as_deref()), (false, Some("bring db1 back, then mpp recover db/db1")));
    world.end(Kind::Kill(0));
    world.run_for(8 * SEC);
    assert_eq!(failback(&world).1.help.as_deref(), Some("mpp recover db/db1"));
    world.command(Command::Recover(Some(0))).expect("recovered");
    world.run_for(4 * SEC);
    let (wanted, ready) = failback(&world);
    assert!(ready.met, "{ready:?}");
    assert_eq!(wanted.words, "db1 does not take over by itself (failback: manual)");
    assert_eq!(wanted.help.as_deref(), Some("mpp switchover db --to db1"));
}
