//! The replication of the ACTIVE node breaks, in one way after the other: shown and told, never counted.

use crate::support::accounts::REPLICATION_PASSWORD;
use crate::support::replication::wait_until_caught_up;
use crate::support::stage::BOUND;
use crate::support::{Play, Server, Stage, Use, replicate, wait_until};

crate::plain_and_tormented! {
    stopped_replication_of_the_active_node_is_shown_and_never_counted,
    broken_replication_of_the_active_node_is_shown_and_never_counted,
    an_active_node_whose_source_is_dead_is_left_alone,
}

/// What is done to db1, which is ACTIVE, or to db2, its source; what the table says then; and how it is made good.
type Way = (fn(&Server, &Server), &'static str, fn(&Server, &Server));

const STOPPED: [Way; 4] = [
    (|db1, _| run(db1, "STOP SLAVE IO_THREAD"), "IO thread No", |db1, _| run(db1, "START SLAVE")),
    (|db1, _| run(db1, "STOP SLAVE SQL_THREAD"), "SQL thread No", |db1, _| run(db1, "START SLAVE")),
    (|db1, _| run(db1, "STOP SLAVE"), "SQL thread No", |db1, _| run(db1, "START SLAVE")),
    (
        |db1, _| run(db1, "STOP SLAVE; RESET SLAVE ALL"),
        "no replication channel; it had one",
        |db1, db2| replicate(db2, db1, Use::Gtid, ""),
    ),
];

const BROKEN: [Way; 3] = [
    (|db1, _| log_in_with(db1, "wrong"), "1045 ", |db1, _| log_in_with(db1, REPLICATION_PASSWORD)),
    (
        |db1, db2| {
            run(db1, "SET sql_log_bin = 0; INSERT INTO d.t VALUES (1)");
            run(db2, "INSERT INTO d.t VALUES (1)");
        },
        "SQL thread No: 1062 ",
        |db1, _| run(db1, "SET sql_log_bin = 0; DELETE FROM d.t WHERE n = 1; START SLAVE"),
    ),
    (
        |db1, db2| {
            run(db1, "STOP SLAVE");
            run(db2, "INSERT INTO d.t VALUES (2); FLUSH BINARY LOGS; FLUSH BINARY LOGS");
            let last = db2.value("SHOW MASTER STATUS");
            wait_until("the log is purged", BOUND, || {
                run(db2, &format!("PURGE BINARY LOGS TO '{last}'"));
                db2.sql("SHOW BINARY LOGS").len() == 1
            });
            run(db1, "START SLAVE");
        },
        "IO thread No: 1236 ",
        |db1, db2| {
            let position = db2.value("SELECT @@gtid_binlog_pos");
            run(db1, &format!("STOP SLAVE; SET GLOBAL gtid_slave_pos = '{position}'; START SLAVE"));
        },
    ),
];

fn run(server: &Server, statements: &str) {
    server.sql(statements);
}

fn log_in_with(replica: &Server, password: &str) {
    run(replica, &format!("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='{password}'; START SLAVE"));
}

/// Shown in the table, for some polls; and nothing else comes of it.
#[track_caller]
fn shown_and_not_counted(stage: &Stage, words: &str) {
    wait_until(words, BOUND, || {
        let message = stage.agent.status()["pools"][0]["nodes"][0]["message"].to_string();
        message.contains(words) && message.contains("(not counted)")
    });
    stage.wait_polls(0, 5);
    // A single poll may be late on a busy machine.
    wait_until("nothing is counted", BOUND, || {
        let node = stage.agent.node(0);
        (node.state.as_str(), node.status.as_str(), node.req) == ("ACTIVE", "OK", 0)
    });
    assert!(stage.agent.up("rw", "db1") && stage.agent.up("geo", "db1"));
    assert_eq!((stage.agent.active().as_deref(), stage.agent.epoch()), (Some("db1"), 1));
}

fn in_all_these_ways(play: Play, ways: &[Way]) {
    let stage = Stage::pair(play, "");
    let [db1, db2] = &stage.servers[..] else { panic!("a pair") };
    db1.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)");
    wait_until_caught_up(db1, db2);
    for (break_it, words, heal) in ways {
        break_it(db1, db2);
        shown_and_not_counted(&stage, words);
        heal(db1, db2);
        wait_until("it is whole again", BOUND, || stage.agent.node(0).message == "--");
    }
    assert!(!stage.agent.told("replication").is_empty());
}

fn stopped_replication_of_the_active_node_is_shown_and_never_counted(play: Play) {
    in_all_these_ways(play, &STOPPED);
}

fn broken_replication_of_the_active_node_is_shown_and_never_counted(play: Play) {
    in_all_these_ways(play, &BROKEN);
}

fn an_active_node_whose_source_is_dead_is_left_alone(play: Play) {
    let mut stage = Stage::pair(play, "    recover_after: 1\n");
    stage.servers[1].kill9();
    shown_and_not_counted(&stage, "IO thread Connecting: 2003 ");
    stage.servers[1].restart();
    stage.wait_well("db1");
}
