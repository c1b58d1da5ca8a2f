//! The main job on servers of other versions: MySQL 9, MariaDB 10.5 and 11.8. Run by `make test-mysql`, which fetches them.

mod support;

use mpp::core::position::Gtids;
use mpp::poll::{Target, Tls};
use mysql::prelude::Queryable;
use std::time::Duration;
use support::accounts::{MONITOR, grant_as_printed};
use support::agent::nodes;
use support::monitor::{asker, asker_of, denied, facts, poll_until, target};
use support::replication::wait_until_caught_up;
use support::writer::{self, Writer, finish_without_loss, goes_on_at};
use support::{
    Agent, Flavour, Options, Server, Use, on_servers, pair_of, replicate, source_replica_of, wait_until,
};

const BOUND: Duration = Duration::from_secs(60);

on_servers! { mysql_9, mariadb_10_5, mariadb_11_8: {
        a_killed_primary_is_replaced_and_handed_active_back_once_it_is_recovered,
        a_switchover_over_and_back_under_writes_loses_no_row_and_never_shows_two_writers,
        a_primary_that_died_while_mppd_was_dead_is_replaced_by_one_that_has_what_it_had_shown,
        a_frozen_primary_is_replaced_and_comes_back_as_fail_online,
        a_standby_whose_sql_thread_stops_fails_and_recovers_by_itself,
        a_duplicate_key_fails_the_standby,
        a_standby_with_a_backlog_is_promoted_once_it_has_applied_it,
        a_pair_that_replicates_by_position_fails_over_too,
        a_pair_with_a_named_channel_fails_over_too,
        a_returning_primary_with_transactions_of_its_own_is_not_taken_back_by_itself,
        a_pool_whose_only_standby_is_read_only_is_held,
        positions_are_what_the_server_says,
        a_server_without_a_binary_log_says_so,
        the_printed_grants_are_all_the_monitor_needs,
        a_locked_monitor_is_denied,
        the_doctor_finds_nothing_to_mend_in_a_good_pair_and_its_advice_ends_faults,
    }
}

/// A pool `db` over these servers, db1 ACTIVE and db2 STANDBY.
fn steady(servers: &[Server], pool_extra: &str) -> Agent {
    let agent = Agent::start(&nodes(servers), pool_extra);
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    agent
}

fn write_rows(server: &Server, rows: &str) {
    server.sql("CREATE DATABASE IF NOT EXISTS d; CREATE TABLE IF NOT EXISTS d.t (n INT PRIMARY KEY)");
    server.sql(&format!("INSERT INTO d.t VALUES {rows}"));
}

fn wait_for_rows(server: &Server, count: usize) {
    wait_until("the rows are replicated", BOUND, || {
        server.try_sql("SELECT n FROM d.t").is_ok_and(|rows| rows.len() == count)
    });
}

fn a_killed_primary_is_replaced_and_handed_active_back_once_it_is_recovered(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::Gtid);
    let agent = steady(&servers, "");
    write_rows(&servers[0], "(1), (2)");
    wait_for_rows(&servers[1], 2);
    servers[0].kill9();
    agent.wait_active("db2");
    assert_eq!(agent.state(0), "FAIL_OFFLINE");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"));
    write_rows(&servers[1], "(4)");

    servers[0].restart();
    agent.wait_state(0, "FAIL_ONLINE");
    wait_for_rows(&servers[0], 3);
    agent.says(&["recover", "db/db1"]);
    agent.wait_active("db1");
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2") && agent.up("ro", "db2"));
}

fn a_switchover_over_and_back_under_writes_loses_no_row_and_never_shows_two_writers(flavour: Flavour) {
    let servers = pair_of(flavour, Use::Gtid);
    writer::prepare(&servers[0]);
    let agent = steady(&servers, "    handover: 500ms\n");
    let writing = Writer::start(&agent.state_file(), "db", 1);
    goes_on_at(&servers[0]);
    for (to, node) in [("db2", 1), ("db1", 0)] {
        agent.switches_to(to);
        goes_on_at(&servers[node]);
    }
    finish_without_loss(vec![writing], &servers);
}

/// What the ACTIVE node had shown comes from the memory of the mppd before.
fn a_primary_that_died_while_mppd_was_dead_is_replaced_by_one_that_has_what_it_had_shown(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::Gtid);
    let mut agent = steady(&servers, "");
    write_rows(&servers[0], "(1)");
    wait_for_rows(&servers[1], 1);
    agent.kill9();
    agent.launch();
    assert_eq!(agent.active().as_deref(), Some("db1"));
    assert_eq!(agent.epoch(), 1);
    agent.kill9();
    servers[0].kill9();
    agent.launch();
    agent.wait_active("db2");
    let events = agent.says(&["events"]);
    assert!(events.contains("nothing that db1 had shown is known to be lost"), "{events}");
}

fn a_frozen_primary_is_replaced_and_comes_back_as_fail_online(flavour: Flavour) {
    let servers = pair_of(flavour, Use::Gtid);
    let agent = steady(&servers, "");
    servers[0].freeze();
    agent.wait_active("db2");
    servers[0].thaw();
    agent.wait_state(0, "FAIL_ONLINE");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1") && !agent.up("ro", "db1"));
}

