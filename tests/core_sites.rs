//! Checkpoints and isolation in directed histories: who is promoted when nothing outside answers, who steps down, and
//! how a site comes back.

mod world;

use mpp::core::checkpoint::Cut;
use mpp::core::conditions::Change as Wanted;
use mpp::core::event::{Command, Event, Sighting, What};
use mpp::core::settings::{
    CheckpointSettings, Failback, Isolation, PoolRecovery, PoolSettings, Reach, Recovery,
};
use mpp::core::time::{Duration, Moment};
use mpp::core::trouble::Kind as Trouble;
use mpp::core::verdict::Because;
use mpp::core::words::{Role, State, Status};
use world::faults::{Change, Kind};
use world::server::{MS, SEC};
use world::{World, pair, star, steady_as};

fn checkpoint(id: &str, reach: Reach, node: Option<usize>) -> CheckpointSettings {
    CheckpointSettings { id: id.into(), reach, node, timeout: Duration::from_secs(1) }
}

fn two_outside(settings: &mut PoolSettings) {
    settings.checkpoints = ["external:http:a.example:default", "external:http:b.example:default"]
        .map(|id| checkpoint(id, Reach::External, None))
        .into();
}

/// db1 is local, and steps down when the site is cut off.
fn site(recovery: PoolRecovery) -> World {
    steady_as(&pair(), |settings| {
        two_outside(settings);
        settings.isolation = Isolation::Withdraw;
        settings.pool_recovery = recovery;
        settings.nodes[0].local = true;
    })
}

/// db2 is local: the other site.
fn other_site() -> World {
    steady_as(&pair(), |settings| {
        two_outside(settings);
        settings.isolation = Isolation::Withdraw;
        settings.nodes[1].local = true;
    })
}

#[track_caller]
fn until(world: &mut World, within: u64, done: impl Fn(&World) -> bool) -> u64 {
    let took = world.run_until_true(within, done);
    let words: Vec<&str> = world.notes.iter().map(|(_, n)| n.reason.as_str()).collect();
    took.unwrap_or_else(|| panic!("{:?} {:?} {words:#?}", world.states(), world.pool.flags()))
}

fn isolated(world: &World) -> bool {
    world.pool.memory().isolation.is_some()
}

fn troubles(world: &World) -> Vec<Trouble> {
    world.pool.troubles(Moment(world.now)).into_iter().map(|t| t.kind).collect()
}

#[test]
fn with_checkpoints_that_answer_a_failover_is_as_fast_as_without() {
    let mut world = other_site();
    world.begin(Kind::Kill(0));
    let took = until(&mut world, 3 * SEC, |w| w.active() == Some(1));
    assert!(took <= SEC, "{} ms", took / MS);
}

#[test]
fn nobody_is_promoted_while_no_checkpoint_answers_and_the_reason_is_told() {
    let mut world = other_site();
    world.begin(Kind::Uplink);
    world.begin(Kind::Kill(0));
    // Before the checkpoints have failed, for none has answered since; later because the pool is isolated.
    until(&mut world, 3 * SEC, |w| {
        w.held().contains("no checkpoint answers (external:http:a.example:default: timeout;")
    });
    let conditions = world.pool.conditions(Moment(world.now));
    let unmet =
        conditions.iter().find(|c| c.change == Wanted::Failover && !c.met).expect("one that is not met");
    assert_eq!(unmet.name, "connected");
    until(&mut world, 5 * SEC, |w| isolated(w) && w.held().contains("the pool is isolated"));
    world.run_for(60 * SEC);
    assert_eq!(world.active(), Some(0), "held");
    assert_eq!(world.pool.pool_status(), Status::Fail);
}

#[test]
fn a_checkpoint_that_cannot_be_asked_is_no_evidence() {
    let mut world = site(PoolRecovery::Manual);
    for place in [0, 1].repeat(6) {
        let (began, result) = (Moment(world.now), Err("mppd may not send echoes".to_owned()));
        world.give(Event::Checkpoint(place, Sighting { began, result, able: false }), None);
        let checkpoint = &world.pool.memory().checkpoints[place];
        assert_eq!((checkpoint.errors, checkpoint.message.as_str()), (0, "mppd may not send echoes"));
    }
    assert!(!isolated(&world));
}

