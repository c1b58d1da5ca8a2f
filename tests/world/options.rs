//! Who replicates from whom, and what the operator decided: every key that decides something.

use super::World;
use super::answer;
use super::rng::Rng;
use super::server::{MS, SEC};
use mpp::core::settings::{
    CheckpointSettings, Failback, Isolation, LagScale, Levels, NodeSettings, OnDenied, Pace, PoolRecovery,
    PoolSettings, Reach, Recovery, ServeUntil, WhenAllFail, Writable,
};
use mpp::core::time::Duration;
use mpp::core::words::Status;

/// The node that stands for a server.
pub fn node(server: usize) -> NodeSettings {
    NodeSettings::at(&format!("db{}", server + 1), &answer::address(server), 3306)
}

/// A pool's settings with so many nodes at the world's addresses.
pub fn settings(count: usize) -> PoolSettings {
    PoolSettings { nodes: (0..count).map(node).collect(), ..PoolSettings::named("db") }
}

pub fn pair() -> Vec<Vec<usize>> {
    vec![vec![1], vec![0]]
}

pub fn one_way() -> Vec<Vec<usize>> {
    vec![vec![], vec![0]]
}

pub fn ring() -> Vec<Vec<usize>> {
    vec![vec![2], vec![0], vec![1]]
}

pub fn star() -> Vec<Vec<usize>> {
    vec![vec![1], vec![0], vec![0]]
}

/// A pair, and one that is fed by its second.
pub fn chain() -> Vec<Vec<usize>> {
    vec![vec![1], vec![0], vec![1]]
}

/// Everybody from everybody.
pub fn mesh() -> Vec<Vec<usize>> {
    vec![vec![1, 2], vec![0, 2], vec![0, 1]]
}

const SECOND: Duration = Duration::from_secs(1);

fn millis(of: &mut Rng, choices: &[u64]) -> Duration {
    Duration::from_millis(of.pick(choices))
}

/// A world ten seconds after its start: db1 is ACTIVE, the others are STANDBY.
pub fn steady_as(shape: &[Vec<usize>], change: impl FnOnce(&mut PoolSettings)) -> World {
    let mut settings = settings(shape.len());
    change(&mut settings);
    let mut world = World::new(settings, shape, 7);
    world.net.slave_net_timeout = 4 * SEC;
    world.run_until(10 * SEC);
    assert_eq!(world.active(), Some(0));
    world
}

/// Any settings that the configuration takes.
pub fn random(rng: &mut Rng, count: usize) -> PoolSettings {
    let mut s = settings(count);
    decisions(rng, &mut s);
    serving(rng, &mut s);
    if rng.one_in(2) {
        let levels = |info, warn, critical, fail| Levels { info, warn, critical, fail };
        s.levels =
            rng.pick(&[levels(1, 2, 3, 4), levels(1, 2, 3, 10), levels(2, 3, 4, 5), levels(1, 3, 5, 6)]);
    }
    let pace = rng.one_in(2).then(|| pace(rng));
    for node in &mut s.nodes {
        node.promotable = !rng.one_in(12);
        node.on_denied = rng.pick(&[OnDenied::Alert, OnDenied::Alert, OnDenied::Fail]);
        node.pace = pace.unwrap_or_default();
        if rng.one_in(16) {
            node.pace = self::pace(rng);
        }
    }
    s.nodes[0].promotable = true;
    if rng.one_in(3) {
        site(rng, &mut s);
    }
    s
}

/// Checkpoints of the pool's own, and what being cut off does.
pub fn site(rng: &mut Rng, s: &mut PoolSettings) {
    let timeout = s.nodes.iter().map(|n| n.pace.timeout).max().unwrap_or_default();
    let checkpoint = |n: u64| CheckpointSettings {
        id: format!("external:tcp:192.0.2.{n}:80"),
        reach: Reach::External,
        node: None,
        timeout,
    };
    s.checkpoints = (1..=rng.range(1, 3)).map(checkpoint).collect();
    s.isolation = rng.pick(&[Isolation::Freeze, Isolation::Withdraw]);
    s.pool_recovery = rng.pick(&[PoolRecovery::Manual, PoolRecovery::Auto]);
    let local = rng.below(s.nodes.len() as u64) as usize;
    s.nodes[local].local = true;
}

