//! How the daemon's costs grow with nodes and pools, and what happens when a server of many pools dies at once.

use super::crowd::{Crowd, Servers, Shape};
use super::figures::{Figures, Table, row};
use super::measure::{self, Measured};
use nix::sys::resource::{Resource, getrlimit};
use std::thread;
use std::time::{Duration, Instant};

const SHAPES: [(usize, usize); 7] = [(1, 1), (5, 2), (50, 2), (500, 2), (100, 10), (10, 100), (1, 100)];
const COLUMNS: [&str; 10] = [
    "nodes (pools x nodes)",
    "CPU, % of a core: mean",
    "floor / median / worst second",
    "memory: own / resident, MB",
    "threads",
    "polls begun within 50 ms, %",
    "late: median / 99.9 % / worst, ms",
    "answer to verdict: floor / median / worst, us",
    "state, KB",
    "mpp-check: median, us",
];
/// As many nodes as a configuration may have.
const MOST: u64 = 10_000;
/// File descriptors `mppd` wants for each node, and besides.
const DESCRIPTORS: (u64, u64) = (3, 160);

/// The table of growth, and the failover of 500 pools at once.
pub fn growth() -> String {
    let mut servers = Servers::start(1100, &[]);
    let mut table = Table::new(&COLUMNS);
    let mut mass = String::new();
    for (pools, nodes) in SHAPES {
        let (crowd, measured) = measure::crowd(&servers, Shape { pools, nodes });
        table.row(cells(&measured));
        if (pools, nodes) == (500, 2) {
            mass = all_at_once(crowd, &mut servers);
        }
    }
    format!("{}\n{mass}", table.markdown())
}

/// 10,000 nodes, or as many as the limit of file descriptors lets `mppd` have.
pub fn ten_thousand() -> String {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit");
    let (each, besides) = DESCRIPTORS;
    // A fifth of the limit is left alone: this is about load, not about the last descriptor.
    let nodes = (hard.saturating_sub(besides) / each * 4 / 5).min(MOST);
    let shape = Shape { pools: nodes as usize / 2, nodes: 2 };
    let servers = Servers::start(6000, &["--thread-handling=pool-of-threads", "--back-log=8000"]);
    let (_crowd, measured) = measure::crowd(&servers, shape);
    let mut table = Table::new(&COLUMNS);
    table.row(cells(&measured));
    let wanted = MOST * each + besides;
    let limit = format!("{MOST} nodes want LimitNOFILE={wanted}; here the hard limit was {hard}.");
    format!(
        "{}\n{limit} Raised for it: max_connections of the servers to 6,000, thread pool on.\n",
        table.markdown()
    )
}

fn cells(m: &Measured) -> [String; 10] {
    let three = |f: &Figures, digits: usize| f.cells(digits)[..3].join(" / ");
    let late = &m.lateness;
    [
        format!("{} ({} x {})", m.shape.total(), m.shape.pools, m.shape.nodes),
        format!("{:.2}", m.cpu.mean()),
        three(&m.cpu, 2),
        format!("{:.1} / {:.1}", m.resident.0, m.resident.1),
        format!("{:.0}", m.threads),
        format!("{:.3}", late.within(50.0) * 100.0),
        format!("{:.0} / {:.0} / {:.0}", late.median(), late.at(0.999), late.worst()),
        m.decision.as_ref().map_or("none".into(), |d| three(d, 0)),
        format!("{:.0}", m.state as f64 / 1000.0),
        format!("{:.0}", m.check.median()),
    ]
}

/// The server of every PRIMARY is killed: how long each pool takes to another ACTIVE node.
fn all_at_once(mut crowd: Crowd, servers: &mut Servers) -> String {
    let mut waiting: Vec<usize> = (0..crowd.shape.pools).collect();
    let killed = Instant::now();
    servers.0[0].kill9();
    let mut taken = Vec::new();
    while !waiting.is_empty() {
        assert!(killed.elapsed() < Duration::from_secs(60), "{} pools without failover", waiting.len());
        crowd.published.refresh();
        waiting.retain(|pool| !crowd.published.is_up(*pool, 1));
        taken.resize(crowd.shape.pools - waiting.len(), killed.elapsed().as_secs_f64());
        thread::sleep(Duration::from_millis(2));
    }
    drop(crowd);
    servers.0[0].restart();
    let mut table = Table::new(&["fault", "floor, s", "median", "worst", "pools", "wanted"]);
    let name = "500 pools of 2 lose their ACTIVE node at one moment (SIGKILL of the one server behind them)";
    table.row(row(name, &Figures::of(taken), 2, ""));
    table.markdown()
}
