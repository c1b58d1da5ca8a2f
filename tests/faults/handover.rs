//! `mppd` is killed in the middle of handovers, again and again: nobody loses a row, and never are two nodes UP.

use crate::support::accounts::let_manage;
use crate::support::chance::Chance;
use crate::support::doors::{Doors, open};
use crate::support::writer::{self, Writer, finish_without_loss};
use crate::support::{Agent, Proxy, Server, Use, pair_master_master, wait_until};
use mpp::state::{PoolSnapshot, Snapshot};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
/// Pools on the same pair of servers: their handovers are at different places when the blow falls.
const POOLS: usize = 4;
/// Kills between two pauses, or drains.
const ORDERED: usize = 10;
/// Kills that must have struck in the middle of a handover.
const KILLS: usize = 200;

/// Whose the servers' `read_only` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writable {
    /// Nobody's: both take writes all the time.
    Require,
    /// mppd's: one pool, whose servers are opened and closed.
    Manage,
}

impl Writable {
    fn pools(self) -> usize {
        if self == Writable::Manage { 1 } else { POOLS }
    }

    fn setting(self) -> &'static str {
        if self == Writable::Manage { "    writable: manage\n" } else { "" }
    }
}

/// The configuration of the pools, each with proxies of its own: no two nodes of a configuration share an address.
fn configuration(agent: &Agent, proxies: &[[Proxy; 2]], extra: &str) -> String {
    let one = fs::read_to_string(agent.config()).expect("the configuration of one pool");
    let (top, _) = one.split_once("pools:").expect("pools");
    let pool = |(n, [a, b]): (usize, &[Proxy; 2])| {
        format!(
            "  - name: p{n}\n{extra}    handover: 300ms\n    failback: manual\n    monitor: {{ interval: 500ms, retry_interval: 100ms }}\n    nodes:\n      - {{ name: db1, address: \"{}\" }}\n      \
             - {{ name: db2, address: \"{}\" }}\n",
            a.address(),
            b.address()
        )
    };
    format!("{top}pools:\n{}", proxies.iter().enumerate().map(pool).collect::<String>())
}

/// Who is UP for `rw`, and the epoch, by pool.
fn writers(state: &Path) -> Option<HashMap<String, (Vec<usize>, u64)>> {
    let snapshot = Snapshot::read(state).ok()?;
    let up = |p: &PoolSnapshot| {
        let nodes = p.record.nodes.iter().enumerate();
        (nodes.filter(|(_, n)| n.rw.up).map(|(n, _)| n).collect(), p.record.epoch)
    };
    Some(snapshot.pools.iter().map(|p| (p.name.clone(), up(p))).collect())
}

/// Looks at every state that is published until told to stop; gives back how many looks there were.
fn watch(state: &Path, stop: &AtomicBool) -> u64 {
    let mut last: HashMap<String, (Vec<usize>, u64)> = HashMap::new();
    let mut looks = 0;
    while !stop.load(Ordering::Relaxed) {
        let Some(now) = writers(state) else { continue };
        for (pool, (up, epoch)) in &now {
            assert!(up.len() <= 1, "pool {pool}: two are UP for rw: {up:?}");
            let Some((before, epoch_before)) = last.get(pool) else { continue };
            assert!(epoch >= epoch_before, "pool {pool}: the epoch went from {epoch_before} to {epoch}");
            let moved = !up.is_empty() && !before.is_empty() && up != before;
            assert!(!moved || epoch > epoch_before, "pool {pool}: {before:?} to {up:?} within epoch {epoch}");
        }
        last = now;
        looks += 1;
        thread::sleep(Duration::from_millis(4));
    }
    looks
}

/// Has every pool that is not in a handover begin one, to whichever node it can.
fn begin_handovers(agent: &Agent, pools: usize) {
    for pool in 0..pools {
        // Refused where one is under way, or somebody has not caught up yet.
        agent.mpp(&["switchover", &format!("p{pool}"), "--no-wait"]);
    }
}

