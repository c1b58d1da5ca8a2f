//! Ten minutes of a network and of servers that are never quite well: nobody's role changes.
//!
//! `MPP_STEADY_SECONDS` makes it shorter. `make test` runs it beside everything else.

mod support;

use std::thread;
use std::time::{Duration, Instant};
use support::agent::nodes_at;
use support::{Agent, Fickle, Mode, Proxy, Use, pair_master_master, wait_until};

/// The default `timeout`, ms.
const TIMEOUT_MS: u64 = 500;
const BOUND: Duration = Duration::from_secs(60);
/// What nobody may be told of after the start.
const CHANGES: [&str; 4] = ["election", "failover", "handover", "handed_over"];

const WELL: Fickle = Fickle { lost_of: 0, late_of: 0, late_ms: (0, 0) };
/// 5 % of polls lost.
const LOSSY: Fickle = Fickle { lost_of: 20, ..WELL };
/// One answer of ten late, some of them too late.
const LATE: Fickle = Fickle { late_of: 10, late_ms: (TIMEOUT_MS / 2, TIMEOUT_MS * 3 / 2), ..WELL };
/// Every answer at the edge of the timeout.
const EDGE: Fickle = Fickle { late_of: 1, late_ms: (TIMEOUT_MS * 9 / 10, TIMEOUT_MS * 11 / 10), ..WELL };

/// The pools: what is the matter with the ACTIVE node, and with the standby.
const POOLS: [(&str, Fickle, Fickle); 5] = [
    ("lossy", LOSSY, LOSSY),
    ("late", LATE, LATE),
    ("edge", WELL, EDGE),
    ("both", Fickle { lost_of: 20, ..LATE }, Fickle { lost_of: 20, ..LATE }),
    ("all", Fickle { lost_of: 20, ..LATE }, Fickle { lost_of: 20, ..EDGE }),
];

fn length() -> Duration {
    let seconds = std::env::var("MPP_STEADY_SECONDS").ok().map(|s| s.parse().expect("a number of seconds"));
    Duration::from_secs(seconds.unwrap_or(600))
}

/// Pools of the same two servers, each asked through proxies of its own.
fn pools(paths: &[[Proxy; 2]]) -> String {
    let nodes = |pair: &[Proxy; 2]| nodes_at(pair.iter().map(Proxy::address));
    let more = POOLS.iter().zip(paths).skip(1);
    let more = more.map(|((name, ..), pair)| format!("  - name: {name}\n    nodes:\n{}", nodes(pair)));
    nodes(&paths[0]) + &more.collect::<String>()
}

/// Sleeps for the whole length; says by how much it overslept at most in a step, which is what the machine did to
/// everybody.
fn sleep_and_measure(length: Duration) -> Duration {
    let (began, step) = (Instant::now(), Duration::from_millis(100));
    let mut worst = Duration::ZERO;
    while began.elapsed() < length {
        let before = Instant::now();
        thread::sleep(step);
        worst = worst.max(before.elapsed().saturating_sub(step));
    }
    worst
}

#[test]
fn polls_that_are_lost_or_late_now_and_then_change_nobodys_role() {
    let servers = pair_master_master(Use::Gtid);
    let paths: Vec<_> =
        POOLS.iter().map(|_| [0, 1].map(|n: usize| Proxy::before(servers[n].address()))).collect();
    let agent = Agent::start(&pools(&paths), "");
    let all_well = || {
        let status = agent.status();
        let pools = status["pools"].as_array().expect("pools").clone();
        pools
            .iter()
            .all(|p| p["active"] == "db1" && p["nodes"][1]["state"] == "STANDBY" && p["nodes"][0]["req"] == 0)
    };
    wait_until("all pools are well", BOUND, all_well);
    let start = agent.log().len();
    for ((_, first, second), pair) in POOLS.iter().zip(&paths) {
        pair[0].set(Mode::Fickle(*first));
        pair[1].set(Mode::Fickle(*second));
    }

    let worst = sleep_and_measure(length());

    let told = agent.log()[start..].to_owned();
    let changes: Vec<_> =
        told.lines().filter(|l| CHANGES.iter().any(|c| l.contains(&format!("event={c} ")))).collect();
    let overdue = told.matches("overdue").count();
    assert!(
        changes.is_empty(),
        "{changes:#?}\nthis machine let a thread sleep {worst:?} too long, {overdue} polls were overdue:\n{told}"
    );
    for pool in agent.status()["pools"].as_array().expect("pools") {
        assert_eq!((&pool["active"], &pool["epoch"]), (&"db1".into(), &1.into()), "{pool}");
    }
    assert!(told.contains("timeout after 500ms"), "nothing was lost: the paths were well:\n{told}");
}
