//! What random histories found, each reduced to a directed one and named by what must happen.

mod world;

use mpp::core::event::{Command, What};
use mpp::core::settings::{Failback, PoolSettings, Recovery};
use mpp::core::time::Moment;
use mpp::core::words::State;
use world::faults::Kind;
use world::options::mesh;
use world::server::{Io, SEC, write};
use world::{World, chain, one_way, pair, star, steady_as};

/// A steady world in which every node recovers by itself.
fn steady(shape: &[Vec<usize>], change: impl FnOnce(&mut PoolSettings)) -> World {
    steady_as(shape, |settings| {
        settings.recovery = Recovery::Auto;
        change(settings);
    })
}

/// The same of either kind of server.
fn of_either_kind(change: impl Fn(&mut PoolSettings)) -> [World; 2] {
    [false, true].map(|mysql| {
        let mut world = steady(&pair(), &change);
        world.net.mysql = mysql;
        world.run_for(10 * SEC);
        world
    })
}

fn refusal(world: &World, to: usize) -> String {
    world.pool.can_hand_to(to, Moment(world.now)).expect_err("a reason")
}

/// db2, which has taken over, writes; connections that outlived the handover write to db1, past the numbers of that.
fn written_by_old_connections_too(world: &mut World) {
    world.write_every = 0;
    for server in [1, 1, 0, 0, 0] {
        write(&mut world.servers, server, world.now);
    }
}

#[track_caller]
fn becomes_active(world: &mut World, node: usize, within: u64) {
    let took = world.run_until_true(within, |w| w.active() == Some(node));
    assert!(took.is_some(), "db{}: {}", node + 1, world.held());
}

/// The PRIMARY's power goes and takes its last second of writes; db2, which has them, is ACTIVE; the PRIMARY is back.
fn back_without_its_last_second(world: &mut World) {
    world.begin(Kind::Crash(0, SEC));
    becomes_active(world, 1, 3 * SEC);
    world.run_for(5 * SEC);
    world.end(Kind::Crash(0, SEC));
    world.run_for(60 * SEC);
}

#[test]
fn a_primary_that_lost_its_own_last_writes_in_a_crash_does_not_get_active_back() {
    for mut world in of_either_kind(|_| {}) {
        // db2 does not replicate from db1: nothing but the GTIDs tells.
        world.begin(Kind::StopIo(1));
        back_without_its_last_second(&mut world);
        assert_eq!((world.active(), world.count(What::Handover)), (Some(1), 0));
        let why = refusal(&world, 0);
        assert_eq!(why, "db1 has not executed what db2 showed an interval ago");
        world.heal();
        becomes_active(&mut world, 0, 30 * SEC);
    }
}

#[test]
fn nor_is_it_promoted_when_the_other_dies_too() {
    for mut world in of_either_kind(|s| s.failback = Failback::Manual) {
        back_without_its_last_second(&mut world);
        world.begin(Kind::Kill(1));
        world.run_for(30 * SEC);
        assert_eq!(world.active(), Some(1));
        assert!(world.held().contains("db1 lacks"), "{}", world.held());
    }
}

#[test]
fn a_standby_that_is_back_with_an_empty_disk_is_not_promoted() {
    for mysql in [false, true] {
        // db3 replicates from db2: no place in db1's log tells.
        let mut world = steady(&chain(), |_| {});
        world.net.mysql = mysql;
        world.run_for(5 * SEC);
        [Kind::Crash(2, 3600 * SEC), Kind::Kill(1), Kind::Kill(0)].into_iter().for_each(|k| world.begin(k));
        world.end(Kind::Crash(2, 3600 * SEC));
        world.run_for(30 * SEC);
        assert_eq!(world.active(), Some(0), "{}", world.last(What::Failover));
        assert!(world.held().contains("db3 lacks"), "{}", world.held());
    }
}

