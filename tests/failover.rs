//! The main job on real servers: who is ACTIVE, and what keepalived is told, when servers die, hang and come back.

mod support;

use std::time::Duration;
use support::agent::nodes;
use support::{Agent, Use, pair_master_master, source_replica, wait_until};

const BOUND: Duration = Duration::from_secs(60);

#[test]
fn a_killed_primary_is_replaced_and_handed_active_back_once_it_is_recovered() {
    let mut servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    wait_until("req is 0", BOUND, || agent.status()["pools"][0]["nodes"][0]["req"] == 0);
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2"));
    assert!(agent.up("ro", "db2") && !agent.up("ro", "db1"));
    assert!(agent.up("geo", "db1") && agent.up("geo", "db2"));

    servers[0].kill9();
    agent.wait_active("db2");
    assert_eq!(agent.state(0), "FAIL_OFFLINE");
    assert_eq!(agent.status()["pools"][0]["epoch"], 2);
    assert!(agent.up("rw", "db2") && agent.up("ro", "db2") && !agent.up("rw", "db1"));
    let events = agent.says(&["events"]);
    assert!(events.contains("event=failover"), "{events}");
    assert!(events.contains("db2 promoted; db1 failed: connection refused"), "{events}");

    servers[0].restart();
    agent.wait_state(0, "FAIL_ONLINE");
    wait_until("db1 waits for the operator", BOUND, || {
        agent.says(&["why", "db/db1"]).contains("mpp recover db/db1")
    });
    agent.says(&["recover", "db/db1"]);
    agent.wait_active("db1");
    assert_eq!(agent.status()["pools"][0]["epoch"], 3);
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2") && agent.up("ro", "db2"));
}

#[test]
fn a_frozen_primary_is_replaced_and_comes_back_as_fail_online() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    servers[0].freeze();
    agent.wait_active("db2");
    servers[0].thaw();
    agent.wait_state(0, "FAIL_ONLINE");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1") && !agent.up("ro", "db1"));
}

#[test]
fn a_pair_that_replicates_by_position_fails_over_too() {
    let mut servers = pair_master_master(Use::File);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    servers[0]
        .sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY); INSERT INTO d.t VALUES (1), (2)");
    wait_until("db2 has the rows", BOUND, || {
        servers[1].try_sql("SELECT n FROM d.t").is_ok_and(|rows| rows.len() == 2)
    });
    servers[0].kill9();
    agent.wait_active("db2");
}

#[test]
fn the_source_of_a_plain_source_and_replica_becomes_active() {
    let servers = source_replica(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
}

#[test]
fn a_standby_whose_replication_breaks_fails_and_recovers_by_itself() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "    recover_after: 2\n");
    agent.wait_active("db1");
    servers[1].sql("STOP SLAVE SQL_THREAD");
    agent.wait_state(1, "FAIL_ONLINE");
    assert!(!agent.up("ro", "db2") && agent.up("ro", "db1") && agent.up("rw", "db1"));
    let why = agent.says(&["why", "db"]);
    assert!(why.contains("no redundancy") && why.contains("SQL thread No"), "{why}");
    servers[1].sql("START SLAVE SQL_THREAD");
    agent.wait_state(1, "STANDBY");
    assert!(agent.up("ro", "db2"));
}

#[test]
fn broken_replication_of_the_active_node_is_shown_and_never_counted() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    servers[0].sql("STOP SLAVE");
    wait_until("the table says so", BOUND, || agent.says(&["status"]).contains("(not counted)"));
    wait_until("it is told once", BOUND, || agent.says(&["events"]).contains("event=replication"));
    assert_eq!(agent.active().as_deref(), Some("db1"));
    assert_eq!(agent.status()["pools"][0]["nodes"][0]["status"], "OK");
}

#[test]
fn a_pool_whose_only_standby_is_read_only_is_held_and_says_why() {
    let mut servers = pair_master_master(Use::Gtid);
    servers[1].sql("SET GLOBAL read_only = 1");
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    servers[0].kill9();
    wait_until("db1 is held", BOUND, || agent.status()["pools"][0]["flags"][0] == "held");
    let why = agent.says(&["why", "db"]);
    assert!(why.contains("db2 is read_only (writable: require)"), "{why}");
    assert!(agent.up("rw", "db1"), "a held node goes on serving rw");
    servers[1].sql("SET GLOBAL read_only = 0");
    agent.wait_active("db2");
}
