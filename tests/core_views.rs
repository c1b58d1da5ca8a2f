//! What a peer says, word by word: what of it is followed, and what binds nobody.

mod world;

use mpp::core::event::{Author, Command, Event, What};
use mpp::core::peer::{FlagView, NodeView, Passing, View};
use mpp::core::pool::Seat;
use mpp::core::settings::{CheckpointSettings, Failback, Isolation, PeerSettings, PoolSettings, Reach};
use mpp::core::time::Duration;
use world::faults::Kind;
use world::server::SEC;
use world::{World, pair, star, steady_as};

/// A pool with one peer, db1 ACTIVE.
fn beside(shape: &[Vec<usize>], same_site: bool, change: impl FnOnce(&mut PoolSettings)) -> World {
    let mut world = steady_as(shape, |settings| {
        settings.failback = Failback::Manual;
        settings.peers = vec![PeerSettings { name: "lb2".into(), same_site }];
        change(settings);
    });
    world.checks.restart_every = 0;
    assert_eq!(world.active(), Some(0));
    world
}

/// A peer for which this node is ACTIVE, so much further than this agent.
fn says(world: &World, active: &str, further: u64) -> View {
    View {
        epoch: world.pool.memory().epoch + further,
        active: Some(active.into()),
        revision: world.pool.memory().revision,
        ..View::default()
    }
}

fn hear(world: &mut World, view: View) {
    world.give(Event::Peer(0, Some(Box::new(view))), None);
}

fn by(who: &str) -> Author {
    Author { who: who.into(), why: None }
}

/// db1 hands over to db2 there.
fn passing() -> Option<Passing> {
    let (from, to) = ("db1".into(), "db2".into());
    Some(Passing { from, to, consumed: false, mirrors: false, failed: false, by: by("root") })
}

fn mirrors(world: &World) -> Option<bool> {
    match &world.pool.memory().seat {
        Seat::Passing(handover) => Some(handover.mirrors()),
        _ => None,
    }
}

#[test]
fn a_pool_that_is_cut_off_follows_a_director_of_its_site_that_is_not_and_nobody_else() {
    for (same_site, isolated, isolation) in [
        (true, false, Isolation::Freeze),
        (true, true, Isolation::Freeze),
        (false, false, Isolation::Freeze),
        (true, false, Isolation::Withdraw),
    ] {
        let world = cut_off(same_site, isolation);
        let follows = (same_site, isolated, isolation) == (true, false, Isolation::Freeze);
        follows_where_it_may(world, isolated, follows);
    }
}

fn cut_off(same_site: bool, isolation: Isolation) -> World {
    let mut world = beside(&pair(), same_site, |settings| {
        settings.isolation = isolation;
        let id = "external:http:a.example:default".into();
        settings.checkpoints = vec![CheckpointSettings {
            id,
            reach: Reach::External,
            node: None,
            timeout: Duration::from_secs(1),
        }];
    });
    world.outside = false;
    world.run_until_true(10 * SEC, |w| w.pool.memory().isolation.is_some()).expect("cut off");
    world
}

#[test]
fn who_is_cut_off_and_loses_the_director_it_follows_takes_back_what_it_was_ready_to_give() {
    for is_gone in [true, false] {
        let mut world = cut_off(true, Isolation::Freeze);
        let view = says(&world, "db1", 0);
        let epoch = world.pool.memory().epoch;
        hear(&mut world, View { active: None, handover: passing(), ..view.clone() });
        assert_eq!(mirrors(&world), Some(true));
        match is_gone {
            true => world.give(Event::Peer(0, None), None),
            // It is cut off too, and has given the handover up.
            false => hear(&mut world, View { isolated: true, epoch: view.epoch + 1, ..view }),
        }
        world.run_until_true(60 * SEC, |w| w.active() == Some(0)).expect("db1 is ACTIVE again");
        if is_gone {
            assert_eq!(world.pool.memory().epoch, epoch, "should the peer have ended it, it is further");
            let done = View { isolated: false, ..says(&world, "db2", 1) };
            hear(&mut world, done);
            assert_eq!(world.active(), Some(1));
        }
    }
}

