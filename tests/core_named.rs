//! Directed histories, each named by what must happen: the invariants, the defects of the original, the rows of the
//! fault table, and every violation that random histories ever found.

mod world;

use mpp::core::event::{Command, What};
use mpp::core::settings::{NodeSettings, PoolSettings, Recovery, WhenAllFail};
use mpp::core::time::Duration;
use mpp::core::words::{Role, State, Status};
use world::faults::{Change, Kind};
use world::server::{MS, SEC};
use world::{Path, World, one_way, pair, ring, settings, star, steady_as};

fn steady() -> World {
    steady_as(&pair(), |_| {})
}

fn switchover(to: usize, force: bool) -> Command {
    Command::Switchover { to: Some(to), force }
}

fn drain(node: usize, force: bool) -> Command {
    Command::Drain { node, now: false, force, lasting: None }
}

#[track_caller]
fn fails_over(world: &mut World, to: usize, within: u64) {
    let took = world.run_until_true(within, |w| w.active() == Some(to));
    assert!(took.is_some(), "db{} is not ACTIVE: held: {}", to + 1, world.held());
}

#[track_caller]
fn stays_held(world: &mut World, lasts: u64, words: &str) {
    world.run_for(lasts);
    assert_eq!(world.active(), Some(0), "promoted: {}", world.last(What::Failover));
    assert!(world.held().contains(words), "held: {}", world.held());
    assert_eq!(world.count(What::Held), 1, "one alert");
}

#[test]
fn a_failover_says_how_long_it_took_from_the_first_error_to_the_decision() {
    let mut world = steady();
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 10 * SEC);
    let told = world.last(What::Failover);
    let (who, rest) = told.split_once(" after db1's first error; db1 failed: ").expect(told);
    let ms = who.strip_prefix("db2 promoted ").and_then(|took| took.strip_suffix("ms")).expect(told);
    let ms: u64 = ms.parse().expect(told);
    // Four errors, a retry interval of 250 ms apart, and one more question.
    assert!((750..1000).contains(&ms), "{told}");
    assert!(rest.ends_with("; nothing that db1 had shown is known to be lost"), "{told}");
}

// ---- beginnings ----

#[test]
fn both_unknown_both_standby_primary_active_with_req_1_then_req_0() {
    let mut world = World::new(settings(2), &pair(), 1);
    let mut seen = vec![(world.states(), world.pool.req(0))];
    while world.now < 5 * SEC {
        world.run_for(MS);
        let is = (world.states(), world.pool.req(0));
        if seen.last() != Some(&is) {
            seen.push(is);
        }
    }
    use State::{Active, Standby, Unknown};
    assert_eq!(seen.first(), Some(&(vec![Unknown, Unknown], 0)));
    let end = [(vec![Standby, Standby], 0), (vec![Active, Standby], 1), (vec![Active, Standby], 0)];
    assert_eq!(&seen[seen.len() - 3..], &end);
}

#[test]
fn a_plain_source_with_a_replica_starts_with_the_source() {
    let world = steady_as(&one_way(), |_| {});
    assert_eq!(world.states(), [State::Active, State::Standby]);
}

#[test]
fn the_only_node_of_a_pool_needs_no_replication_and_is_held_when_it_fails() {
    let mut world = steady_as(&[vec![]], |_| {});
    world.begin(Kind::Kill(0));
    stays_held(&mut world, 30 * SEC, "there is no other node");
    assert!(world.pool.verdict(0, Role::Rw).up, "when_all_fail: hold");
    world.end(Kind::Kill(0));
    world.run_for(2 * SEC);
    assert_eq!((world.active(), world.pool.status(0)), (Some(0), Status::Ok));
}

