//! The edges of the rules: bounds and orders that no other directed history stands on.

mod world;

use mpp::core::event::{Command, What};
use mpp::core::node::Node;
use mpp::core::settings::{Failback, PoolSettings, Recovery};
use mpp::core::time::{Duration, Moment};
use mpp::core::words::State;
use world::faults::Kind;
use world::options::mesh;
use world::server::{MS, SEC};
use world::{World, chain, pair, star, steady_as};

/// A steady world in which every node recovers by itself.
fn steady(shape: &[Vec<usize>], change: impl FnOnce(&mut PoolSettings)) -> World {
    steady_as(shape, |settings| {
        settings.recovery = Recovery::Auto;
        change(settings);
    })
}

fn by_hand(settings: &mut PoolSettings) {
    settings.failback = Failback::Manual;
}

#[track_caller]
fn becomes_active(world: &mut World, node: usize, within: u64) {
    let took = world.run_until_true(within, |w| w.active() == Some(node));
    assert!(took.is_some(), "db{}: {}", node + 1, world.held());
}

fn node(world: &World, node: usize) -> &Node {
    &world.pool.memory().nodes[node]
}

fn switchover(world: &mut World, to: usize, force: bool) {
    world.command(Command::Switchover { to: Some(to), force }).expect("a switchover");
}

// ---- who is promoted, and when ----

/// db3 is cut off and ready; db2 has more, and so long it applies its relay log.
fn the_better_one_applies(by: u64) -> World {
    let mut world = steady(&star(), |_| {});
    world.begin(Kind::SlowSql(1, by));
    world.run_for(5 * SEC);
    world.begin(Kind::CutOff(2));
    world.run_for(SEC);
    world.begin(Kind::Kill(0));
    world
}

#[test]
fn who_received_most_is_waited_for_while_it_applies_its_relay_log() {
    let mut world = the_better_one_applies(20 * SEC);
    becomes_active(&mut world, 1, 25 * SEC);
}

#[test]
fn but_no_longer_than_drain_timeout_while_another_is_ready() {
    let mut world = the_better_one_applies(3600 * SEC);
    world.run_for(29 * SEC);
    assert_eq!(world.active(), Some(0), "db2 is waited for");
    becomes_active(&mut world, 2, 5 * SEC);
}

#[test]
fn of_two_whose_positions_do_not_compare_and_that_were_fed_alike_priority_decides() {
    // db3 replicates from db1, db2 from db3: it is always fed a little later.
    let mut world = steady(&[vec![1], vec![2], vec![0]], |_| {});
    world.net.gtid = false;
    world.run_for(5 * SEC);
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 3 * SEC);
}

#[test]
fn a_saturated_node_whose_last_error_came_too_soon_to_count_is_not_called_held() {
    let patient_for_less_than_an_interval = |s: &mut PoolSettings| {
        s.nodes.iter_mut().for_each(|n| n.pace.timeout = Duration::from_millis(200));
    };
    let mut world = steady(&pair(), patient_for_less_than_an_interval);
    world.begin(Kind::Full(0));
    becomes_active(&mut world, 1, 12 * SEC);
    assert_eq!(world.count(What::Held), 0);
}

#[test]
fn a_member_feeds_no_further_than_it_was_fed_itself() {
    // db3 replicates from db2, which no longer replicates from db1: Yes, Yes, 0s says nothing.
    let mut world = steady(&chain(), |s| s.max_failovers = 100);
    world.net.gtid = false;
    world.begin(Kind::StopIo(1));
    world.run_for(10 * SEC);
    world.begin(Kind::Kill(0));
    world.run_for(10 * SEC);
    assert_eq!(world.active(), Some(0), "{}", world.last(What::Failover));
    assert!(world.held().contains("db3 was last fed"), "{}", world.held());
}

#[test]
fn candidates_are_asked_faster_from_the_first_error_on_and_a_held_node_is_asked_slowly() {
    let mut world = steady(&pair(), |_| {});
    world.begin(Kind::StopSql(1));
    world.run_for(10 * SEC);
    assert_eq!(world.pool.state(1), State::FailOnline);
    world.end(Kind::StopSql(1));
    world.run_for(10 * SEC);
    world.lose_next = Some(0);
    world.run_until_true(2 * SEC, |w| node(w, 0).errors == 1).expect("an error");
    let (retry, interval) = (Duration::from_millis(250), Duration::from_secs(1));
    assert_eq!((world.pool.pace(0), world.pool.pace(1)), (retry, retry));
    world.run_for(5 * SEC);
    [Kind::Refuse(0), Kind::Refuse(1)].into_iter().for_each(|k| world.begin(k));
    world.run_for(5 * SEC);
    assert!(world.pool.held().is_some());
    assert_eq!((world.pool.pace(0), world.pool.pace(1)), (interval, interval));
}

// ---- handovers ----