#[track_caller]
fn follows_where_it_may(mut world: World, isolated: bool, follows: bool) {
    let view = View { isolated, ..says(&world, "db2", 5) };
    hear(&mut world, View { active: None, handover: passing(), ..view.clone() });
    assert_eq!(mirrors(&world) == Some(true), follows);
    hear(&mut world, view);
    assert_eq!(world.active(), Some(usize::from(follows)));
    assert!(world.pool.memory().isolation.is_some(), "it is still cut off");
}

#[test]
fn a_peer_that_is_cut_off_itself_binds_nobody() {
    for (active, answers, further) in [("db1", true, 0), ("db3", false, 5)] {
        let mut world = beside(&star(), false, |_| {});
        let view = says(&world, active, further);
        hear(&mut world, View { active_answers: answers, isolated: true, ..view });
        world.begin(Kind::Kill(0));
        world.run_until_true(3 * SEC, |w| w.active() == Some(1)).expect("a failover");
    }
}

#[test]
fn another_site_gives_this_one_its_own_node_but_not_while_it_is_cut_off() {
    let mut world = beside(&pair(), false, |settings| settings.nodes[0].local = true);
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    world.run_until_true(10 * SEC, |w| w.active() == Some(1)).expect("ACTIVE");
    world.run_for(5 * SEC);
    let view = says(&world, "db1", 1);
    hear(&mut world, View { isolated: true, ..view.clone() });
    assert_eq!(world.active(), Some(1));
    hear(&mut world, view);
    assert_eq!(world.active(), Some(0));
}

#[test]
fn a_site_whose_own_node_has_failed_steps_aside_for_the_other_and_leaves_it_there() {
    let mut world = beside(&pair(), false, |settings| settings.nodes[0].local = true);
    let view = says(&world, "db2", 1);
    hear(&mut world, view.clone());
    assert_eq!(world.active(), Some(0), "two that are both ACTIVE are for an operator");
    for kind in [Kind::Kill(0), Kind::Drop(1)] {
        world.begin(kind);
    }
    world.run_until_true(10 * SEC, |w| w.active().is_none()).expect("it steps aside");
    assert!(world.pool.memory().failback_off);
    world.end(Kind::Kill(0));
    world.run_for(30 * SEC);
    assert_eq!(world.active(), None, "db2 is ACTIVE at the other site");
    assert_eq!(world.count(What::Failover), 0);
}

#[test]
fn a_planned_change_is_followed_if_it_is_of_now_and_goes_on_there() {
    let refused = [
        View { epoch: 0, ..View::default() },
        View { handover: passing().map(|p| Passing { mirrors: true, ..p }), ..View::default() },
        View { handover: passing().map(|p| Passing { failed: true, ..p }), ..View::default() },
    ];
    for view in refused {
        let mut world = beside(&pair(), true, |_| {});
        let epoch = if view.handover.is_some() { world.pool.memory().epoch } else { 0 };
        hear(&mut world, View { handover: view.handover.or(passing()), epoch, ..View::default() });
        assert_eq!(world.active(), Some(0));
    }
    let mut world = beside(&pair(), true, |_| {});
    let epoch = world.pool.memory().epoch;
    hear(&mut world, View { handover: passing(), epoch, ..View::default() });
    assert_eq!(mirrors(&world), Some(true));
}

#[test]
fn of_two_that_have_begun_the_same_change_the_one_that_leads_goes_on() {
    for leads in [false, true] {
        let mut world = beside(&pair(), true, |_| {});
        world.consumes = false;
        world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
        let epoch = world.pool.memory().epoch;
        hear(&mut world, View { handover: passing(), epoch, leads, ..View::default() });
        assert_eq!(mirrors(&world), Some(leads));
    }
}

#[test]
fn what_is_said_of_drains_later_holds_here_but_not_for_the_active_node() {
    let mut world = beside(&pair(), true, |_| {});
    let flag = || FlagView { by: by("root"), age: Duration::ZERO, left: None };
    let node = |name: &str| NodeView {
        address: String::new(),
        local: false,
        name: name.into(),
        failed: false,
        recovered: 0,
        drain: Some((false, flag())),
    };
    let view = says(&world, "db1", 0);
    let revision = view.revision + 1;
    hear(&mut world, View { revision, nodes: vec![node("db1"), node("db2")], ..view });
    let drained: Vec<bool> = world.pool.memory().nodes.iter().map(|n| n.drain.is_some()).collect();
    assert_eq!(drained, [false, true]);
}
