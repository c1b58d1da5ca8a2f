//! The ACTIVE node dies, hangs, is cut off or is full: who is ACTIVE then, and what the old one gets when it is back.

use crate::support::accounts::{REPLICATION, REPLICATION_PASSWORD};
use crate::support::net::{Lan, Packets};
use crate::support::stage::BOUND;
use crate::support::{Mode, Play, Server, Stage, wait_until};
use mysql::Conn;
use mysql::prelude::Queryable;
use std::time::Duration;

crate::plain_and_tormented! {
    a_killed_active_node_is_replaced_and_handed_active_back_once_it_is_recovered,
    an_active_node_that_is_shut_down_cleanly_is_replaced,
    a_frozen_active_node_gets_nothing_when_it_thaws_until_it_is_recovered,
    a_thawed_node_that_does_not_replicate_gets_nothing_by_being_recovered,
    an_active_node_whose_packets_are_dropped_or_rejected_is_replaced,
    an_active_node_that_says_nothing_or_too_little_is_replaced,
    an_active_node_that_is_full_for_a_moment_is_left_alone,
    an_active_node_that_stays_full_is_replaced_at_the_slow_pace,
    the_guard_stops_a_flapping_primary_until_an_operator_has_seen_it,
}

/// How the reason goes on once it has said how long it took.
fn failed(why: &str) -> String {
    format!(" after db1's first error; db1 failed: {why}")
}

/// db2 is ACTIVE in db1's stead, once.
#[track_caller]
fn replaced(stage: &Stage, state: &str, why: &str) {
    stage.agent.wait_active("db2");
    stage.agent.wait_state(0, state);
    assert_eq!(stage.agent.epoch(), 2);
    for (role, node, up) in [
        ("rw", "db1", false),
        ("ro", "db1", false),
        ("geo", "db1", false),
        ("rw", "db2", true),
        ("ro", "db2", true),
        ("geo", "db2", true),
    ] {
        assert_eq!(stage.agent.up(role, node), up, "{role} of {node}\n{}", stage.agent.why());
    }
    let table = stage.agent.says(&["status"]);
    let first = table.lines().find(|line| line.starts_with("P  ")).unwrap_or_default();
    assert!(first.contains(&format!("  {state}  ")), "{table}");
    // A daemon that was killed at the wrong moment has decided and not told.
    if let [told] = stage.agent.told("failover").as_slice() {
        assert!(
            told.contains("node=db2")
                && told.contains("reason=\"db2 promoted ")
                && told.contains(&failed(why)),
            "{told}"
        );
    }
}

fn a_killed_active_node_is_replaced_and_handed_active_back_once_it_is_recovered(play: Play) {
    let mut stage = Stage::pair(play, "");
    let agent = stage.agent.clone();
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2"));
    assert!(agent.up("ro", "db2"));
    wait_until("readers have left db1", BOUND, || !agent.up("ro", "db1"));
    assert!(agent.up("geo", "db1") && agent.up("geo", "db2"));

    stage.servers[0].kill9();
    replaced(&stage, "FAIL_OFFLINE", "connection refused");
    stage.servers[0].restart();
    agent.wait_state(0, "FAIL_ONLINE");
    agent.wait_why("mpp recover db/db1");
    agent.orders(&["recover", "db/db1"]);
    agent.wait_active("db1");
    assert_eq!(agent.epoch(), 3);
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2") && agent.up("ro", "db2"));
}

fn an_active_node_that_is_shut_down_cleanly_is_replaced(play: Play) {
    let mut stage = Stage::pair(play, "");
    stage.servers[0].stop_clean();
    replaced(&stage, "FAIL_OFFLINE", "connection refused");
}

/// What a node that failed while ACTIVE gets as long as nobody recovers it, however well it does.
#[track_caller]
fn gets_nothing(stage: &Stage) {
    // More good answers than a standby would need.
    stage.wait_polls(0, 8);
    assert_eq!(stage.agent.state(0), "FAIL_ONLINE");
    assert_eq!((stage.agent.active().as_deref(), stage.agent.epoch()), (Some("db2"), 2));
    for role in ["rw", "ro", "geo"] {
        assert!(!stage.agent.up(role, "db1"), "{role}\n{}", stage.agent.why());
    }
    stage.agent.wait_why("failed while ACTIVE; mpp recover db/db1");
}

fn a_frozen_active_node_gets_nothing_when_it_thaws_until_it_is_recovered(play: Play) {
    let stage = Stage::pair(play, "");
    let [db1, db2] = &stage.servers[..] else { panic!("a pair") };
    db1.freeze();
    replaced(&stage, "FAIL_OFFLINE", "");
    db2.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY); INSERT INTO d.t VALUES (1)");
    db1.thaw();
    gets_nothing(&stage);
    wait_until("db1 has what it missed", BOUND, || {
        db1.try_sql("SELECT n FROM d.t").is_ok_and(|r| r.len() == 1)
    });
    gets_nothing(&stage);
    stage.agent.orders(&["recover", "db/db1"]);
    stage.agent.wait_active("db1");
    assert_eq!(stage.agent.epoch(), 3);
}