#[test]
fn a_pool_does_not_start_paused_nor_with_an_answer_from_the_pause() {
    let mut world = World::new(settings(2), &pair(), 3);
    world.run_for(500 * MS);
    world.command(Command::Pause { lasting: Some(Duration::from_secs(5)) }).expect("a pause");
    world.run_for(4900 * MS);
    assert_eq!(world.active(), None);
    assert_eq!(world.pool.waits_for().as_deref(), Some("the pool is paused; mpp resume"));
    world.run_until(6500 * MS + MS);
    assert_eq!(world.active(), None, "everybody is asked anew");
    fails_over(&mut world, 0, 3 * SEC);
}

// ---- defects of the original ----

#[test]
fn a_standby_whose_source_died_is_still_promoted() {
    let mut world = steady();
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 1760 * MS);
    assert_eq!(world.count(What::Held), 0);
    assert_eq!(world.pool.state(0), State::FailOffline);
    assert!(world.last(What::Failover).contains("; db1 failed: connection refused; "));
}

#[test]
fn a_standby_whose_source_is_gone_has_no_errors_for_it() {
    for kind in [Kind::Kill(0), Kind::Freeze(0)] {
        let mut world = steady_as(&pair(), |s| s.max_failovers = 100);
        world.command(Command::Pause { lasting: None }).expect("a pause");
        world.begin(kind);
        let errors = world.run_until_true(25 * SEC, |w| w.pool.memory().nodes[1].errors > 0);
        assert_eq!((errors, world.pool.state(1)), (None, State::Standby), "{kind:?}");
    }
}

#[test]
fn a_standby_that_was_not_asked_since_is_not_promoted_at_the_lowest_failover_at() {
    for path in [Path::Refuses, Path::Drops] {
        let mut world = steady_as(&pair(), |s| s.failover_at = Status::Info);
        world.paths = vec![path; 2];
        world.run_for(3 * SEC);
        world.paths = vec![Path::Open; 2];
        world.run_for(20 * SEC);
        assert_eq!((world.active(), world.count(What::Failover)), (Some(0), 0), "{path:?}");
    }
}

#[test]
fn a_failed_primary_with_a_good_status_does_not_block_the_standby() {
    let mut world = steady();
    let at = world.now;
    world.fault(Kind::Refuse(1), at + 1500 * MS, 300 * MS);
    world.fault(Kind::Kill(0), at, 2 * SEC);
    world.run_for(20 * SEC);
    assert!(world.active().is_some() && world.pool.verdict(world.active().unwrap_or(0), Role::Rw).up);
}

#[test]
fn the_third_is_promoted_when_the_second_has_failed_and_answers() {
    let mut world = steady_as(&star(), |_| {});
    world.begin(Kind::DuplicateKey(1));
    world.run_for(10 * SEC);
    assert_eq!(world.pool.state(1), State::FailOnline);
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 2, 3 * SEC);
}

#[test]
fn a_power_cut_of_everything_ends_with_the_active_node_active() {
    for recovery in [Recovery::Manual, Recovery::Standby, Recovery::Auto] {
        let mut world = steady_as(&pair(), |s| s.recovery = recovery);
        [Kind::Kill(0), Kind::Kill(1)].into_iter().for_each(|k| world.begin(k));
        world.run_for(90 * SEC);
        assert_eq!(world.active(), Some(0));
        [Kind::Kill(1), Kind::Kill(0)].into_iter().for_each(|k| world.end(k));
        world.run_for(3 * SEC);
        assert_eq!((world.active(), world.pool.req(0), world.count(What::Failover)), (Some(0), 0, 0));
    }
}

#[test]
fn a_recovered_primary_gets_active_back_in_less_than_three_seconds() {
    let mut world = steady_as(&pair(), |s| s.recovery = Recovery::Auto);
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 3 * SEC);
    world.run_for(10 * SEC);
    world.end(Kind::Kill(0));
    world.run_until_true(20 * SEC, |w| w.active().is_none()).expect("the secondary steps down");
    assert_eq!(world.states(), [State::Standby, State::Standby]);
    let without = world.run_until_true(5 * SEC, |w| w.active() == Some(0)).expect("a failback");
    assert!(without < 3 * SEC, "{}ms without ACTIVE node", without / MS);
    assert_eq!(world.pool.req(0), 1);
}

