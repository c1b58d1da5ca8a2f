//! Three in a ring: one death after another, and members that look well because whoever feeds them does not.

use crate::support::replication::wait_until_caught_up;
use crate::support::stage::BOUND;
use crate::support::{Play, Stage, wait_until};

crate::plain_and_tormented! {
    the_third_of_a_ring_is_promoted_when_two_have_died_in_turn,
    a_member_that_a_frozen_one_feeds_is_held_as_stale,
    a_member_that_a_broken_one_feeds_is_held_as_stale,
}

const TABLE: &str = "CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)";

/// db2 replicates from db1, db3 from db2, db1 from db3; all three have the table.
fn ring(play: Play, pool_extra: &str) -> Stage {
    let stage = Stage::ring(play, 3, pool_extra);
    stage.servers[0].sql(TABLE);
    wait_until_caught_up(&stage.servers[0], &stage.servers[1]);
    wait_until_caught_up(&stage.servers[1], &stage.servers[2]);
    stage.wait_polls(2, 2);
    stage
}

fn the_third_of_a_ring_is_promoted_when_two_have_died_in_turn(play: Play) {
    let mut stage = ring(play, "");
    stage.servers[0].kill9();
    stage.agent.wait_active("db2");
    stage.servers[1].sql("INSERT INTO d.t VALUES (1)");
    wait_until_caught_up(&stage.servers[1], &stage.servers[2]);
    stage.wait_polls(1, 3);
    stage.servers[1].kill9();
    stage.agent.wait_active("db3");
    assert_eq!(stage.agent.epoch(), 3);
    assert_eq!(stage.servers[2].sql("SELECT n FROM d.t").len(), 1);
    let up = ["db1", "db2", "db3"].map(|node| stage.agent.up("rw", node));
    assert_eq!(up, [false, false, true]);
    for n in [0, 1] {
        stage.agent.wait_state(n, "FAIL_OFFLINE");
    }
}

/// While db2 passes nothing on, db1 writes and dies: nobody has what it wrote.
fn held_as_stale(play: Play, pass_nothing_on: impl FnOnce(&Stage), words: &str) {
    let mut stage = ring(play, "    replication: { max_lag: 3s }\n");
    pass_nothing_on(&stage);
    stage.servers[0].sql("INSERT INTO d.t VALUES (1)");
    stage.agent.wait_why("has missed ");
    wait_until("db3 has failed too", BOUND, || stage.agent.state(2) == "FAIL_ONLINE");
    stage.servers[0].kill9();
    wait_until("the pool is held", BOUND, || stage.agent.flagged("held"));
    stage.agent.wait_why(words);
    stage.agent.wait_why("it was last fed ");
    stage.wait_polls(2, 8);
    assert_eq!((stage.agent.active().as_deref(), stage.agent.epoch()), (Some("db1"), 1));
    stage.servers[0].restart();
    wait_until("db1 answers again", BOUND, || !stage.agent.flagged("held"));
    assert_eq!((stage.agent.active().as_deref(), stage.agent.epoch()), (Some("db1"), 1));
}

fn a_member_that_a_frozen_one_feeds_is_held_as_stale(play: Play) {
    held_as_stale(play, |stage| stage.servers[1].freeze(), "db2 is FAIL_OFFLINE: ");
}

fn a_member_that_a_broken_one_feeds_is_held_as_stale(play: Play) {
    held_as_stale(
        play,
        |stage| _ = stage.servers[1].sql("STOP SLAVE SQL_THREAD"),
        "db2 is FAIL_ONLINE: SQL thread No",
    );
}
