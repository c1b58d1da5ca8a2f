//! After a reboot (docs/how-it-decides.md, "Restart and reboot"): what is kept, what is forgotten, and whom the pool waits for.

mod world;

use mpp::core::event::{Command, What};
use mpp::core::pool::Pool;
use mpp::core::reboot::Carry;
use mpp::core::time::{Duration, Moment};
use mpp::core::words::State;
use world::faults::Kind;
use world::server::SEC;
use world::{World, pair, settings};

const GRACE: Duration = Duration::from_secs(30);

fn steady() -> World {
    let mut world = World::new(settings(2), &pair(), 1);
    world.run_for(10 * SEC);
    assert_eq!(world.active(), Some(0));
    world
}

/// The director is rebooted: its clock begins anew, what was seen is forgotten.
fn reboot(world: &mut World) {
    let now = Moment(world.now);
    // The world's clock goes on; the memory is as if it came from a boot whose clock stood elsewhere.
    let memory = world.pool.memory().clone();
    let carry = Carry { then: now, now };
    world.pool = Pool::reboot(world.pool.settings().clone(), memory, carry, GRACE);
}

#[test]
fn the_same_node_is_active_and_the_others_are_unknown_until_they_answer() {
    let mut world = steady();
    reboot(&mut world);
    assert_eq!(world.states(), [State::Active, State::Unknown]);
    world.run_for(3 * SEC);
    assert_eq!(world.states(), [State::Active, State::Standby]);
    assert_eq!(world.count(What::Failover), 0);
}

#[test]
fn a_handover_is_given_up() {
    let mut world = steady();
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a handover");
    reboot(&mut world);
    assert_eq!(world.active(), Some(0));
}

#[test]
fn nobody_else_is_chosen_before_the_grace_is_over() {
    let mut world = steady();
    world.begin(Kind::Kill(0));
    reboot(&mut world);
    world.run_for(29 * SEC);
    assert_eq!(world.active(), Some(0), "{}", world.held());
    assert!(world.held().contains("was ACTIVE before the reboot"), "{}", world.held());
    world.run_until_true(2 * SEC, |w| w.pool.memory().grace.is_none()).expect("the end of the grace");
    let asked = world.pool.takeover().map(|t| t.since);
    assert_eq!(asked, Some(Moment(world.now)), "everybody is asked anew");
    world.run_for(3 * SEC);
    assert_eq!(world.active(), Some(1), "{}", world.held());
}

#[test]
fn once_the_active_node_has_answered_it_is_replaced_as_ever() {
    let mut world = steady();
    reboot(&mut world);
    world.run_for(3 * SEC);
    world.begin(Kind::Kill(0));
    world.run_for(4 * SEC);
    assert_eq!(world.active(), Some(1), "{}", world.held());
}

#[test]
fn how_stale_a_member_was_is_carried_over_to_a_younger_clock() {
    let mut world = steady();
    let (then, now) = (Moment(world.now), Moment((1 << 60) + 20 * SEC));
    let before = world.pool.memory().reign.clone().expect("a reign");
    let memory = world.pool.memory().clone();
    let pool = Pool::reboot(world.pool.settings().clone(), memory, Carry { then, now }, GRACE);
    let after = pool.memory().reign.clone().expect("a reign");
    assert_eq!(now.since(after.seen), then.since(before.seen));
    assert_eq!(after.seen.since(after.since), before.seen.since(before.since));
    let fed = |p: &Pool| p.memory().nodes[1].fed.expect("fed");
    assert_eq!(now.since(fed(&pool)), then.since(fed(&world.pool)));
    let ages = |shown: &[mpp::core::pool::Shown], at: Moment| -> Vec<Duration> {
        shown.iter().map(|s| at.since(s.at)).collect()
    };
    assert_eq!(ages(&after.shown, now), ages(&before.shown, then));
    world.run_for(SEC);
}

#[test]
fn how_stale_a_member_was_is_known_also_when_the_machine_has_been_up_for_a_moment_only() {
    let mut world = steady();
    world.begin(Kind::StopIo(1));
    world.run_for(100 * SEC);
    let stale = world.pool.stale(1);
    assert!(stale > Duration::from_secs(90), "{stale:?}");
    // The ACTIVE node is long dead, and the director is rebooted twice.
    let (then, now) = (Moment(world.now + 3600 * SEC), Moment(15 * SEC));
    let mut pool = world.pool.clone();
    for carry in [Carry { then, now }, Carry { then: now, now: Moment(5 * SEC) }] {
        pool = Pool::reboot(pool.settings().clone(), pool.memory().clone(), carry, GRACE);
        assert_eq!(pool.stale(1), stale);
    }
}

#[test]
fn a_drain_that_waits_for_a_successor_ends_when_it_would_have() {
    let mut world = steady();
    world.begin(Kind::Kill(1));
    world.run_for(5 * SEC);
    let drain = Command::Drain { node: 0, now: false, force: true, lasting: Some(Duration::from_secs(60)) };
    world.command(drain).expect("to be drained");
    let (then, now) = (Moment(world.now + 10 * SEC), Moment(15 * SEC));
    let memory = world.pool.memory().clone();
    let pool = Pool::reboot(world.pool.settings().clone(), memory, Carry { then, now }, GRACE);
    let until = pool.memory().nodes[0].drain_wanted.as_ref().and_then(|d| d.flag.until);
    assert_eq!(until, Some(Moment(65 * SEC)));
}

#[test]
fn who_has_made_a_change_of_its_own_since_the_reboot_has_an_epoch_again() {
    let mut world = steady();
    reboot(&mut world);
    assert!(world.pool.memory().fresh);
    world.run_for(5 * SEC);
    world.begin(Kind::Kill(0));
    world.run_until_true(5 * SEC, |w| w.active() == Some(1)).expect("a failover");
    assert!(!world.pool.memory().fresh);
}