// ---- how the ACTIVE node may fail ----

#[test]
fn an_active_node_that_fails_is_replaced_in_time_whichever_way_it_fails() {
    // fault, within
    let table = [
        (Kind::Kill(0), 1760),
        (Kind::Refuse(0), 1760),
        (Kind::Freeze(0), 4100),
        (Kind::Drop(0), 4100),
        (Kind::Full(0), 10_000),
    ];
    for (kind, within) in table {
        for shape in [pair(), one_way(), star(), ring()] {
            let mut world = steady_as(&shape, |s| s.failback = mpp::core::settings::Failback::Manual);
            world.begin(kind);
            fails_over(&mut world, 1, within * MS);
            assert_eq!(world.count(What::Held), 0, "{kind:?}: {}", world.last(What::Held));
            world.run_for(30 * SEC);
            assert_eq!(world.active(), Some(1), "{kind:?}");
        }
    }
}

#[test]
fn a_second_without_connections_to_spare_moves_nothing() {
    let mut world = steady();
    let at = world.now;
    world.fault(Kind::Full(0), at, SEC);
    world.run_for(10 * SEC);
    assert_eq!((world.active(), world.pool.req(0), world.count(What::State)), (Some(0), 0, 4 - 1));
}

#[test]
fn the_monitors_own_trouble_never_moves_the_writer() {
    for kind in [Kind::Deny(0), Kind::DenyAll] {
        let mut world = steady();
        world.begin(kind);
        world.run_for(60 * SEC);
        assert_eq!((world.active(), world.pool.status(0)), (Some(0), Status::Critical), "{kind:?}");
        assert!(world.pool.verdict(0, Role::Rw).up);
        assert_eq!(world.count(What::Denied), 1, "{kind:?}");
        let told = world.last(What::Denied);
        assert!(told.starts_with("the monitor is locked out of db1: 1045"), "{told}");
        world.end(kind);
        world.run_for(12 * SEC);
        assert_eq!((world.active(), world.pool.req(0)), (Some(0), 0));
    }
}

#[test]
fn the_active_nodes_own_replication_is_shown_and_never_counted() {
    for kind in [Kind::StopIo(0), Kind::StopSql(0), Kind::DuplicateKey(0), Kind::SlowSql(0, 90 * SEC)] {
        let mut world = steady();
        world.begin(kind);
        world.run_for(30 * SEC);
        assert_eq!((world.active(), world.pool.req(0)), (Some(0), 0), "{kind:?}");
    }
}

#[test]
fn a_replication_channel_that_the_active_node_had_and_has_no_more_is_shown() {
    let mut world = steady();
    world.servers[0].links.clear();
    world.run_for(10 * SEC);
    assert_eq!((world.active(), world.pool.req(0), world.count(What::Replication)), (Some(0), 0, 1));
    assert_eq!(world.pool.memory().nodes[0].message, "no replication channel; it had one (not counted)");
    let source = steady_as(&one_way(), |_| {});
    assert_eq!(source.pool.memory().nodes[0].message, "--", "a plain source never had one");
}

#[test]
fn when_every_packet_of_the_monitor_is_lost_nobody_is_promoted_in_whatever_order_they_come_back() {
    for path in [Path::Drops, Path::Refuses] {
        for lasts in [300, 600, 1000, 1500, 1800, 2000, 2500, 3000, 4500, 6000, 90_000] {
            for first in [0, 1] {
                let mut world = steady();
                world.paths = vec![path; 2];
                world.run_for(lasts * MS);
                world.paths[first] = Path::Open;
                world.run_for(MS);
                world.paths[1 - first] = Path::Open;
                world.run_for(20 * SEC);
                assert_eq!((world.active(), world.count(What::Failover)), (Some(0), 0), "{path:?} {lasts}ms");
            }
        }
    }
}

