//! The standby: what fails it, what it must have before it may take over, and what holds the pool until then.

use crate::support::replication::wait_until_caught_up;
use crate::support::stage::BOUND;
use crate::support::{Play, Server, Stage, wait_until};
use mysql::prelude::Queryable;
use std::thread;
use std::time::Duration;

crate::plain_and_tormented! {
    a_standby_whose_io_thread_is_stopped_fails_and_recovers_by_itself,
    a_standby_whose_sql_thread_is_stopped_fails_and_recovers_by_itself,
    a_standby_with_a_duplicate_key_fails_and_recovers_by_itself,
    a_standby_without_a_channel_fails_and_recovers_by_itself,
    a_standby_that_starts_without_its_replication_fails_and_recovers_by_itself,
    a_standby_that_lags_beyond_max_lag_fails_and_recovers_by_itself,
    a_standby_that_was_broken_for_long_is_not_promoted_and_why_says_how_stale_it_is,
    a_standby_that_slept_while_the_active_node_wrote_is_not_promoted_however_perfect_it_looks,
    a_standby_with_a_backlog_is_waited_for_and_then_promoted,
    a_pool_whose_only_standby_is_read_only_is_held_and_says_why,
}

/// Failures follow each other quickly here, and none is to make the next recovery slower.
const BRISK: &str = "    recover_after: 2\n    flap_window: 1s\n";
/// `max_loss`, as it is by default.
const MAX_LOSS: Duration = Duration::from_secs(2);
const TABLE: &str = "CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)";

/// db2 fails by what `break_it` does, with these words, after four negatives, and recovers once it is healed.
#[track_caller]
fn fails_and_recovers(
    stage: &mut Stage,
    words: &str,
    break_it: impl FnOnce(&mut Server),
    heal: impl FnOnce(&mut Server),
) {
    let agent = stage.agent.clone();
    break_it(&mut stage.servers[1]);
    agent.wait_state(1, "FAIL_ONLINE");
    assert!(!agent.up("ro", "db2") && !agent.up("geo", "db2"));
    assert!(agent.up("ro", "db1") && agent.up("rw", "db1"));
    agent.wait_why(words);
    assert!(agent.why().contains("no redundancy"), "{}", agent.why());
    for failed in agent.told("state").iter().filter(|l| l.contains("from=STANDBY to=FAIL_ONLINE")) {
        assert!(failed.contains("node=db2") && failed.contains(" req=4 "), "{failed}");
    }
    heal(&mut stage.servers[1]);
    stage.wait_well("db1");
    assert!(agent.up("ro", "db2"));
    // The ACTIVE node serves readers until the STANDBY has been put in.
    wait_until("readers have left db1", BOUND, || !agent.up("ro", "db1"));
    assert_eq!(agent.epoch(), 1);
}

fn sql(statements: &str) -> impl FnOnce(&mut Server) {
    move |server| _ = server.sql(statements)
}

fn a_standby_whose_io_thread_is_stopped_fails_and_recovers_by_itself(play: Play) {
    let mut stage = Stage::pair(play, BRISK);
    fails_and_recovers(&mut stage, "IO thread No", sql("STOP SLAVE IO_THREAD"), sql("START SLAVE"));
}

fn a_standby_whose_sql_thread_is_stopped_fails_and_recovers_by_itself(play: Play) {
    let mut stage = Stage::pair(play, BRISK);
    fails_and_recovers(&mut stage, "SQL thread No", sql("STOP SLAVE SQL_THREAD"), sql("START SLAVE"));
}

fn a_standby_with_a_duplicate_key_fails_and_recovers_by_itself(play: Play) {
    let mut stage = Stage::pair(play, BRISK);
    stage.servers[0].sql(TABLE);
    wait_until_caught_up(&stage.servers[0], &stage.servers[1]);
    stage.servers[1].sql("SET sql_log_bin = 0; INSERT INTO d.t VALUES (1)");
    stage.servers[0].sql("INSERT INTO d.t VALUES (1)");
    let heal = sql("SET sql_log_bin = 0; DELETE FROM d.t; START SLAVE");
    fails_and_recovers(&mut stage, "SQL thread No: 1062 ", |_| {}, heal);
}

fn a_standby_without_a_channel_fails_and_recovers_by_itself(play: Play) {
    let mut stage = Stage::pair(play, BRISK);
    let db1 = stage.servers[0].address();
    let heal = move |db2: &mut Server| {
        let (user, password) =
            (crate::support::accounts::REPLICATION, crate::support::accounts::REPLICATION_PASSWORD);
        db2.sql(&format!(
            "CHANGE MASTER TO MASTER_HOST='{}', MASTER_PORT={}, MASTER_USER='{user}', \
             MASTER_PASSWORD='{password}', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos; START SLAVE",
            db1.ip(),
            db1.port()
        ));
    };
    fails_and_recovers(&mut stage, "no replication channel", sql("STOP SLAVE; RESET SLAVE ALL"), heal);
}

fn a_standby_that_starts_without_its_replication_fails_and_recovers_by_itself(play: Play) {
    let mut stage = Stage::pair(play, BRISK);
    let restart = |db2: &mut Server| db2.restart_with(&["--skip-slave-start".into()]);
    fails_and_recovers(&mut stage, "SQL thread No", restart, sql("START SLAVE"));
}