fn a_standby_whose_sql_thread_stops_fails_and_recovers_by_itself(flavour: Flavour) {
    let servers = pair_of(flavour, Use::Gtid);
    let agent = steady(&servers, "    recover_after: 2\n");
    servers[1].sql("STOP REPLICA SQL_THREAD");
    agent.wait_state(1, "FAIL_ONLINE");
    let why = agent.says(&["why", "db"]);
    assert!(why.contains("no redundancy") && why.contains("SQL thread No"), "{why}");
    servers[1].sql("START REPLICA SQL_THREAD");
    agent.wait_state(1, "STANDBY");
    assert!(agent.up("ro", "db2"));
}

fn a_duplicate_key_fails_the_standby(flavour: Flavour) {
    let servers = source_replica_of(flavour, Use::Gtid);
    let agent = steady(&servers, "");
    write_rows(&servers[0], "(1)");
    wait_for_rows(&servers[1], 1);
    servers[1].sql("SET SESSION sql_log_bin = 0; INSERT INTO d.t VALUES (2)");
    servers[0].sql("INSERT INTO d.t VALUES (2)");
    agent.wait_state(1, "FAIL_ONLINE");
    let why = agent.says(&["why", "db/db2"]);
    assert!(why.contains("SQL thread No: 1062 "), "{why}");
}

fn a_standby_with_a_backlog_is_promoted_once_it_has_applied_it(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::Gtid);
    write_rows(&servers[0], "(1)");
    wait_for_rows(&servers[1], 1);
    let agent = steady(&servers, "");
    let mut locked = servers[1].admin().expect("the administrator");
    locked.query_drop("FLUSH TABLES WITH READ LOCK").expect("a lock that stops the SQL thread");
    servers[0].sql("INSERT INTO d.t VALUES (2)");
    let end = facts(&mut asker(servers[0].address())).position;
    poll_until(&mut asker(servers[1].address()), "the standby receives the row", |o| {
        o.answer.facts().is_some_and(|f| f.has_received(&end.gtid) == Some(true))
    });
    servers[0].kill9();
    wait_until("db1 is held", BOUND, || agent.says(&["why", "db"]).contains("db2 is applying its relay log"));
    locked.query_drop("UNLOCK TABLES").expect("unlocked");
    agent.wait_active("db2");
    wait_for_rows(&servers[1], 2);
}

fn a_pair_that_replicates_by_position_fails_over_too(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::File);
    let agent = steady(&servers, "");
    write_rows(&servers[0], "(1), (2)");
    wait_for_rows(&servers[1], 2);
    servers[0].kill9();
    agent.wait_active("db2");
}

fn a_pair_with_a_named_channel_fails_over_too(flavour: Flavour) {
    let options = [1, 2].map(|id| Options::id(id).on(flavour));
    let mut servers = Server::start_all(&options);
    replicate(&servers[0], &servers[1], Use::Gtid, "from-db1");
    let agent = steady(&servers, "");
    write_rows(&servers[0], "(1)");
    wait_for_rows(&servers[1], 1);
    servers[0].kill9();
    agent.wait_active("db2");
}

fn a_returning_primary_with_transactions_of_its_own_is_not_taken_back_by_itself(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::Gtid);
    let agent = steady(&servers, "    recovery: auto\n    failback: manual\n");
    write_rows(&servers[0], "(1)");
    wait_for_rows(&servers[1], 1);
    servers[0].kill9();
    agent.wait_active("db2");
    servers[1].sql("STOP REPLICA");
    servers[0].restart();
    servers[0].sql("INSERT INTO d.t VALUES (2)");
    servers[0].sql("INSERT INTO d.t VALUES (3)");
    agent.wait_state(0, "FAIL_ONLINE");
    wait_until("why says what it holds", BOUND, || {
        agent.says(&["why", "db/db1"]).contains("that the pool lacks; mpp recover db/db1")
    });
    let why = agent.says(&["why", "db/db1"]);
    assert!(why.contains("holds 2 transactions (up to "), "{why}");

    servers[1].sql("START REPLICA");
    agent.wait_state(0, "STANDBY");
}

fn a_pool_whose_only_standby_is_read_only_is_held(flavour: Flavour) {
    let mut servers = pair_of(flavour, Use::Gtid);
    let agent = steady(&servers, "");
    let read_only = flavour.say("read_only", "super_read_only");
    servers[1].sql(&format!("SET GLOBAL {read_only} = 1"));
    servers[0].kill9();
    wait_until("db1 is held", BOUND, || agent.flagged("held"));
    let why = agent.says(&["why", "db"]);
    assert!(why.contains("db2 is read_only (writable: require)"), "{why}");
    servers[1].sql("SET GLOBAL read_only = 0");
    agent.wait_active("db2");
}