#[test]
fn a_stuck_poller_of_the_active_node_is_no_evidence() {
    let mut world = steady();
    world.begin(Kind::Stuck(0));
    stays_held(&mut world, 60 * SEC, "its poller is stuck");
}

#[test]
fn when_all_fail_drop_takes_the_held_node_out() {
    let mut world = steady_as(&[vec![]], |s| s.when_all_fail = WhenAllFail::Drop);
    world.begin(Kind::Kill(0));
    world.run_for(10 * SEC);
    assert!(!world.pool.verdict(0, Role::Rw).up);
    assert!(!world.pool.verdict(0, Role::Geo).up);
}

// ---- how a standby may be unfit ----

#[test]
fn a_broken_standby_fails_and_comes_back_by_itself() {
    let kinds = [Kind::StopIo(1), Kind::StopSql(1), Kind::DuplicateKey(1), Kind::SlowSql(1, 45 * SEC)];
    for kind in kinds {
        let mut world = steady();
        world.begin(kind);
        world.run_for(60 * SEC);
        assert_eq!(world.states(), [State::Active, State::FailOnline], "{kind:?}");
        world.end(kind);
        world.run_for(10 * SEC);
        assert_eq!(world.states(), [State::Active, State::Standby], "{kind:?}");
    }
}

#[test]
fn a_standby_that_was_never_configured_is_not_promoted() {
    let mut world = steady();
    world.servers[1].links.clear();
    world.run_for(10 * SEC);
    world.begin(Kind::Kill(0));
    stays_held(&mut world, 60 * SEC, "db2 is FAIL_ONLINE");
}

#[test]
fn a_standby_that_was_broken_for_long_is_not_promoted_and_the_reason_says_how_stale_it_is() {
    let mut world = steady();
    world.begin(Kind::StopIo(1));
    world.run_for(90 * SEC);
    world.begin(Kind::Kill(0));
    world.run_for(3 * SEC);
    world.end(Kind::StopIo(1));
    world.run_for(30 * SEC);
    assert_eq!(world.active(), Some(0));
    let message = &world.pool.memory().nodes[1].message;
    assert!(message.contains("has missed 1m3") && message.contains("(max_lag 30s)"), "{message}");
}

#[test]
fn a_pool_that_is_held_for_a_failed_standby_says_what_ails_it_and_how_stale_it_is() {
    let mut world = steady();
    world.begin(Kind::StopSql(1));
    world.run_for(90 * SEC);
    world.begin(Kind::Kill(0));
    stays_held(&mut world, 30 * SEC, "db2 is FAIL_ONLINE: SQL thread No; it was last fed 1m29s before db1 ");
    assert!(world.held().ends_with(" before db1 was last seen (max_loss 2s)"), "{}", world.held());
}

#[test]
fn a_standby_that_slept_while_the_writer_wrote_is_not_promoted() {
    for asleep in [6, 20, 90] {
        let mut world = steady();
        world.begin(Kind::Freeze(1));
        world.run_for(asleep * SEC);
        world.begin(Kind::Kill(0));
        world.run_for(5 * SEC);
        world.end(Kind::Freeze(1));
        world.run_for(60 * SEC);
        assert_eq!(world.active(), Some(0), "asleep for {asleep}s: {}", world.last(What::Failover));
    }
}

#[test]
fn a_standby_is_held_back_while_it_applies_its_relay_log_and_then_promoted() {
    let mut world = steady();
    world.begin(Kind::SlowSql(1, 20 * SEC));
    world.run_for(40 * SEC);
    world.begin(Kind::Kill(0));
    world.run_for(5 * SEC);
    assert!(world.held().contains("db2 is applying its relay log"), "held: {}", world.held());
    fails_over(&mut world, 1, 30 * SEC);
    assert_eq!(world.count(What::Held), 1);
}