#[test]
fn active_is_handed_only_from_one_that_answers_to_one_that_keeps_up_and_the_reason_is_told() {
    for (fault, to, why) in [
        (Kind::Deny(0), 1, "db1 has a negative: "),
        (Kind::SlowSql(1, 5 * SEC), 1, "db2 is 4s behind (at most 2s)"),
        (Kind::Kill(1), 2, "db3 has lost its source"),
    ] {
        // db3 replicates from db2, and that from db1.
        let mut world = steady(&chain(), |_| {});
        world.begin(fault);
        let refused = |w: &World| w.pool.can_hand_to(to, Moment(w.now)).is_err_and(|e| e.starts_with(why));
        let said = world.run_until_true(10 * SEC, refused);
        said.unwrap_or_else(|| panic!("{fault:?}: {:?}", world.pool.can_hand_to(to, Moment(world.now))));
    }
}

#[test]
fn who_becomes_read_only_while_it_is_handed_to_is_not_made_active() {
    let mut world = steady(&pair(), |_| {});
    switchover(&mut world, 1, false);
    world.begin(Kind::ReadOnly(1));
    world.run_until_true(10 * SEC, |w| w.count(What::HandoverGivenUp) == 1).expect("given up");
    becomes_active(&mut world, 0, 2 * SEC);
}

#[test]
fn who_is_made_active_by_force_is_drained_no_more() {
    let mut world = steady(&pair(), |_| {});
    world.command(Command::Drain { node: 1, now: false, force: false, lasting: None }).expect("drained");
    switchover(&mut world, 1, true);
    becomes_active(&mut world, 1, 10 * SEC);
    assert_eq!((node(&world, 1).drain.is_none(), world.pool.weight(1)), (true, 1));
}

#[test]
fn a_paused_pool_does_not_call_itself_flapping() {
    let mut world = steady(&pair(), |s| (s.max_failovers, s.recovery) = (1, Recovery::Auto));
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 5 * SEC);
    world.end(Kind::Kill(0));
    world.run_for(20 * SEC);
    world.command(Command::Pause { lasting: None }).expect("paused");
    world.begin(Kind::Kill(1));
    world.run_for(20 * SEC);
    assert!(world.held().contains("paused") && !world.pool.memory().flapping, "{}", world.held());
    world.command(Command::Resume).expect("resumed");
    assert!(world.pool.memory().flapping, "another one would be one too many");
}

#[test]
fn a_handover_is_given_up_at_the_second_error_of_its_target() {
    let mut world = steady(&pair(), |_| {});
    world.consumes = false;
    switchover(&mut world, 1, false);
    world.begin(Kind::Kill(1));
    world.run_until_true(3 * SEC, |w| w.count(What::HandoverGivenUp) == 1).expect("given up");
    assert_eq!(node(&world, 1).errors, 2);
}

#[test]
fn a_forced_handover_bears_a_lost_poll_of_a_target_that_had_errors() {
    let mut world = steady(&pair(), by_hand);
    world.begin(Kind::DuplicateKey(1));
    world.run_for(3500 * MS);
    switchover(&mut world, 1, true);
    world.lose_next = Some(1);
    becomes_active(&mut world, 1, 10 * SEC);
    assert_eq!(world.count(What::HandoverGivenUp), 0);
}

#[test]
fn who_takes_active_back_is_measured_by_what_it_had_shown_before() {
    let mut world = steady(&pair(), |_| {});
    world.net.slave_net_timeout = 60 * SEC;
    world.begin(Kind::Cut(1, 0));
    world.run_for(6 * SEC);
    switchover(&mut world, 1, true);
    world.begin(Kind::Kill(1));
    becomes_active(&mut world, 0, 5 * SEC);
    world.end(Kind::Kill(1));
    world.begin(Kind::Kill(0));
    world.run_for(30 * SEC);
    assert_eq!(world.active(), Some(0), "{}", world.last(What::Failover));
    assert!(world.held().contains("db2 lacks"), "{}", world.held());
}

#[test]
fn who_recovered_and_is_handed_to_is_asked_once_more_as_standby() {
    // The reload ends a hostile handover to an UNKNOWN node, and there is nothing to wait for.
    let mut world =
        steady(&pair(), |s| (s.hostile_takeover, s.handover, s.max_lag) = (true, Duration::ZERO, None));
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 3 * SEC);
    world.end(Kind::Kill(0));
    world.run_until_true(20 * SEC, |w| w.active().is_none()).expect("a handover");
    world.begin(Kind::Stuck(0));
    assert!(world.reload(PoolSettings { hostile_takeover: false, ..world.pool.settings().clone() }, false));
    world.run_for(300 * MS);
    assert_eq!((world.active(), world.pool.state(0)), (None, State::Unknown));
    world.end(Kind::Stuck(0));
    // The world checks that nobody is made ACTIVE in the decision that makes it STANDBY.
    becomes_active(&mut world, 0, SEC);
}