fn positions_are_what_the_server_says(flavour: Flavour) {
    let [source, replica] = source_replica_of(flavour, Use::Gtid);
    write_rows(&source, "(1)");
    if flavour.is_mysql() {
        source.sql("SET gtid_next = 'AUTOMATIC:nightly'; INSERT INTO d.t VALUES (2)");
    }
    wait_until_caught_up(&source, &replica);
    let told = |server: &Server| {
        let variable = flavour.say("@@global.gtid_current_pos", "@@global.gtid_executed");
        Gtids::parse(&server.value(&format!("SELECT {variable}"))).expect("GTIDs")
    };
    let (at_source, at_replica) = (facts(&mut asker(source.address())), facts(&mut asker(replica.address())));
    assert_eq!(at_source.position.gtid, told(&source));
    assert_eq!(at_replica.position.gtid, told(&source));
    assert_eq!(at_replica.has_executed(&told(&source)), Some(true));

    replica.sql("STOP REPLICA SQL_THREAD");
    source.sql("INSERT INTO d.t VALUES (3)");
    let received = |f: &mpp::core::observation::Facts| f.has_received(&told(&source)) == Some(true);
    let seen = poll_until(&mut asker(replica.address()), "the replica receives the row", |o| {
        o.answer.facts().is_some_and(received)
    });
    let facts = seen.answer.facts().expect("just seen");
    assert_eq!(facts.has_executed(&told(&source)), Some(false));
    assert!(!facts.applied(&facts.channels[0]), "{facts:?}");
    assert_eq!(facts.position.gtid.lacks(&told(&source)), 1);
}

fn a_server_without_a_binary_log_says_so(flavour: Flavour) {
    let server = Server::start(&Options { binlog: false, ..Options::id(7).on(flavour) });
    let told = facts(&mut asker(server.address()));
    assert_eq!((told.server_id, told.channels.len(), told.position.binlog), (7, 0, None));
    assert!(told.position.gtid.is_empty() && told.position.written.is_empty());
}

/// The part of `mpp config grants` for this server, run as it stands, for another user.
fn the_printed_grants_are_all_the_monitor_needs(flavour: Flavour) {
    let [_source, replica] = source_replica_of(flavour, Use::Gtid);
    let agent = Agent::prepare(&nodes([&replica]), "    monitor: { user: printed }\n", "");
    grant_as_printed(&replica, &agent.says(&["config", "grants"]));
    let printed = Target { user: "printed".into(), ..target(replica.address()) };
    assert_eq!(facts(&mut asker_of(printed)).channels.len(), 1);
}

#[test]
fn the_printed_grants_are_all_the_monitor_needs_on_the_installed_server() {
    the_printed_grants_are_all_the_monitor_needs(Flavour::Installed);
}

fn a_locked_monitor_is_denied(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    server.sql(&format!("ALTER USER {MONITOR}@'%' ACCOUNT LOCK"));
    denied(&asker(server.address()).poll().answer, flavour.say("4151 ", "3118 "));
    server.sql(&format!("ALTER USER {MONITOR}@'%' ACCOUNT UNLOCK"));
    facts(&mut asker(server.address()));
}

fn the_doctor_finds_nothing_to_mend_in_a_good_pair_and_its_advice_ends_faults(flavour: Flavour) {
    let servers = pair_of(flavour, Use::Gtid);
    let agent = Agent::prepare(&nodes(&servers), "", "");
    let findings = || {
        let output = agent.mpp(&["doctor", "--json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["errors"], i32::from(!output.status.success()), "{report:#}");
        report["findings"].as_array().expect("a list").clone()
    };
    let find = |rule: &str| findings().into_iter().find(|f| f["rule"] == rule && f["place"] == "db/db2");
    assert!(findings().iter().all(|finding| finding["weight"] != "error"), "{:#?}", findings());
    assert!(["not-examined", "grants-more"].iter().all(|rule| find(rule).is_none()), "{:#?}", findings());

    let retry = flavour.say("CHANGE MASTER TO MASTER", "CHANGE REPLICATION SOURCE TO SOURCE");
    let retry = format!("STOP REPLICA; {retry}_CONNECT_RETRY=60; START REPLICA");
    let timeout = flavour.say("SET GLOBAL slave_net_timeout = 60", "SET GLOBAL replica_net_timeout = 60");
    let read_only = "SET GLOBAL read_only = 1";
    for (rule, fault) in [("connect-retry", &*retry), ("net-timeout", timeout), ("read-only", read_only)] {
        servers[1].sql(fault);
        let finding = find(rule).unwrap_or_else(|| panic!("{rule} is not found: {:#?}", findings()));
        let steps = finding["advice"].as_array().expect("a list").iter().filter(|step| step["kind"] == "sql");
        let lines = steps.flat_map(|step| step["lines"].as_array().expect("a list"));
        lines.for_each(|line| _ = servers[1].sql(line.as_str().expect("a statement")));
        wait_until(&format!("{rule} is gone"), BOUND, || find(rule).is_none());
    }
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_server_that_takes_only_tls_denies_a_monitor_without() {
    for flavour in [Flavour::MariaDb118, Flavour::MySql9] {
        let server = Server::start(&Options::id(1).on(flavour).arg("--require-secure-transport=ON"));
        denied(&asker(server.address()).poll().answer, "3159 ");
        facts(&mut asker_of(Target { tls: Tls::Preferred, ..target(server.address()) }));
    }
}