#[test]
fn the_active_node_serves_readers_until_a_standby_that_is_back_has_been_up_for_a_while() {
    let mut world = steady();
    let readers = |w: &World| [0, 1].map(|n| w.pool.verdict(n, Role::Ro).up);
    assert_eq!(readers(&world), [false, true]);
    world.begin(Kind::Kill(1));
    world.run_until_true(20 * SEC, |w| readers(w) == [true, false]).expect("nobody else serves");
    world.end(Kind::Kill(1));
    world.run_until_true(30 * SEC, |w| readers(w) == [true, true]).expect("make before break");
    let both = world.now;
    world.run_until_true(2 * SEC, |w| readers(w) == [false, true]).expect("break");
    assert_eq!(world.now - both, SEC, "ro_overlap");
}

#[test]
fn a_read_only_standby_is_not_promoted() {
    let mut world = steady();
    world.begin(Kind::ReadOnly(1));
    world.begin(Kind::Kill(0));
    stays_held(&mut world, 20 * SEC, "db2 is read_only (writable: require)");
    world.end(Kind::ReadOnly(1));
    fails_over(&mut world, 1, 2 * SEC);
}

#[test]
fn a_drained_or_unpromotable_standby_is_not_promoted() {
    let mut world = steady();
    world.command(drain(1, false)).expect("a drain");
    assert_eq!((world.pool.verdict(1, Role::Ro).up, world.pool.verdict(1, Role::Ro).weight), (true, 0));
    world.begin(Kind::Kill(0));
    stays_held(&mut world, 20 * SEC, "db2 is drained");
    let mut world = steady_as(&pair(), |s| s.nodes[1].promotable = false);
    world.begin(Kind::Kill(0));
    stays_held(&mut world, 20 * SEC, "db2 is not promotable");
}

#[test]
fn a_ring_of_three_survives_two_deaths_in_turn() {
    let mut world = steady_as(&ring(), |_| {});
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 3 * SEC);
    world.run_for(20 * SEC);
    world.begin(Kind::Kill(1));
    fails_over(&mut world, 2, 3 * SEC);
}

#[test]
fn two_deaths_within_a_second_do_not_lower_what_the_third_must_have() {
    let mut world = steady_as(&ring(), |s| s.recovery = Recovery::Auto);
    world.begin(Kind::SlowIo(2, 6 * SEC));
    world.run_for(12 * SEC);
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 3 * SEC);
    world.begin(Kind::Kill(1));
    world.run_for(30 * SEC);
    assert_ne!(world.active(), Some(2), "{}", world.last(What::Failover));
}

#[test]
fn a_primary_that_comes_and_goes_makes_the_pool_flap_until_somebody_acknowledges() {
    let mut world = steady_as(&pair(), |s| (s.recovery, s.recover_after) = (Recovery::Auto, 1));
    for _ in 0..8 {
        let active = world.active().unwrap_or(0);
        world.begin(Kind::Kill(active));
        world.run_for(8 * SEC);
        world.end(Kind::Kill(active));
        world.run_for(20 * SEC);
    }
    let (failovers, failbacks) = (world.count(What::Failover), world.count(What::Handover));
    assert_eq!((world.count(What::Flapping), failovers + failbacks), (1, 3));
    let active = world.active().expect("an ACTIVE node");
    world.begin(Kind::Kill(active));
    world.run_for(10 * SEC);
    assert_eq!(world.held(), "the pool is flapping; mpp ack");
    world.command(Command::Ack).expect("an ack");
    fails_over(&mut world, 1 - active, 2 * SEC);
}

// ---- planned changes ----

#[test]
fn a_switchover_moves_the_writer_and_stays() {
    let mut world = steady();
    let answer = world.command(switchover(1, false));
    assert!(answer.is_ok_and(|words| words.starts_with("db1 hands over to db2: ")));
    assert!(world.command(switchover(1, false)).is_err_and(|why| why.contains("under way")));
    fails_over(&mut world, 1, 3 * SEC);
    world.run_for(30 * SEC);
    assert_eq!((world.active(), world.pool.memory().epoch), (Some(1), 2), "no failback after a switchover");
}