fn pools_in_handover(state: &Path) -> usize {
    writers(state).map_or(0, |pools| pools.values().filter(|(up, _)| up.is_empty()).count())
}

fn everybody_has_one(state: &Path) -> bool {
    writers(state).is_some_and(|pools| pools.values().all(|(up, _)| up.len() == 1))
}

fn start(writable: Writable) -> ([Server; 2], Vec<[Proxy; 2]>, Agent) {
    let servers = pair_master_master(Use::Gtid);
    let_manage(&servers[0]);
    writer::prepare(&servers[0]);
    let pair = |_| [Proxy::before(servers[0].address()), Proxy::before(servers[1].address())];
    let proxies: Vec<[Proxy; 2]> = (0..writable.pools()).map(pair).collect();
    let mut agent = Agent::prepare("", "", "");
    let text = configuration(&agent, &proxies, writable.setting());
    fs::write(agent.config(), text).expect("the configuration written");
    agent.launch();
    wait_until("every pool has an ACTIVE node", BOUND, || everybody_has_one(&agent.state_file()));
    (servers, proxies, agent)
}

/// A pause, and a drain of the STANDBY node, are there again after a kill.
fn orders_survive(agent: &mut Agent, state: &Path) {
    wait_until("the pool has an ACTIVE node", BOUND, || everybody_has_one(state));
    agent.says(&["pause", "p0"]);
    let standby = if agent.active().as_deref() == Some("db1") { 1 } else { 0 };
    let name = format!("p0/db{}", standby + 1);
    agent.says(&["drain", &name]);
    agent.kill9();
    agent.launch();
    assert!(agent.flagged("paused") && agent.node(standby).drained, "{:#}", agent.status());
    agent.says(&["undrain", &name]);
    agent.says(&["resume", "p0"]);
}

/// Tells the watcher to stop.
struct StopWhenGone<'a>(&'a AtomicBool);

impl Drop for StopWhenGone<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The daemon is killed until that has struck in the middle of a handover often enough.
pub(crate) fn killed_in_the_middle(writable: Writable) {
    let (servers, _proxies, mut agent) = start(writable);
    let state = agent.state_file();
    let (mut chance, stop) = (Chance::new(), AtomicBool::new(false));
    let writer = Writer::start(&state, "p0", 1);
    let doors = (writable == Writable::Manage).then(|| {
        wait_until("one server is closed", BOUND, || {
            servers.iter().filter(|server| open(server)).count() == 1
        });
        Doors::watch(&servers)
    });
    let looks = thread::scope(|scope| {
        // Also when something here fails: or the watcher would watch for ever.
        let _stop = StopWhenGone(&stop);
        let watcher = scope.spawn(|| watch(&state, &stop));
        let (mut struck, mut stages) = (0, 0);
        while struck < KILLS && !watcher.is_finished() {
            begin_handovers(&agent, writable.pools());
            thread::sleep(Duration::from_millis(chance.below(500)));
            agent.kill9();
            let in_handover = pools_in_handover(&state);
            struck += usize::from(in_handover > 0);
            stages += in_handover;
            agent.launch();
            if doors.is_some() && in_handover > 0 && struck % ORDERED == 0 {
                orders_survive(&mut agent, &state);
            }
        }
        wait_until("every pool has an ACTIVE node again", BOUND, || everybody_has_one(&state));
        stop.store(true, Ordering::Relaxed);
        eprintln!("{struck} kills struck {stages} handovers; {}", chance);
        watcher.join().expect("nothing forbidden was ever published")
    });
    if let Some(doors) = doors {
        eprintln!("the right to write went over {} times", doors.end());
    }
    assert!(looks > 0);
    let acknowledged = finish_without_loss(vec![writer], &servers);
    assert!(acknowledged > KILLS, "the writer got to write: {acknowledged}");
}