#[test]
fn a_checkpoint_that_cannot_be_asked_ends_no_isolation() {
    let mut world = site(PoolRecovery::Auto);
    world.begin(Kind::Uplink);
    until(&mut world, 10 * SEC, isolated);
    // What it told before a reboot is forgotten.
    Change::Reboot(20 * SEC).apply(&mut world);
    world.run_until_awake();
    for _ in 0..20 {
        let (began, result) = (Moment(world.now), Err("mppd may not send echoes".to_owned()));
        world.give(Event::Checkpoint(0, Sighting { began, result, able: false }), None);
        world.run_for(SEC);
    }
    assert!(isolated(&world));
}

#[test]
fn what_a_checkpoint_was_asked_before_a_late_waking_is_worth_nothing() {
    let mut world = site(PoolRecovery::Manual);
    let began = Moment(world.now);
    world.run_for(MS);
    world.give(Event::WokeLate, None);
    world.give(Event::Checkpoint(0, Sighting { began, result: Err("late".into()), able: true }), None);
    assert_eq!(world.pool.memory().checkpoints[0].errors, 0);
}

#[test]
fn one_checkpoint_that_answers_is_enough() {
    let mut world = other_site();
    world.begin(Kind::Uplink);
    for n in 0..40 {
        let began = Moment(world.now);
        world.give(Event::Checkpoint(1, Sighting { began, result: Ok(()), able: true }), None);
        world.run_for(250 * MS);
        assert!(!isolated(&world), "after {n} rounds");
    }
}

#[test]
fn a_site_that_is_cut_off_withdraws_its_node_and_the_other_site_promotes_its_own() {
    let mut cut_off = site(PoolRecovery::Manual);
    cut_off.begin(Kind::Site);
    let took = until(&mut cut_off, 10 * SEC, isolated);
    assert!(took <= 4 * SEC, "{} ms", took / MS);
    assert_eq!(cut_off.active(), None);
    assert_eq!(cut_off.pool.verdict(0, Role::Rw).because, Because::NotActive);
    assert_eq!(cut_off.pool.verdict(0, Role::Geo).because, Because::Withdrawn);
    assert_eq!(cut_off.count(What::Withdrawn), 1);
    assert!(cut_off.pool.flags().contains(&"withdrawn") && troubles(&cut_off).contains(&Trouble::Isolated));

    let mut other = other_site();
    other.begin(Kind::Drop(0));
    until(&mut other, 5 * SEC, |w| w.active() == Some(1));
}

#[test]
fn it_stays_isolated_until_an_operator_recovers_it_and_then_the_other_one_is_active() {
    let mut world = site(PoolRecovery::Manual);
    world.begin(Kind::Site);
    until(&mut world, 10 * SEC, isolated);
    let refused = world.command(Command::Recover(None)).expect_err("nothing answers");
    assert!(refused.contains("no checkpoint answers yet") && refused.contains("mpp reload"), "{refused}");
    world.heal();
    world.run_for(60 * SEC);
    assert!(isolated(&world) && world.active().is_none());
    let done = world.command(Command::Recover(None)).expect("recovered");
    assert!(done.contains("no longer isolated"), "{done}");
    until(&mut world, 10 * SEC, |w| w.active().is_some());
    assert_eq!(world.active(), Some(1), "who withdrew comes last");
    world.run_for(60 * SEC);
    assert_eq!(world.active(), Some(1), "no automatic failback");
    world.command(Command::Switchover { to: Some(0), force: false }).expect("by hand");
    until(&mut world, 10 * SEC, |w| w.active() == Some(0));
}

#[test]
fn with_pool_recovery_auto_it_comes_back_by_itself_and_prefers_the_other() {
    let mut world = site(PoolRecovery::Auto);
    world.begin(Kind::Site);
    until(&mut world, 10 * SEC, isolated);
    world.run_for(30 * SEC);
    world.heal();
    let took = until(&mut world, 20 * SEC, |w| !isolated(w));
    assert!((3 * SEC..8 * SEC).contains(&took), "recover_after rounds: {} ms", took / MS);
    until(&mut world, 10 * SEC, |w| w.active() == Some(1));
}