fn a_standby_that_lags_beyond_max_lag_fails_and_recovers_by_itself(play: Play) {
    let mut stage = Stage::pair(play, &format!("{BRISK}    replication: {{ max_lag: 2s }}\n"));
    stage.servers[0].sql(TABLE);
    wait_until_caught_up(&stage.servers[0], &stage.servers[1]);
    // Nothing is applied while it is locked, and how far behind it is grows.
    let mut lock = stage.servers[1].admin().expect("a connection");
    lock.query_drop("FLUSH TABLES WITH READ LOCK").expect("the lock");
    stage.servers[0].sql("INSERT INTO d.t VALUES (1)");
    fails_and_recovers(&mut stage, "(max_lag 2s)", |_| {}, move |_| drop(lock));
}

/// Breaks the standby for longer than `max_lag`, kills the ACTIVE node, heals the standby.
pub(crate) fn broken_for(play: Play, pool_extra: &str, lasts: Duration) {
    let mut stage = Stage::pair(play, pool_extra);
    let agent = stage.agent.clone();
    stage.servers[0].sql(TABLE);
    wait_until_caught_up(&stage.servers[0], &stage.servers[1]);
    stage.servers[1].sql("STOP SLAVE");
    agent.wait_state(1, "FAIL_ONLINE");
    // The fault itself, not a wait for something.
    thread::sleep(lasts);
    stage.servers[0].sql("INSERT INTO d.t VALUES (1)");
    stage.wait_polls(0, 4);
    stage.servers[0].kill9();
    stage.stays_held("db2 is FAIL_ONLINE");
    let stale = || {
        agent.why().split("it was last fed ").nth(1).is_some_and(|s| s.contains(" before db1 was last seen"))
    };
    assert!(stale(), "{}", agent.why());
    stage.servers[1].sql("START SLAVE");
    // Its threads are well again, its source is gone, and it is as stale as before.
    stage.wait_polls(1, 4);
    stage.stays_held("db2 is FAIL_ONLINE");
    assert!(stale(), "{}", agent.why());
    stage.servers[0].restart();
    stage.wait_well("db1");
    assert_eq!(agent.epoch(), 1);
}

fn a_standby_that_was_broken_for_long_is_not_promoted_and_why_says_how_stale_it_is(play: Play) {
    broken_for(play, &format!("{BRISK}    replication: {{ max_lag: 2s }}\n"), Duration::from_secs(6));
}

fn a_standby_that_slept_while_the_active_node_wrote_is_not_promoted_however_perfect_it_looks(play: Play) {
    let mut stage = Stage::pair(play, BRISK);
    stage.servers[0].sql(TABLE);
    wait_until_caught_up(&stage.servers[0], &stage.servers[1]);
    stage.servers[1].kill9();
    stage.agent.wait_state(1, "FAIL_OFFLINE");
    stage.servers[0]
        .sql("INSERT INTO d.t VALUES (1); INSERT INTO d.t VALUES (2); INSERT INTO d.t VALUES (3)");
    stage.wait_polls(0, 1);
    // db1 shows them for longer than may be lost. Polls are no measure: a daemon that is killed now and then asks more often.
    thread::sleep(MAX_LOSS + Duration::from_secs(1));
    stage.wait_polls(0, 1);
    stage.servers[0].kill9();
    wait_until("the pool is held", BOUND, || stage.agent.flagged("held"));
    stage.servers[1].restart();
    stage.agent.wait_state(1, "STANDBY");
    let row = stage.servers[1].sql("SHOW ALL SLAVES STATUS").remove(0);
    let is = |column| row.get::<String, _>(column).unwrap_or_default();
    assert_eq!((is("Slave_SQL_Running").as_str(), is("Slave_SQL_State").is_empty()), ("Yes", false));
    stage.stays_held("db2 lacks 3 transactions that db1 had shown");
    assert_eq!(stage.servers[1].sql("SELECT n FROM d.t").len(), 0);
    stage.servers[0].restart();
    stage.wait_well("db1");
    assert_eq!(stage.agent.epoch(), 1);
}

fn a_standby_with_a_backlog_is_waited_for_and_then_promoted(play: Play) {
    let mut stage = Stage::pair(play, "");
    stage.servers[0].sql(TABLE);
    wait_until_caught_up(&stage.servers[0], &stage.servers[1]);
    let mut lock = stage.servers[1].admin().expect("a connection");
    lock.query_drop("FLUSH TABLES WITH READ LOCK").expect("the lock");
    stage.servers[0].sql("INSERT INTO d.t VALUES (1)");
    let end = stage.servers[0].value("SELECT @@gtid_binlog_pos");
    wait_until("db2 has received it", BOUND, || {
        let row = stage.servers[1].sql("SHOW ALL SLAVES STATUS").remove(0);
        row.get::<String, _>("Gtid_IO_Pos").is_some_and(|received| received.contains(&end))
    });
    stage.wait_polls(1, 2);
    stage.servers[0].kill9();
    stage.stays_held("db2 is applying its relay log");
    drop(lock);
    stage.agent.wait_active("db2");
    assert_eq!(stage.servers[1].sql("SELECT n FROM d.t").len(), 1, "nothing is lost");
}

fn a_pool_whose_only_standby_is_read_only_is_held_and_says_why(play: Play) {
    let mut stage = Stage::pair(play, "");
    stage.servers[1].sql("SET GLOBAL read_only = 1");
    wait_until("it is seen", BOUND, || stage.agent.node(1).read_only == Some(true));
    stage.agent.wait_why("could not be promoted: is read_only (writable: require)");
    stage.servers[0].kill9();
    stage.stays_held("db2 is read_only (writable: require)");
    stage.servers[1].sql("SET GLOBAL read_only = 0");
    stage.agent.wait_active("db2");
}