#[test]
fn a_handover_whose_target_dies_goes_back() {
    let mut world = steady();
    world.consumes = false;
    world.command(switchover(1, false)).expect("a switchover");
    world.begin(Kind::Kill(1));
    let took = world.run_until_true(10 * SEC, |w| w.active() == Some(0)).expect("taken back");
    assert!(took < 550 * MS, "{}ms", took / MS);
    assert!(world.last(What::HandoverGivenUp).starts_with("db2 is in trouble"));
}

#[test]
fn a_handover_whose_target_never_gets_there_goes_back_and_failback_is_off() {
    let mut world = steady_as(&pair(), |s| s.recovery = Recovery::Auto);
    world.begin(Kind::SlowIo(1, 20 * SEC));
    world.run_for(300 * MS);
    world.command(switchover(1, false)).expect("a switchover");
    let took = world.run_until_true(20 * SEC, |w| w.active() == Some(0)).expect("taken back");
    assert!((6900..7600).contains(&(took / MS)), "handover + 5 x interval, not {}ms", took / MS);
    assert!(world.last(What::HandoverGivenUp).contains("did not get there in time"));
    assert!(world.pool.flags().contains(&"failback_off"));
}

#[test]
fn a_drain_does_not_undo_what_an_operator_chose() {
    let mut world = steady_as(&ring(), |_| {});
    world.command(switchover(1, false)).expect("a switchover");
    fails_over(&mut world, 1, 3 * SEC);
    world.run_for(5 * SEC);
    [0, 1].into_iter().for_each(|n| _ = world.command(drain(n, false)).expect("a drain"));
    fails_over(&mut world, 2, 3 * SEC);
    world.command(Command::Undrain(0)).expect("undrained");
    world.run_for(20 * SEC);
    assert_eq!(
        (world.active(), world.pool.can_hand_to(0, mpp::core::time::Moment(world.now)).is_ok()),
        (Some(2), true)
    );
}

#[test]
fn a_handover_that_was_given_up_is_forgotten_when_active_moves() {
    let mut world = steady();
    world.consumes = false;
    world.command(switchover(1, false)).expect("a switchover");
    world.begin(Kind::Kill(1));
    fails_over(&mut world, 0, 5 * SEC);
    world.end(Kind::Kill(1));
    world.run_for(20 * SEC);
    world.command(drain(0, false)).expect("a drain");
    fails_over(&mut world, 1, 4 * SEC);
    world.command(Command::Undrain(0)).expect("undrained");
    fails_over(&mut world, 0, 8 * SEC);
}

#[test]
fn a_handover_whose_source_dies_promotes_the_target() {
    let mut world = steady();
    world.consumes = false;
    world.command(switchover(1, false)).expect("a switchover");
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 3 * SEC);
    assert!(world.last(What::HandoverGivenUp).contains("db1 failed meanwhile"));
}

#[test]
fn when_both_of_a_handover_die_whoever_was_active_takes_it_back() {
    for first in [0, 1] {
        let mut world = steady();
        world.consumes = false;
        world.command(switchover(1, false)).expect("a switchover");
        [Kind::Kill(0), Kind::Kill(1)].into_iter().for_each(|k| world.begin(k));
        world.run_for(10 * SEC);
        let words = world.pool.waits_for().expect("a reason");
        assert!(words.contains("db1 failed while handing over"), "{words}");
        world.end(Kind::Kill(first));
        world.run_for(2 * MS);
        world.end(Kind::Kill(1 - first));
        fails_over(&mut world, 0, 10 * SEC);
    }
}

#[test]
fn a_pause_in_the_middle_of_a_handover_waits_for_its_end() {
    let mut world = steady();
    world.command(switchover(1, false)).expect("a switchover");
    world.command(Command::Pause { lasting: None }).expect("a pause");
    fails_over(&mut world, 1, 3 * SEC);
    assert!(world.command(switchover(0, false)).is_err_and(|why| why.contains("paused")));
    world.begin(Kind::Kill(1));
    world.run_for(20 * SEC);
    assert_eq!((world.active(), world.held().as_str()), (Some(1), "the pool is paused; mpp resume"));
    world.command(Command::Resume).expect("the end");
    fails_over(&mut world, 0, 2 * SEC);
}