#[test]
fn answers_now_and_then_are_no_rounds_in_a_row() {
    let mut world = site(PoolRecovery::Auto);
    world.outside = false;
    until(&mut world, 10 * SEC, isolated);
    let answer = |world: &mut World| {
        let began = Moment(world.now);
        world.give(Event::Checkpoint(0, Sighting { began, result: Ok(()), able: true }), None);
    };
    for _ in 0..20 {
        answer(&mut world);
        world.run_for(2 * SEC);
    }
    assert_eq!(world.count(What::Rejoined), 0, "all the others were silent");
    for _ in 0..20 {
        answer(&mut world);
        world.run_for(MS);
    }
    assert_eq!(world.count(What::Rejoined), 0, "they are of one round");
}

#[test]
fn who_withdrew_is_not_active_again_by_itself_while_the_other_is_silent() {
    let mut world = site(PoolRecovery::Auto);
    world.begin(Kind::Site);
    until(&mut world, 10 * SEC, isolated);
    // The way outside is back, the one to the other site is not.
    world.outside = true;
    until(&mut world, 20 * SEC, |w| !isolated(w));
    world.run_for(60 * SEC);
    assert_eq!(world.active(), None);
    let why = world.pool.waits_for().expect("a reason");
    assert!(
        why.contains("db1 withdrew, and db2, which is FAIL_OFFLINE here (timeout")
            && why.contains("mpp recover db"),
        "{why}"
    );
    // An operator knows that the other site is dead.
    let done = world.command(Command::Recover(None)).expect("recovered");
    assert!(done.contains("may be ACTIVE again"), "{done}");
    until(&mut world, 10 * SEC, |w| w.active() == Some(0));
}

#[test]
fn frozen_nothing_changes_and_a_handover_is_given_up() {
    let mut world = steady_as(&pair(), |settings| {
        two_outside(settings);
        settings.failback = Failback::Manual;
        settings.handover = std::time::Duration::from_secs(30);
    });
    world.consumes = false;
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    world.in_handover = None;
    world.outside = false;
    until(&mut world, 6 * SEC, isolated);
    assert_eq!(world.last(What::HandoverGivenUp), "the pool is isolated");
    until(&mut world, SEC, |w| w.active() == Some(0));
    let refused = world.command(Command::Switchover { to: None, force: false }).expect_err("isolated");
    assert!(refused.contains("the pool is isolated"), "{refused}");
    world.run_for(60 * SEC);
    assert_eq!(world.active(), Some(0));
}

#[test]
fn an_operators_force_overrides_it_and_is_not_undone() {
    let mut world = site(PoolRecovery::Manual);
    world.begin(Kind::Uplink);
    until(&mut world, 10 * SEC, |w| isolated(w) && w.active().is_none());
    world.command(Command::Switchover { to: Some(0), force: true }).expect("by force");
    world.run_for(60 * SEC);
    assert_eq!(world.active(), Some(0));
}

#[test]
fn a_restart_and_a_reboot_leave_it_isolated_and_withdrawn() {
    let mut world = site(PoolRecovery::Manual);
    world.begin(Kind::Site);
    until(&mut world, 10 * SEC, isolated);
    world.restart();
    assert!(isolated(&world) && world.active().is_none());
    world.run_for(10 * SEC);
    world.reboot(20 * SEC);
    world.run_for(25 * SEC);
    assert!(isolated(&world) && world.active().is_none() && world.pool.flags().contains(&"withdrawn"));
    world.heal();
    world.run_for(40 * SEC);
    assert_eq!(world.active(), None, "it was not recovered");
}

#[test]
fn a_reload_without_checkpoints_ends_it() {
    let mut world = site(PoolRecovery::Manual);
    world.begin(Kind::Uplink);
    until(&mut world, 10 * SEC, isolated);
    let settings = PoolSettings { checkpoints: Vec::new(), ..world.pool.settings().clone() };
    world.reload(settings, false);
    until(&mut world, 10 * SEC, |w| !isolated(w) && w.active() == Some(1));
}

#[test]
fn a_failed_node_comes_back_beside_the_checkpoints() {
    let mut world = steady_as(&pair(), |settings| {
        two_outside(settings);
        settings.recovery = Recovery::Auto;
    });
    world.begin(Kind::Kill(1));
    world.run_for(10 * SEC);
    world.end(Kind::Kill(1));
    until(&mut world, 20 * SEC, |w| w.states()[1] == State::Standby);
}