fn decisions(rng: &mut Rng, s: &mut PoolSettings) {
    s.recovery = rng.pick(&[Recovery::Manual, Recovery::Standby, Recovery::Auto, Recovery::Auto]);
    s.failback = rng.pick(&[Failback::Auto, Failback::Auto, Failback::Manual]);
    s.hostile_takeover = rng.one_in(4);
    s.failover_at = rng.pick(&[Status::Fail, Status::Fail, Status::Critical, Status::Warn, Status::Info]);
    s.max_loss = rng.pick(&[Some(2), Some(2), Some(5), Some(0), None]).map(Duration::from_secs);
    s.max_lag = rng.pick(&[Some(30), Some(30), Some(30), Some(5), Some(30), None]).map(Duration::from_secs);
    s.max_failovers = rng.pick(&[3, 100, 1, 100]);
    s.flap_window = Duration::from_secs(rng.pick(&[600, 20]));
    s.recover_after = rng.pick(&[5, 1]);
    s.writable = rng.pick(&[Writable::Require, Writable::Manage, Writable::Observe]);
    s.drain_timeout = Duration::from_secs(rng.pick(&[30, 30, 5, 0]));
    s.handover = millis(rng, &[2000, 2000, 500, 0, 10_000]);
}

fn serving(rng: &mut Rng, s: &mut PoolSettings) {
    s.when_all_fail = rng.pick(&[WhenAllFail::Hold, WhenAllFail::Hold, WhenAllFail::Drop]);
    if rng.one_in(3) {
        let mut any = || rng.pick(&Status::ALL);
        s.serve_until = ServeUntil { rw: any(), ro: any(), geo: any() };
    }
    if rng.one_in(4) {
        let node = rng.below(s.nodes.len() as u64) as usize;
        s.nodes[node].weight = rng.pick(&[1, 10, 253]);
        s.nodes[node].lag_scale = Some(LagScale { full: SECOND, zero: rng.pick(&[SECOND * 2, SECOND * 60]) });
    }
}

/// `retry_interval` and `timeout` are at most `interval`.
fn pace(rng: &mut Rng) -> Pace {
    let interval = millis(rng, &[1000, 2000, 500, 1000]);
    let retry_interval = millis(rng, &[250, 100, 500, 2000]).min(interval);
    Pace { interval, retry_interval, timeout: millis(rng, &[500, 200, 1000]).min(interval) }
}

/// A world of any shape under any settings.
pub fn random_world(rng: &mut Rng, seed: u64) -> World {
    let shapes =
        [pair(), pair(), pair(), pair(), one_way(), ring(), star(), chain(), mesh(), vec![vec![]], star()];
    let shape = rng.pick(&shapes);
    let mut world = World::new(random(rng, shape.len()), &shape, seed);
    world.net.gtid = rng.one_in(2);
    world.net.mysql = rng.one_in(3);
    world.net.drops_relay = rng.one_in(2);
    // Along a chain only GTIDs compare; without them a source that is cut off looks as if it had nothing to say.
    world.checks.debt.unchecked = !world.net.gtid && shape.len() > 2;
    world.net.slave_net_timeout = rng.pick(&[4, 60]) * SEC;
    world.consumes = !rng.one_in(6);
    world.write_every = rng.pick(&[50, 50, 300, 0]) * MS;
    world
}

/// What an operator makes of the settings of now: other nodes, another order, another name, other values.
pub fn edited(rng: &mut Rng, world: &World) -> PoolSettings {
    let old = world.pool.settings();
    let mut servers: Vec<usize> = (0..old.nodes.len()).map(|n| world.host(n)).collect();
    let some = rng.below(servers.len() as u64) as usize;
    match rng.below(6) {
        0 if servers.len() > 1 => _ = servers.remove(some),
        1 => servers.reverse(),
        2 => servers = (0..world.servers.len()).collect(),
        3 => servers.rotate_left(some),
        _ => {}
    }
    let mut new = world.settings_for(&servers);
    match rng.below(6) {
        0 => {
            let node = rng.below(new.nodes.len() as u64) as usize;
            // A name of its own: it is a new node then.
            new.nodes[node].name = format!("{}x", new.nodes[node].name);
        }
        1 => new = PoolSettings { nodes: new.nodes, ..random(rng, 1) },
        2 => new.nodes[some % servers.len()].promotable ^= true,
        _ => {}
    }
    if new.nodes.iter().all(|n| !n.promotable) {
        new.nodes[0].promotable = true;
    }
    new
}