#[test]
fn a_forced_switchover_takes_a_failed_node_and_says_what_is_lost() {
    let mut world = steady();
    world.begin(Kind::StopIo(1));
    world.run_for(20 * SEC);
    world.begin(Kind::Kill(0));
    world.run_for(5 * SEC);
    assert!(world.command(switchover(1, false)).is_err());
    let answer = world.command(switchover(1, true)).expect("force");
    assert!(
        answer.starts_with("db2 is ACTIVE, epoch 2 (lost: ") && answer.contains("transactions"),
        "{answer}"
    );
    assert_eq!(world.active(), Some(1));
}

#[test]
fn a_forced_handover_to_a_node_that_dies_goes_back() {
    let mut world = steady();
    world.begin(Kind::DuplicateKey(1));
    world.run_for(10 * SEC);
    world.command(switchover(1, true)).expect("force");
    world.begin(Kind::Kill(1));
    fails_over(&mut world, 0, 5 * SEC);
    world.run_for(60 * SEC);
    assert_eq!(world.active(), Some(0));
}

#[test]
fn draining_the_active_node_hands_over_first() {
    let mut world = steady();
    world.command(drain(0, false)).expect("a drain");
    assert_eq!(world.pool.verdict(0, Role::Ro).weight, 1, "not drained before the other is ACTIVE");
    fails_over(&mut world, 1, 3 * SEC);
    assert!(world.pool.memory().nodes[0].drain.is_some());
    world.run_for(20 * SEC);
    world.command(Command::Undrain(0)).expect("undrained");
    fails_over(&mut world, 0, 5 * SEC);
}

#[test]
fn a_forced_drain_of_the_active_node_serves_until_somebody_can_take_over() {
    let mut world = steady();
    world.begin(Kind::DuplicateKey(1));
    world.run_for(10 * SEC);
    assert!(world.command(drain(0, false)).is_err_and(|why| why.contains("nobody can take over")));
    world.command(drain(0, true)).expect("force");
    world.run_for(5 * SEC);
    assert_eq!(world.pool.verdict(0, Role::Rw).weight, 1, "its weight is its own until then");
    world.end(Kind::DuplicateKey(1));
    fails_over(&mut world, 1, 20 * SEC);
    assert!(world.pool.memory().nodes[0].drain.is_some());
}

#[test]
fn a_hostile_primary_takes_over_without_waiting_for_the_kernel() {
    let mut world = steady_as(&pair(), |s| (s.hostile_takeover, s.recovery) = (true, Recovery::Auto));
    world.consumes = false;
    world.begin(Kind::Kill(0));
    fails_over(&mut world, 1, 3 * SEC);
    world.end(Kind::Kill(0));
    world.run_until_true(20 * SEC, |w| w.active().is_none()).expect("a handover");
    let without = world.run_until_true(SEC, |w| w.active() == Some(0)).expect("taken");
    assert!(without < 20 * MS, "{}ms", without / MS);
}

// ---- restart and reload ----

#[test]
fn a_restart_at_any_step_of_a_failover_or_handover_leaves_every_verdict() {
    for plan in [Change::Begins(Kind::Kill(0)), Change::Operator(switchover(1, false))] {
        for at in 0..40 {
            let mut world = steady();
            world.checks.restart_every = 1;
            let now = world.now;
            world.fault_at(now, plan.clone());
            world.run_for(at * 97 * MS);
            world.restart();
            fails_over(&mut world, 1, 6 * SEC);
        }
    }
}

/// Nodes of these names at these addresses.
fn nodes_at(nodes: &[(&str, &str)]) -> PoolSettings {
    let nodes = nodes.iter().map(|(name, host)| NodeSettings::at(name, host, 3306)).collect();
    PoolSettings { nodes, ..settings(2) }
}