#[test]
fn a_drain_that_waits_for_a_successor_is_done_also_by_a_failover() {
    let mut world = steady(&pair(), by_hand);
    world.begin(Kind::DuplicateKey(1));
    world.run_for(2500 * MS);
    let drain = Command::Drain { node: 0, now: false, force: true, lasting: None };
    world.command(drain).expect("force");
    world.begin(Kind::Kill(0));
    world.end(Kind::DuplicateKey(1));
    becomes_active(&mut world, 1, 10 * SEC);
    assert_eq!(world.count(What::Failover), 1);
    assert!(node(&world, 0).drain.is_some());
}

// ---- failback and recovery ----

#[test]
fn the_death_of_the_node_an_operator_chose_switches_failback_on_again() {
    let mut world = steady(&mesh(), |_| {});
    switchover(&mut world, 1, false);
    becomes_active(&mut world, 1, 3 * SEC);
    world.run_for(10 * SEC);
    assert_eq!(world.active(), Some(1), "no failback from whom an operator chose");
    [Kind::Kill(0), Kind::Kill(1)].into_iter().for_each(|k| world.begin(k));
    becomes_active(&mut world, 2, 3 * SEC);
    world.heal();
    becomes_active(&mut world, 0, 60 * SEC);
}

#[test]
fn a_flapping_pool_does_not_fail_back_until_somebody_acknowledges() {
    let mut world = steady(&pair(), |s| (s.max_failovers, s.flap_window) = (1, Duration::from_secs(20)));
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 3 * SEC);
    world.begin(Kind::Kill(1));
    world.run_for(5 * SEC);
    assert!(world.pool.memory().flapping);
    [Kind::Kill(0), Kind::Kill(1)].into_iter().for_each(|k| world.end(k));
    world.run_for(60 * SEC);
    assert_eq!((world.active(), world.pool.state(0)), (Some(1), State::Standby), "the window is long over");
    world.command(Command::Ack).expect("ack");
    becomes_active(&mut world, 0, 5 * SEC);
}

#[test]
fn each_new_failure_doubles_the_good_answers_it_takes_to_recover() {
    let mut world = steady(&pair(), |_| {});
    for needed in [5, 10, 20] {
        world.begin(Kind::StopSql(1));
        world.run_until_true(8 * SEC, |w| w.pool.state(1).failed()).expect("a failure");
        world.end(Kind::StopSql(1));
        world.run_until_true(30 * SEC, |w| node(w, 1).positives == needed - 1).expect("good answers");
        assert!(world.pool.state(1).failed(), "not before {needed} of them");
        world.run_for(1100 * MS);
        assert_eq!(world.pool.state(1), State::Unknown);
        world.run_for(3 * SEC);
    }
}

#[test]
fn a_node_that_holds_what_the_pool_lacks_waits_for_an_operator_in_every_mode() {
    for mysql in [false, true] {
        let mut world = steady(&pair(), |_| {});
        world.net.mysql = mysql;
        world.begin(Kind::SlowIo(1, SEC));
        world.run_for(5 * SEC);
        world.begin(Kind::Kill(0));
        becomes_active(&mut world, 1, 3 * SEC);
        world.begin(Kind::StopIo(1));
        world.end(Kind::Kill(0));
        world.run_for(60 * SEC);
        assert_eq!(world.pool.state(0), State::FailOnline);
        let why = world.pool.may_recover(0).expect_err("a reason");
        assert!(why.contains("that the pool lacks; mpp recover db/db1"), "{why}");
    }
}

// ---- by force, and by a reload ----

#[test]
fn who_is_made_active_by_force_begins_without_errors_and_the_dead_one_has_failed() {
    let mut world = steady(&pair(), by_hand);
    world.begin(Kind::DuplicateKey(1));
    world.begin(Kind::Kill(0));
    world.run_for(5 * SEC);
    assert!(node(&world, 1).errors > 0);
    switchover(&mut world, 1, true);
    assert_eq!(
        (world.active(), node(&world, 1).errors, world.pool.state(0)),
        (Some(1), 0, State::FailOffline)
    );
}

#[test]
fn neither_node_of_a_handover_is_drained_meanwhile() {
    let mut world = steady(&pair(), |_| {});
    switchover(&mut world, 1, false);
    for node in [0, 1] {
        let drain = Command::Drain { node, now: false, force: true, lasting: None };
        assert!(world.command(drain).is_err_and(|why| why.contains("is in a handover")));
    }
}

#[test]
fn a_reload_asks_once_more_who_had_qualified_and_a_lost_target_switches_failback_off() {
    let qualified = |w: &World| w.pool.takeover().map(|t| t.qualified.clone()).unwrap_or_default();
    let mut world = steady(&star(), |_| {});
    world.begin(Kind::Kill(0));
    world.run_until_true(3 * SEC, |w| qualified(w).iter().any(Option::is_some)).expect("a candidate");
    assert!(world.reload(world.settings_for(&[0, 2, 1]), false));
    assert_eq!(qualified(&world), [None; 3]);
    becomes_active(&mut world, 1, 3 * SEC);

    let mut world = steady(&star(), |_| {});
    switchover(&mut world, 2, false);
    assert!(world.reload(world.settings_for(&[0, 1]), true));
    assert!(world.active() == Some(0) && world.pool.memory().failback_off);
}