#[test]
fn the_checkpoints_of_a_node_tell_where_the_way_to_it_is_cut_and_isolate_nobody() {
    let mut world = steady_as(&pair(), |settings| {
        settings.checkpoints = vec![
            checkpoint("internal:simple:10.0.12.9:default", Reach::Internal, Some(1)),
            checkpoint("edge:icmp:10.0.12.254:default", Reach::Edge, Some(1)),
            checkpoint("external:tcp:192.0.2.7:443", Reach::External, Some(1)),
        ];
    });
    assert_eq!(world.pool.cut(1), None);
    let fail = |world: &mut World, place: usize, good: bool| {
        for _ in 0..4 {
            let result = if good { Ok(()) } else { Err("timeout".to_owned()) };
            let began = Moment(world.now);
            world.give(Event::Checkpoint(place, Sighting { began, result, able: true }), None);
        }
    };
    fail(&mut world, 2, false);
    assert_eq!(world.pool.cut(1), Some(Cut::Global));
    fail(&mut world, 1, false);
    assert_eq!(world.pool.cut(1), Some(Cut::Wan));
    fail(&mut world, 0, false);
    assert_eq!(world.pool.cut(1), Some(Cut::Lan));
    assert_eq!(world.pool.cut(0), None);
    assert!(!isolated(&world));
    assert_eq!(world.count(What::Checkpoint), 3);
    fail(&mut world, 0, true);
    assert_eq!(world.pool.cut(1), Some(Cut::Wan));
}

#[test]
fn a_checkpoint_that_does_not_answer_is_asked_sooner_until_it_has_failed() {
    let mut world = other_site();
    let pace = |w: &World| w.pool.memory().checkpoints[0].pace.as_millis();
    assert_eq!(pace(&world), 1000);
    world.begin(Kind::Uplink);
    until(&mut world, 3 * SEC, |w| pace(w) == 250);
    until(&mut world, 5 * SEC, |w| isolated(w) && pace(w) == 1000);
}

/// A new pool whose one checkpoint has not answered its first question.
fn new_and_unanswered(shape: &[Vec<usize>]) -> World {
    let mut settings = world::settings(shape.len());
    two_outside(&mut settings);
    settings.checkpoints.truncate(1);
    let mut world = World::new(settings, shape, 3);
    world.begin(Kind::Uplink);
    until(&mut world, 3 * SEC, |w| w.pool.memory().checkpoints[0].errors > 0);
    world
}

#[test]
fn a_new_pool_waits_for_no_checkpoint_that_cannot_be_asked_any_more() {
    let mut world = new_and_unanswered(&pair());
    assert_eq!(world.pool.waits_for().as_deref(), Some("the first answer of a checkpoint is awaited"));
    let began = Moment(world.now);
    world.give(
        Event::Checkpoint(0, Sighting { began, result: Err("ping_group_range".into()), able: false }),
        None,
    );
    assert_eq!(world.pool.memory().checkpoints[0].errors, 0);
    assert_ne!(world.pool.waits_for().as_deref(), Some("the first answer of a checkpoint is awaited"));
}

#[test]
fn a_new_pool_that_is_cut_off_from_the_start_elects_nobody() {
    let mut settings = world::settings(2);
    two_outside(&mut settings);
    let mut world = World::new(settings, &pair(), 3);
    world.begin(Kind::Uplink);
    world.run_for(20 * SEC);
    assert!(isolated(&world));
    assert_eq!((world.active(), world.pool.memory().epoch), (None, 0));
    world.end(Kind::Uplink);
    until(&mut world, 5 * SEC, |w| w.pool.memory().checkpoints[0].errors == 0);
    world.command(Command::Recover(None)).expect("a checkpoint answers");
    until(&mut world, 10 * SEC, |w| w.active() == Some(0));
}

#[test]
fn a_new_pool_that_is_asked_all_at_once_asks_a_checkpoint_that_refuses_no_more_often_than_a_node_that_does() {
    let mut world = new_and_unanswered(&star());
    let (first, since) = (world.pool.memory().checkpoints[0].errors, world.now);
    until(&mut world, 10 * SEC, isolated);
    let pace = world.pool.settings().nodes[0].pace.retry_interval.as_nanos() as u64;
    let rest = u64::from(world.pool.settings().levels.fail - first);
    assert!(world.now - since >= rest * pace * 9 / 10, "{} ms", (world.now - since) / MS);
}
