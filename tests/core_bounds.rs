//! Invariants that speak of a bound or of a length of time: how soon, how long, how often.

mod world;

use mpp::core::event::{Command, What};
use mpp::core::settings::PoolSettings;
use mpp::core::time::{Duration, Moment};
use mpp::core::words::Status;
use world::faults::Kind;
use world::histories::{explore, histories};
use world::options::{random, random_world};
use world::rng::Rng;
use world::server::{MS, SEC};
use world::{Path, World, chain, nanos, one_way, pair, ring, settings, star};

#[test]
fn when_all_monitoring_is_lost_nobody_is_promoted() {
    histories(240 + 10 * explore(), |seed| {
        let mut rng = Rng::new(seed ^ 0xB11D);
        let mut world = random_world(&mut rng, seed);
        world.pool = mpp::core::pool::Pool::new(
            PoolSettings { failover_at: rng.pick(&Status::ALL[1..]), ..world.pool.settings().clone() },
            Moment(SEC),
        );
        world.latency = (200_000, rng.pick(&[800_000, 200 * MS]));
        world.run_until(12 * SEC + rng.below(SEC));
        let to = Command::Switchover { to: None, force: false };
        let handover = rng.one_in(3) && world.command(to).is_ok();
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
        let waits = world.pool.waits_for();
        assert!(world.active().is_some() || active.is_none(), "nobody took it back: {waits:?}");
    });
}

/// For any pace and levels, how long a failing ACTIVE node may stay.
fn bound(kind: Kind, s: &PoolSettings) -> u64 {
    let pace = s.nodes[0].pace;
    let (interval, retry, timeout) = (nanos(pace.interval), nanos(pace.retry_interval), nanos(pace.timeout));
    let errors = u64::from(s.failover_errors());
    match kind {
        Kind::Kill(_) | Kind::Refuse(_) => interval + (errors - 1) * retry + 10 * MS,
        Kind::Full(_) => 5 * SEC + (errors + 1) * interval,
        _ => interval + (errors + 2) * retry.max(timeout) + 100 * MS,
    }
}

#[test]
fn a_healthy_standby_takes_over_within_the_bound() {
    histories(240 + 10 * explore(), |seed| {
        let mut rng = Rng::new(seed ^ 0xB0);
        let shape = rng.pick(&[pair(), one_way(), ring(), star(), chain()]);
        let mut settings = settings(shape.len());
        if rng.one_in(2) {
            let any = random(&mut rng, shape.len());
            (settings.levels, settings.failover_at) = (any.levels, any.failover_at);
            settings.nodes.iter_mut().for_each(|n| n.pace = any.nodes[0].pace);
        }
        let mut world = World::new(settings, &shape, seed);
        world.net.slave_net_timeout = rng.pick(&[4, 60]) * SEC;
        world.net.mysql = rng.one_in(2);
        world.run_until(15 * SEC + rng.below(2 * SEC));
        let kinds =
            [Kind::Kill(0), Kind::Freeze(0), Kind::Drop(0), Kind::Refuse(0), Kind::Full(0), Kind::Unplug(0)];
        let kind = rng.pick(&kinds);
        let bound = bound(kind, world.pool.settings());
        world.begin(kind);
        let took = world.run_until_true(120 * SEC, |w| w.active().is_some_and(|a| a != 0));
        let took = took.expect("a failover");
        assert!(took <= bound, "invariant 3: {kind:?} took {}ms of {}", took / MS, bound / MS);
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
    histories(1 + explore() / 40, |seed| {
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
    histories(38 + 2 * explore(), |seed| {
        let mut rng = Rng::new(seed ^ 0x10);
        let shape = rng.pick(&[pair(), one_way(), star(), ring(), chain()]);
        let mut settings = random(&mut rng, shape.len());
        settings.failover_at = rng.pick(&Status::ALL[2..]);
        settings.nodes.iter_mut().for_each(|n| n.promotable = true);
        let mut world = World::new(settings, &shape, seed);
        world.net.gtid = rng.one_in(2);
        world.run_until(20 * SEC + rng.below(SEC));
        for _ in 0..6 {
            let states = world.states();
            let server = rng.below(shape.len() as u64) as usize;
            match rng.one_in(2) {
                true => world.lose_next = Some(server),
                false => {
                    world.stick(server, world.now + nanos(world.pool.settings().nodes[0].pace.interval) / 2)
                }
            }
            world.run_for(8 * SEC);
            assert_eq!(world.states(), states, "invariant 6: db{}", server + 1);
        }
    });
}

#[test]
fn a_pace_of_ten_milliseconds_or_a_minute_is_kept() {
    for interval in [Duration::from_millis(10), Duration::from_secs(60)] {
        let mut settings = settings(2);
        let pace = mpp::core::settings::Pace { interval, retry_interval: interval, timeout: interval };
        settings.nodes.iter_mut().for_each(|n| n.pace = pace);
        let mut world = World::new(settings, &pair(), 1);
        world.latency = (20_000, 80_000);
        world.run_until(20 * nanos(interval) + SEC);
        assert_eq!(world.active(), Some(0));
        world.begin(Kind::Kill(0));
        let took = world.run_until_true(600 * SEC, |w| w.active() == Some(1)).expect("a failover");
        assert!(took <= 7 * nanos(interval) + 10 * MS, "{}ms", took / MS);
    }
}

#[test]
fn what_the_active_node_has_shown_takes_no_more_room_the_more_may_be_lost() {
    let mut settings = settings(2);
    settings.max_loss = Some(std::time::Duration::from_secs(24 * 3600));
    let mut world = World::new(settings, &pair(), 1);
    world.run_for(300 * SEC);
    let reign = world.pool.memory().reign.as_ref().expect("a reign");
    let newest = reign.shown.last().map(|s| s.at);
    assert_eq!(newest, Some(reign.seen), "what is known to be lost is counted from the newest");
    let held = reign.shown.len();
    world.run_for(3600 * SEC);
    let after = world.pool.memory().reign.as_ref().map_or(0, |r| r.shown.len());
    assert!(held <= 70 && after <= 70, "{held}, {after}");
}
