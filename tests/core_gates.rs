//! `writable: manage` in directed histories: who is opened and closed, in which order, and what stops a handover.

mod world;

use mpp::core::event::{Action, Command, Event, Gate, What};
use mpp::core::pool::{Pool, Seat};
use mpp::core::settings::{Failback, ProbeWrite, Recovery, Writable};
use mpp::core::time::{Duration, Moment};
use mpp::core::trouble::Kind as Trouble;
use mpp::core::words::State;
use world::faults::{Change, Kind};
use world::server::{MS, SEC};
use world::{World, pair, steady_as};

fn managed() -> World {
    steady_as(&pair(), |settings| {
        settings.writable = Writable::Manage;
        settings.recovery = Recovery::Auto;
        settings.failback = Failback::Manual;
    })
}

fn open(world: &World) -> Vec<bool> {
    world.servers.iter().map(|s| !s.read_only).collect()
}

#[track_caller]
fn until(world: &mut World, within: u64, done: impl Fn(&World) -> bool) {
    let took = world.run_until_true(within, done);
    let words: Vec<&str> = world.notes.iter().map(|(_, n)| n.reason.as_str()).collect();
    assert!(took.is_some(), "{:?} {:?} {words:#?}", world.states(), open(world));
}

fn switchover(world: &mut World) {
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
}

fn troubles(world: &World) -> Vec<Trouble> {
    world.pool.troubles(Moment(world.now)).into_iter().map(|t| t.kind).collect()
}

#[test]
fn the_first_active_node_stays_open_and_the_others_are_closed() {
    let world = managed();
    assert_eq!(open(&world), [true, false]);
    assert_eq!(world.count(What::Closed), 1);
}

#[test]
fn a_handover_closes_the_old_one_before_it_opens_the_new_one_and_loses_nothing() {
    let mut world = managed();
    switchover(&mut world);
    assert_eq!(world.active(), None);
    until(&mut world, 5 * SEC, |w| w.servers[0].read_only);
    assert_eq!(open(&world), [false, false], "closed, and the new one waits for what it wrote");
    until(&mut world, 5 * SEC, |w| w.active() == Some(1));
    assert_eq!(open(&world), [false, true], "it was open before it was ACTIVE");
}

#[test]
fn who_cannot_be_closed_keeps_active_and_the_reason_is_told() {
    let mut world = managed();
    world.begin(Kind::Stubborn(0));
    switchover(&mut world);
    until(&mut world, 10 * SEC, |w| w.count(What::HandoverGivenUp) == 1);
    assert!(world.last(What::HandoverGivenUp).contains("db1 could not be made read-only"));
    until(&mut world, 5 * SEC, |w| w.active() == Some(0));
    assert_eq!(open(&world), [true, false]);
}

#[test]
fn who_cannot_be_opened_gets_nothing_and_the_old_one_is_opened_again() {
    let mut world = managed();
    world.begin(Kind::Stubborn(1));
    switchover(&mut world);
    until(&mut world, 20 * SEC, |w| w.active() == Some(0) && w.count(What::HandoverGivenUp) == 1);
    until(&mut world, 5 * SEC, |w| open(w) == [true, false]);
    assert!(world.last(What::HandoverGivenUp).contains("db2 could not be opened"));
}

#[test]
fn while_an_order_to_open_may_still_be_carried_out_nobody_else_is_opened() {
    let mut world = managed();
    switchover(&mut world);
    let ordered = |w: &World, node: usize| {
        let orders = &w.pool.memory().nodes[node].orders;
        orders.out.is_some_and(|order| order.gate == Gate::Open).then_some(orders.may_open_until)
    };
    until(&mut world, 5 * SEC, |w| ordered(w, 1).is_some());
    let until_then = ordered(&world, 1).expect("an order");
    // It is frozen with the order: looked closed when it was asked last, and may open when it thaws.
    world.begin(Kind::Freeze(1));
    until(&mut world, 20 * SEC, |w| ordered(w, 0).is_some() || !w.servers[0].read_only);
    assert!(Moment(world.now) >= until_then, "db1 is opened again, and db2 may be, too");
}

#[test]
fn a_dead_ones_successor_is_opened_and_it_is_closed_when_it_comes_back() {
    let mut world = managed();
    world.begin(Kind::Kill(0));
    until(&mut world, 5 * SEC, |w| w.active() == Some(1) && !w.servers[1].read_only);
    world.end(Kind::Kill(0));
    until(&mut world, 3 * SEC, |w| w.servers[0].read_only);
    assert!(world.states()[0].failed(), "nothing else was decided about it before");
    until(&mut world, 20 * SEC, |w| w.states()[0] == State::Standby);
    assert_eq!(open(&world), [false, true]);
}

#[test]
fn one_that_comes_back_and_refuses_to_be_closed_does_not_recover() {
    let mut world = managed();
    world.begin(Kind::Kill(0));
    until(&mut world, 5 * SEC, |w| w.active() == Some(1));
    world.begin(Kind::Stubborn(0));
    world.end(Kind::Kill(0));
    world.run_for(30 * SEC);
    assert_eq!(world.states()[0], State::FailOnline);
    assert!(troubles(&world).contains(&Trouble::TwoWritable));
    world.end(Kind::Stubborn(0));
    until(&mut world, 20 * SEC, |w| w.states()[0] == State::Standby && w.servers[0].read_only);
}