#[test]
fn a_late_transaction_of_the_old_active_node_does_not_stand_for_what_the_new_one_wrote() {
    let mut world = steady(&pair(), |s| s.failback = Failback::Manual);
    world.begin(Kind::StopIo(0));
    world.begin(Kind::SlowIo(1, SEC));
    world.run_for(2 * SEC);
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 3 * SEC);
    world.run_for(4 * SEC);
    // What db1 wrote last comes to db2 now, behind what db2 wrote meanwhile; db1 has received nothing of that.
    world.write_every = 0;
    world.end(Kind::SlowIo(1, SEC));
    world.end(Kind::Kill(0));
    world.run_for(10 * SEC);
    world.begin(Kind::Kill(1));
    world.run_for(30 * SEC);
    assert_eq!((world.active(), world.pool.state(0)), (Some(1), State::Standby));
    assert!(world.held().contains("db1 lacks"), "{}", world.held());
}

#[test]
fn without_gtids_the_error_of_the_one_that_was_to_follow_it_tells() {
    let mut world = steady(&pair(), |_| {});
    world.net.gtid = false;
    world.run_for(5 * SEC);
    back_without_its_last_second(&mut world);
    assert_eq!((world.active(), world.count(What::Handover)), (Some(1), 0));
    let why = refusal(&world, 0);
    assert_eq!(why, "db2 could not follow db1: IO thread No: 1236 Got fatal error 1236 from master");
}

#[test]
fn a_handover_is_given_up_when_the_old_node_has_stopped_following_the_new_one() {
    let mut world = steady(&pair(), |_| {});
    world.consumes = false;
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    (world.servers[0].links[0].io, world.servers[0].links[0].io_error) = (Io::No, Some((1236, "purged")));
    becomes_active(&mut world, 0, 2 * SEC);
    let why = world.last(What::HandoverGivenUp);
    assert_eq!(why, "db1 cannot follow it: IO thread No: 1236 purged");
}

#[test]
fn a_stopped_thread_without_an_error_is_the_operators_own_doing_and_in_nobodys_way() {
    let mut world = steady(&pair(), |_| {});
    world.begin(Kind::StopIo(0));
    world.run_for(5 * SEC);
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    becomes_active(&mut world, 1, 3 * SEC);
}

#[test]
fn a_hostile_handover_waits_like_any_other_once_a_reload_says_so() {
    let mut world = steady(&pair(), |s| s.hostile_takeover = true);
    world.consumes = false;
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 3 * SEC);
    world.end(Kind::Kill(0));
    world.run_until_true(20 * SEC, |w| w.active().is_none()).expect("a handover");
    assert_eq!(world.pool.state(0), State::Unknown, "hostile: it need not be STANDBY");
    let peaceful = PoolSettings { hostile_takeover: false, ..world.pool.settings().clone() };
    assert!(world.reload(peaceful, false));
    world.run_for(SEC);
    assert_eq!(world.states(), [State::Standby, State::Standby], "clients may still write to db2");
    becomes_active(&mut world, 0, 3 * SEC);
}

#[test]
fn what_a_removed_node_had_shown_is_still_asked_for_by_its_place() {
    let mut world = steady(&pair(), |_| {});
    (world.net.gtid, world.net.slave_net_timeout) = (false, 60 * SEC);
    world.run_for(10 * SEC);
    // db2 does not notice.
    world.begin(Kind::Cut(1, 0));
    world.run_for(5 * SEC);
    assert!(world.reload(world.settings_for(&[1]), true));
    world.run_for(10 * SEC);
    assert_eq!(world.active(), None);
    let why = world.pool.waits_for().expect("a reason");
    assert!(why.contains("db2 lacks") && why.contains("that db1 had shown"), "{why}");
    world.end(Kind::Cut(1, 0));
    becomes_active(&mut world, 0, 10 * SEC);
}