fn a_thawed_node_that_does_not_replicate_gets_nothing_by_being_recovered(play: Play) {
    let stage = Stage::pair(play, "    recover_after: 1\n    flap_window: 1s\n");
    let db1 = &stage.servers[0];
    db1.sql("STOP SLAVE");
    db1.freeze();
    stage.agent.wait_active("db2");
    db1.thaw();
    stage.agent.wait_state(0, "FAIL_ONLINE");
    let recovered = stage.agent.mpp(&["recover", "db/db1"]);
    if play == Play::Plain {
        let said = String::from_utf8_lossy(&recovered.stderr).into_owned();
        assert!(!recovered.status.success() && said.contains("SQL thread No"), "{said}");
    }
    stage.agent.wait_state(0, "FAIL_ONLINE");
    stage.agent.wait_why("SQL thread No");
    assert_eq!((stage.agent.active().as_deref(), stage.agent.epoch()), (Some("db2"), 2));
    db1.sql("START SLAVE");
    stage.agent.wait_active("db1");
}

fn an_active_node_that_says_nothing_or_too_little_is_replaced(play: Play) {
    for mode in [Mode::Silent, Mode::Drip(Duration::from_secs(1))] {
        let stage = Stage::proxied_pair(play, "");
        stage.proxies[0].set(mode);
        replaced(&stage, "FAIL_OFFLINE", "accepts, but sends no greeting within 500ms");
    }
}

/// A server with no room for new connections.
struct Full {
    _others: Vec<Conn>,
    admin: Conn,
}

/// Fills it beyond the new limit, so that an end of the monitor's own connection makes no room either.
fn fill(server: &Server) -> Full {
    let connect = |_| server.connect(REPLICATION, REPLICATION_PASSWORD).expect("room as yet");
    let (others, mut admin) = ((0..15).map(connect).collect(), server.admin().expect("room as yet"));
    admin.query_drop("SET GLOBAL max_connections = 10").expect("a limit");
    Full { _others: others, admin }
}

const QUICK: &str = "    monitor: { reconnect_every: 100ms }\n";

fn an_active_node_that_is_full_for_a_moment_is_left_alone(play: Play) {
    let stage = Stage::pair(play, QUICK);
    let mut full = fill(&stage.servers[0]);
    wait_until("it is seen", BOUND, || stage.agent.says(&["status"]).contains("1040 Too many connections"));
    full.admin.query_drop("SET GLOBAL max_connections = 40").expect("a limit");
    drop(full);
    stage.wait_well("db1");
    assert_eq!(stage.agent.epoch(), 1);
}

fn an_active_node_that_stays_full_is_replaced_at_the_slow_pace(play: Play) {
    let stage = Stage::pair(play, QUICK);
    let _full = fill(&stage.servers[0]);
    replaced(&stage, "FAIL_ONLINE", "1040 Too many connections");
    if play == Play::Plain {
        let told = stage.agent.says(&["events", "--json", "--pool", "db", "--last", "10000"]);
        let seconds = |to: &str| {
            let event =
                told.lines().find(|line| line.contains(&format!("\"to\":\"{to}\"")) && line.contains("1040"));
            let event = event.unwrap_or_else(|| panic!("no {to}: {told}"));
            let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
            let time: jiff::Timestamp = event["time"].as_str().expect("a time").parse().expect("RFC 3339");
            time.as_millisecond()
        };
        let took = seconds("FAIL") - seconds("OK INFO");
        // Three intervals, less what a busy machine was late with the first; at the fast pace it would be 750 ms.
        assert!(took >= 1500, "{took} ms\n{told}");
    }
}

fn the_guard_stops_a_flapping_primary_until_an_operator_has_seen_it(play: Play) {
    let mut stage = Stage::pair(play, "    recovery: auto\n    recover_after: 1\n    handover: 200ms\n");
    let agent = stage.agent.clone();
    stage.servers[0].kill9();
    agent.wait_active("db2");
    stage.servers[0].restart();
    agent.wait_active("db1");
    stage.servers[0].kill9();
    agent.wait_active("db2");
    stage.servers[0].restart();
    // The third change was that; a failback would be the fourth, and only waits.
    stage.wait_well("db2");
    stage.wait_polls(0, 5);
    assert_eq!((agent.active().as_deref(), agent.epoch()), (Some("db2"), 4));
    assert!(!agent.flagged("flapping"), "{}", agent.why());

    stage.servers[1].kill9();
    stage.stays_held("the pool is flapping; mpp ack");
    assert!(agent.flagged("flapping"));
    assert!(!agent.told("flapping").is_empty(), "{}", agent.log());
    agent.orders(&["ack", "db"]);
    agent.wait_active("db1");
    assert_eq!(agent.epoch(), 5);
    assert!(!agent.flagged("flapping"));
}

fn an_active_node_whose_packets_are_dropped_or_rejected_is_replaced(play: Play) {
    let lan = Lan::of(2);
    let stage = Stage::pair_on(&lan, play, "    handover: 200ms\n", &[]);
    let agent = &stage.agent;
    let faults = [
        (Packets::Dropped, "timeout after 500ms"),
        (Packets::Reset, "connection refused"),
        (Packets::Unreachable, "no route to host"),
    ];
    for (n, (packets, why)) in faults.into_iter().enumerate() {
        lan.set(0, packets);
        agent.wait_active("db2");
        agent.wait_state(0, "FAIL_OFFLINE");
        assert_eq!(agent.epoch(), 2 + 2 * n as u64, "{packets:?}");
        let told = agent.told("failover");
        if play == Play::Plain {
            assert_eq!(told.len(), n + 1, "{told:#?}");
            assert!(
                told[n].contains("reason=\"db2 promoted ") && told[n].contains(&failed(why)),
                "{packets:?}: {}",
                told[n]
            );
        }
        lan.set(0, Packets::Accepted);
        agent.wait_state(0, "FAIL_ONLINE");
        agent.orders(&["recover", "db/db1"]);
        stage.wait_well("db1");
        agent.orders(&["ack", "db"]);
    }
}
