//! The monitor is locked out, of the ACTIVE node or of all: told, and nothing is decided by it.

use crate::support::accounts::{MONITOR, MONITOR_PASSWORD};
use crate::support::stage::BOUND;
use crate::support::{Lan, Play, Server, Stage, wait_until};

crate::plain_and_tormented! {
    a_changed_password_on_the_active_node_is_told_and_moves_nothing,
    a_changed_password_everywhere_is_told_and_moves_nothing,
    privileges_taken_on_the_active_node_are_told_and_move_nothing,
    privileges_taken_everywhere_are_told_and_move_nothing,
    a_director_that_the_active_node_has_blocked_is_told_and_moves_nothing,
    a_director_that_all_have_blocked_is_told_and_moves_nothing,
}

/// Fresh connections, soon: a kept one is not asked for its password again.
const QUICK: &str = "    monitor: { reconnect_every: 100ms }\n    recover_after: 2\n    flap_window: 1s\n";

/// Locked out of the first node, or of all, with these words; let in again afterwards.
#[track_caller]
fn moves_nothing(stage: &Stage, words: &str, everywhere: bool, let_in: impl Fn()) {
    let agent = &stage.agent;
    wait_until("db1 is OK CRITICAL", BOUND, || agent.node(0).status == "OK CRITICAL");
    wait_until("it is told", BOUND, || !agent.told("denied").is_empty());
    let told = agent.told("denied").remove(0);
    assert!(told.starts_with("<1>") && told.contains("node=db1") && told.contains(words), "{told}");
    if everywhere {
        agent.wait_state(1, "FAIL_ONLINE");
    }
    stage.wait_polls(0, 8);
    let node = agent.node(0);
    assert_eq!((node.status.as_str(), node.state.as_str(), node.req), ("OK CRITICAL", "ACTIVE", 3));
    wait_until("it is shown", BOUND, || {
        let message = agent.node(0).message;
        message.contains(words) && message.contains("never a failover")
    });
    assert!(agent.up("rw", "db1") && agent.up("geo", "db1") && !agent.up("rw", "db2"));
    assert_eq!(agent.state(1), if everywhere { "FAIL_ONLINE" } else { "STANDBY" });
    assert_eq!(agent.epoch(), 1);
    let_in();
    stage.wait_well("db1");
    assert_eq!(agent.epoch(), 1);
}

/// Says it on the first server or on all, each for itself.
fn each(servers: &[Server], everywhere: bool, statements: &str) {
    for server in &servers[..if everywhere { 2 } else { 1 }] {
        server.sql(&format!("SET sql_log_bin = 0; {statements}"));
    }
}

fn changed_password(play: Play, everywhere: bool) {
    let stage = Stage::pair(play, QUICK);
    let change = |to: &str| {
        each(&stage.servers, everywhere, &format!("ALTER USER {MONITOR}@'%' IDENTIFIED BY '{to}'"))
    };
    change("another-secret");
    moves_nothing(&stage, "1045 Access denied for user 'mpp'", everywhere, || change(MONITOR_PASSWORD));
}

fn privileges_taken(play: Play, everywhere: bool) {
    let stage = Stage::pair(play, QUICK);
    each(&stage.servers, everywhere, &format!("REVOKE SLAVE MONITOR ON *.* FROM {MONITOR}@'%'"));
    moves_nothing(&stage, "1227 Access denied", everywhere, || {
        each(&stage.servers, everywhere, &format!("GRANT SLAVE MONITOR ON *.* TO {MONITOR}@'%'"));
    });
}

fn blocked(play: Play, everywhere: bool) {
    let lan = Lan::of(2);
    let stage = Stage::pair_on(&lan, play, QUICK, &["--skip-name-resolve=0", "--max-connect-errors=5"]);
    for node in 0..if everywhere { 2 } else { 1 } {
        // The monitor's own good login starts the server's count anew: again, if it came in between.
        wait_until("the director is blocked", BOUND, || {
            lan.spoil_handshakes(node, 20);
            stage.agent.node(node.into()).message.starts_with("1129 ")
        });
    }
    moves_nothing(&stage, "1129 Host '198.18.0.254' is blocked", everywhere, || {
        each(&stage.servers, everywhere, "FLUSH HOSTS");
    });
}

fn a_changed_password_on_the_active_node_is_told_and_moves_nothing(play: Play) {
    changed_password(play, false);
}

fn a_changed_password_everywhere_is_told_and_moves_nothing(play: Play) {
    changed_password(play, true);
}

fn privileges_taken_on_the_active_node_are_told_and_move_nothing(play: Play) {
    privileges_taken(play, false);
}

fn privileges_taken_everywhere_are_told_and_move_nothing(play: Play) {
    privileges_taken(play, true);
}

fn a_director_that_the_active_node_has_blocked_is_told_and_moves_nothing(play: Play) {
    blocked(play, false);
}

fn a_director_that_all_have_blocked_is_told_and_moves_nothing(play: Play) {
    blocked(play, true);
}