#[test]
fn numbers_of_another_writer_do_not_stand_for_what_a_removed_node_wrote() {
    // db1 does not replicate from db2: it never hears of db2 as a writer.
    let mut world = steady(&one_way(), |_| {});
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    becomes_active(&mut world, 1, 5 * SEC);
    written_by_old_connections_too(&mut world);
    world.run_for(5 * SEC);
    assert!(world.reload(world.settings_for(&[0]), true));
    world.run_for(30 * SEC);
    assert_eq!(world.active(), None, "it lacks what db2 wrote");
    let why = world.pool.waits_for().expect("a reason");
    assert!(why.contains("db1 was last fed") && why.contains("before db2 was last seen"), "{why}");
    world.command(Command::Switchover { to: Some(0), force: true }).expect("an operator's word");
    becomes_active(&mut world, 0, SEC);
}

#[test]
fn what_came_over_another_member_counts_as_received() {
    let mut world = steady(&mesh(), |_| {});
    world.begin(Kind::Cut(1, 0));
    world.run_for(2 * SEC);
    world.begin(Kind::Kill(0));
    becomes_active(&mut world, 1, 3 * SEC);
}

#[test]
fn the_errors_of_a_standby_that_is_made_active_by_force_do_not_fail_it() {
    let mut world = steady(&pair(), |s| s.failback = Failback::Manual);
    world.begin(Kind::DuplicateKey(1));
    world.run_for(10 * SEC);
    world.command(Command::Switchover { to: Some(1), force: true }).expect("force");
    becomes_active(&mut world, 1, 10 * SEC);
    assert_eq!((world.pool.memory().nodes[1].errors, world.pool.req(1)), (0, 1));
    world.lose_next = Some(1);
    world.run_for(20 * SEC);
    assert_eq!(world.active(), Some(1), "{}", world.last(What::Failover));
}

#[test]
fn where_numbers_say_nothing_the_place_in_the_log_tells_what_is_lacking() {
    let mut world = steady(&pair(), |s| s.failback = Failback::Manual);
    world.net.slave_net_timeout = 60 * SEC;
    // db1 does not notice.
    world.begin(Kind::Cut(0, 1));
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    becomes_active(&mut world, 1, 5 * SEC);
    written_by_old_connections_too(&mut world);
    world.run_for(5 * SEC);
    world.begin(Kind::Kill(1));
    world.run_for(10 * SEC);
    assert_eq!(world.active(), Some(1), "{}", world.last(What::Failover));
    assert!(world.held().contains("db1 lacks"), "{}", world.held());
}

#[test]
fn who_dies_right_after_a_planned_change_is_not_followed_by_one_that_lacks_what_was_shown_before() {
    let mut world = steady(&star(), |_| {});
    world.begin(Kind::SlowIo(2, 20 * SEC));
    world.run_for(5 * SEC);
    let drain = Command::Drain { node: 0, now: false, force: false, lasting: None };
    world.command(drain).expect("a handover");
    becomes_active(&mut world, 1, 5 * SEC);
    world.begin(Kind::Freeze(1));
    world.run_for(10 * SEC);
    assert_eq!(world.active(), Some(1), "{}", world.last(What::Failover));
    assert!(world.held().contains("db3 lacks"), "{}", world.held());
}

#[test]
fn what_a_removed_node_had_shown_is_owed_when_it_is_back_and_dies_at_once() {
    let mut world = steady(&pair(), |_| {});
    world.net.slave_net_timeout = 60 * SEC;
    // db2 does not notice.
    world.begin(Kind::Cut(1, 0));
    world.run_for(5 * SEC);
    assert!(world.reload(world.settings_for(&[1]), true));
    world.run_for(5 * SEC);
    assert_eq!(world.active(), None);
    assert!(world.reload(world.settings_for(&[0, 1]), false));
    becomes_active(&mut world, 0, 5 * SEC);
    world.begin(Kind::Kill(0));
    world.run_for(10 * SEC);
    assert_eq!(world.active(), Some(0), "{}", world.last(What::Failover));
    assert!(world.held().contains("db2 lacks"), "{}", world.held());
}