#[test]
fn a_standby_that_refuses_to_be_closed_is_told_and_does_not_keep_the_pool_without_a_writer() {
    let mut world = steady_as(&world::star(), |s| s.writable = Writable::Manage);
    world.begin(Kind::Stubborn(2));
    world.servers[2].read_only = false;
    world.run_for(5 * SEC);
    assert!(troubles(&world).contains(&Trouble::TwoWritable));
    world.begin(Kind::Kill(0));
    until(&mut world, 5 * SEC, |w| w.active() == Some(1) && !w.servers[1].read_only);
}

#[test]
fn an_active_node_that_somebody_closes_is_opened_again_unless_the_pool_is_paused() {
    let mut world = managed();
    world.servers[0].read_only = true;
    until(&mut world, 3 * SEC, |w| !w.servers[0].read_only);
    world.command(Command::Pause { lasting: None }).expect("a pause");
    world.servers[0].read_only = true;
    world.servers[1].read_only = false;
    world.run_for(10 * SEC);
    assert_eq!(open(&world), [false, true], "an operator's hand");
    let told = troubles(&world);
    assert!(told.contains(&Trouble::ReadOnly) && told.contains(&Trouble::TwoWritable), "{told:?}");
    world.command(Command::Resume).expect("the end of it");
    until(&mut world, 3 * SEC, |w| open(w) == [true, false]);
}

#[test]
fn a_pause_keeps_no_handover_from_opening_what_it_closed() {
    let mut world = managed();
    switchover(&mut world);
    until(&mut world, 5 * SEC, |w| w.servers[0].read_only);
    world.command(Command::Pause { lasting: None }).expect("a pause");
    until(&mut world, 10 * SEC, |w| w.active() == Some(1));
    assert_eq!(open(&world), [false, true]);
}

#[test]
fn a_daemon_started_anew_at_any_moment_of_a_handover_ends_it() {
    for after in (0..2600).step_by(97) {
        let mut world = managed();
        world.consumes = false;
        switchover(&mut world);
        world.run_for(after * MS + 13 * MS);
        Change::Restart.apply(&mut world);
        until(&mut world, 20 * SEC, |w| {
            w.active().is_some() && !matches!(w.pool.memory().seat, Seat::Passing(_))
        });
        until(&mut world, 5 * SEC, |w| open(w).iter().filter(|open| **open).count() == 1 && w.serves());
    }
}

#[test]
fn an_order_that_nobody_answers_is_given_again() {
    let mut world = managed();
    world.servers[1].read_only = false;
    world.run_for(900 * MS);
    // Whoever gave the order is gone before it is answered.
    world.daemon += 1;
    until(&mut world, 8 * SEC, |w| w.servers[1].read_only);
    world.run_for(5 * SEC);
    assert_eq!(world.pool.memory().nodes[1].orders.out, None);
}

#[test]
fn by_force_the_new_one_is_opened_also_where_the_old_one_cannot_be_closed() {
    let mut world = managed();
    world.begin(Kind::Stubborn(0));
    world.command(Command::Switchover { to: Some(1), force: true }).expect("force");
    until(&mut world, 20 * SEC, |w| w.active() == Some(1) && !w.servers[1].read_only);
    world.run_for(3 * SEC);
    assert!(troubles(&world).contains(&Trouble::TwoWritable));
}

#[test]
fn under_require_nothing_is_ordered_and_a_read_only_active_node_is_a_trouble() {
    let mut world = steady_as(&pair(), |_| {});
    world.servers[0].read_only = true;
    world.run_for(5 * SEC);
    assert_eq!(troubles(&world), [Trouble::ReadOnly]);
    assert_eq!((world.count(What::Opened), world.servers[0].read_only), (0, true));
}

#[test]
fn the_active_node_is_probed_with_writes_and_a_new_daemon_is_told_anew() {
    let mut world = managed();
    let probe = ProbeWrite { table: "mpp.probe".into(), every: Duration::from_secs(1) };
    let settings =
        mpp::core::settings::PoolSettings { probe_write: Some(probe), ..world.pool.settings().clone() };
    let told = |pool: &mut Pool, now: u64| -> Vec<(usize, bool)> {
        let actions = pool.handle(Event::Tick, Moment(now)).into_iter();
        actions
            .filter_map(|a| if let Action::Probe(node, on) = a { Some((node, on)) } else { None })
            .collect()
    };
    let mut pool = Pool::restore(settings.clone(), world.pool.memory().clone(), Moment(world.now));
    assert_eq!(told(&mut pool, world.now + 1), [(0, true)]);
    assert_eq!(told(&mut pool, world.now + 2), []);
    let mut again = Pool::restore(settings, pool.memory().clone(), Moment(world.now));
    assert_eq!(told(&mut again, world.now + 3), [(0, true)]);
    world.run_for(SEC);
}

#[test]
fn where_some_nodes_are_local_only_those_are_opened_and_closed() {
    let mut world = steady_as(&pair(), |settings| {
        settings.writable = Writable::Manage;
        settings.recovery = Recovery::Auto;
        settings.failback = Failback::Manual;
        settings.nodes[0].local = true;
    });
    assert_eq!(open(&world), [true, true], "db2 is the other site's to close");
    world.begin(Kind::Kill(0));
    until(&mut world, 5 * SEC, |w| w.active() == Some(1));
    world.end(Kind::Kill(0));
    until(&mut world, 5 * SEC, |w| w.servers[0].read_only);
    assert_eq!(world.count(What::Opened), 0);
}
