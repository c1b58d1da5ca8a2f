//! From a fault of the ACTIVE node to `mpp-check rw` saying UP on its standby, on real pairs, default configuration.

use super::figures::{Figures, Table, row};
use super::programs::Program;
use super::published::Published;
use super::support::agent::program;
use super::support::replication::replicates;
use super::support::{Agent, Mode, Proxy, Server, Use, pair_master_master, wait_until};
use std::thread;
use std::time::{Duration, Instant};

/// Pairs of servers, each a pool of one `mppd`, which lose their ACTIVE nodes at different moments.
const PAIRS: usize = 5;
/// Rounds of each fault: with the pairs, twenty samples.
const ROUNDS: usize = 4;
const BOUND: Duration = Duration::from_secs(60);
/// From poll to poll, by default.
const INTERVAL: Duration = Duration::from_secs(1);

/// What happens to the ACTIVE node.
#[derive(Clone, Copy)]
enum Fault {
    Kill,
    Stop,
    Drop,
}

/// A pool: its two servers, and a proxy in front of the first for dropped packets.
struct Pair {
    servers: [Server; 2],
    proxy: Proxy,
}

/// The table of the three faults.
pub fn measure() -> String {
    let mut pairs: Vec<Pair> = (0..PAIRS).map(|_| Pair::start()).collect();
    let mut table =
        Table::new(&["fault of the ACTIVE node", "floor, s", "median", "worst", "samples", "wanted"]);
    let faults = [
        (Fault::Kill, "SIGKILL", "median at most 1.0"),
        (Fault::Stop, "SIGSTOP", "median at most 3.5, worst 4.1"),
        (Fault::Drop, "its packets dropped", "median at most 3.5, worst 4.1"),
    ];
    for (fault, name, target) in faults {
        let samples = (0..ROUNDS).flat_map(|round| run_round(&mut pairs, fault, round)).collect();
        table.row(row(name, &Figures::of(samples), 2, target));
    }
    table.markdown()
}

impl Pair {
    fn start() -> Pair {
        let servers = pair_master_master(Use::Gtid);
        let proxy = Proxy::before(servers[0].address());
        Pair { servers, proxy }
    }

    fn pool(&self, number: usize, fault: Fault) -> String {
        let first = match fault {
            Fault::Drop => self.proxy.address(),
            _ => self.servers[0].address(),
        };
        let second = self.servers[1].address();
        format!(
            "  - name: p{number}\n    nodes:\n      - {{ name: db1, address: \"{first}\" }}\n      \
             - {{ name: db2, address: \"{second}\" }}\n"
        )
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.servers[0].kill9(),
            Fault::Stop => self.servers[0].freeze(),
            Fault::Drop => self.proxy.set(Mode::Drop),
        }
    }

    fn mend(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.servers[0].restart(),
            Fault::Stop => self.servers[0].thaw(),
            Fault::Drop => self.proxy.set(Mode::Pass),
        }
        wait_until("the pair replicates again", BOUND, || self.servers.iter().all(|s| replicates(s, "")));
    }
}

/// Every pair loses its ACTIVE node once; how long each took, seconds.
fn run_round(pairs: &mut [Pair], fault: Fault, round: usize) -> Vec<f64> {
    let pools: String = pairs.iter().enumerate().map(|(n, pair)| pair.pool(n, fault)).collect();
    let agent = super::crowd::start_agent(&pools, "");
    wait_until("every pool is well", BOUND, || is_well(&agent));
    let agent = &agent;
    let samples = thread::scope(|scope| {
        let one = |(n, pair)| scope.spawn(move || strike_and_wait(pair, agent, fault, (round, n)));
        let running: Vec<_> = pairs.iter_mut().enumerate().map(one).collect();
        running.into_iter().map(|r| r.join().expect("a failover")).collect()
    });
    thread::scope(|scope| {
        for pair in pairs {
            scope.spawn(|| pair.mend(fault));
        }
    });
    samples
}

/// Waits until the next poll of the ACTIVE node of pool `n` is published.
fn await_poll(agent: &Agent, n: usize) {
    let published = Published::open(&agent.state_file());
    let last = published.last_request(n, 0);
    wait_until("a poll", BOUND, || published.last_request(n, 0) != last);
}

fn is_well(agent: &Agent) -> bool {
    let status = agent.status();
    let pools = status["pools"].as_array().expect("pools");
    pools.iter().all(|pool| {
        let nodes = &pool["nodes"];
        let calm = |n: usize, state: &str| nodes[n]["state"] == state && nodes[n]["req"] == 0;
        calm(0, "ACTIVE") && calm(1, "STANDBY")
    })
}

/// The faults of all rounds are spread evenly over the time from one poll to the next.
fn strike_and_wait(pair: &mut Pair, agent: &Agent, fault: Fault, (round, n): (usize, usize)) -> f64 {
    let share = ((round * PAIRS + n) as f64 + 0.5) / (ROUNDS * PAIRS) as f64;
    let state = agent.state_file().display().to_string();
    let check = program("mpp-check").display().to_string();
    let check = Program::new(&[&check, "--state", &state, "rw", &format!("p{n}"), "db2"]);
    await_poll(agent, n);
    thread::sleep(INTERVAL.mul_f64(share));
    let struck = Instant::now();
    thread::scope(|scope| {
        // Dropping packets takes the proxy a moment, after the first packet is dropped.
        scope.spawn(|| pair.strike(fault));
        while check.run() != 0 {
            assert!(struck.elapsed() < BOUND, "no failover within {BOUND:?}");
            thread::sleep(Duration::from_millis(2));
        }
        struck.elapsed().as_secs_f64()
    })
}