#[test]
fn a_reload_without_the_active_node_elects_another() {
    let mut world = steady();
    world.checks.restart_every = 0;
    assert!(world.reload(nodes_at(&[("db1", "10.1.0.1"), ("db2", "10.0.0.2")]), true));
    assert_eq!(
        (world.active(), world.pool.state(0), world.pool.state(1)),
        (None, State::Unknown, State::Standby)
    );
    world.run_for(5 * SEC);
    assert!(world.active().is_some() && world.pool.memory().epoch == 2);
}

#[test]
fn a_node_that_is_called_otherwise_keeps_everything_also_where_names_change_places() {
    let mut world = steady();
    world.checks.restart_every = 0;
    world.run_for(60 * SEC);
    for names in [["db9", "db2"], ["db2", "db9"]] {
        let [first, second] = names;
        assert!(world.reload(nodes_at(&[(first, "10.0.0.1"), (second, "10.0.0.2")]), true));
        assert_eq!((world.active(), world.pool.memory().epoch), (Some(0), 1));
        assert_eq!(world.pool.memory().reign.as_ref().map(|r| r.name.as_str()), Some(first));
    }
    world.run_for(10 * SEC);
    assert_eq!((world.active(), world.pool.state(1)), (Some(0), State::Standby));
}

#[test]
fn a_pool_all_of_whose_nodes_moved_begins_anew_and_has_an_active_node_soon() {
    let mut world = steady();
    world.checks.restart_every = 0;
    world.run_for(60 * SEC);
    let epoch = world.pool.memory().epoch;
    assert!(world.reload(nodes_at(&[("db1", "10.1.0.1"), ("db2", "10.1.0.2")]), true));
    world.run_for(10 * SEC);
    assert_eq!((world.active(), world.pool.memory().epoch), (Some(0), epoch + 1));
}

#[test]
fn a_reload_that_removes_the_target_of_a_handover_gives_active_back() {
    let mut world = steady_as(&star(), |_| {});
    world.command(switchover(2, false)).expect("a switchover");
    let epoch = world.pool.memory().epoch;
    let two = PoolSettings { nodes: settings(2).nodes, ..settings(2) };
    assert!(world.reload(two, true));
    assert_eq!((world.active(), world.pool.memory().epoch), (Some(0), epoch + 1));
}

// ---- what random histories found ----

#[test]
fn a_failed_hostile_primary_is_not_active_in_the_decision_that_recovers_it() {
    let mut world = World::new(PoolSettings { hostile_takeover: true, ..settings(2) }, &pair(), 5);
    [Kind::Drop(0), Kind::Drop(1)].into_iter().for_each(|k| world.begin(k));
    world.run_for(10 * SEC);
    assert_eq!(world.pool.state(0), State::FailOffline);
    world.end(Kind::Drop(0));
    world.run_until_true(20 * SEC, |w| w.pool.state(0) == State::Unknown).expect("UNKNOWN first");
    fails_over(&mut world, 0, 2 * SEC);
}

#[test]
fn a_higher_number_of_another_writer_is_not_a_later_position() {
    // db2's lost tail, 0-2-153, must not pass for all of what db3 wrote meanwhile, 0-3-119.
    let mut world = steady_as(&star(), |s| (s.recovery, s.max_failovers) = (Recovery::Auto, 100));
    world.begin(Kind::CutOff(2));
    world.run_for(SEC);
    world.command(switchover(1, false)).expect("a switchover");
    fails_over(&mut world, 1, 3 * SEC);
    world.run_for(20 * SEC);
    assert!(world.command(switchover(2, false)).is_err());
    world.command(switchover(2, true)).expect("force");
    fails_over(&mut world, 2, 10 * SEC);
    world.run_for(3 * SEC);
    let refused = world.command(switchover(1, false)).expect_err("db2 lacks what db3 wrote");
    assert!(refused.contains("db2"), "{refused}");
}
