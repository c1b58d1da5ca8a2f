//! Everything at once: all monitoring lost and back, the power cut, the director rebooted; and beginnings.

use crate::support::stage::BOUND;
use crate::support::{Mode, Play, Server, Stage, Use, pair_master_master, source_replica, wait_until};
use std::fs;
use std::thread;
use std::time::Duration;

crate::plain_and_tormented! {
    nobody_is_promoted_when_all_packets_are_lost_and_found_again_first_those_of_the_active_node,
    nobody_is_promoted_when_all_packets_are_lost_and_found_again_first_those_of_the_standby,
    after_a_power_cut_of_everything_one_node_is_active_again,
    a_director_that_reboots_keeps_the_active_node_also_if_its_replication_is_broken,
    a_planned_change_takes_place_once,
    the_source_of_a_plain_source_and_replica_becomes_active,
    a_pair_that_replicates_by_position_fails_over_too,
}

/// Failures follow each other quickly here, and none is to make the next recovery slower.
const BRISK: &str = "    recover_after: 1\n    flap_window: 1s\n";

/// A server that does not answer in time once its packets get through is replaced, and rightly: on a busy machine it has
/// longer here. It fails after some 4 s then.
const PATIENT: &str = "    monitor: { timeout: 1s }\n";

fn lost_and_found(play: Play, order: [usize; 2]) {
    let stage = Stage::proxied_pair(play, &format!("{BRISK}{PATIENT}"));
    for lasts_ms in [300, 600, 1000, 2000, 3000, 4000, 5000, 6000, 7500] {
        stage.proxies.iter().for_each(|proxy| proxy.set(Mode::Drop));
        // The fault itself, not a wait for something.
        thread::sleep(Duration::from_millis(lasts_ms));
        order.into_iter().for_each(|n| stage.proxies[n].set(Mode::Pass));
        stage.wait_well("db1");
        assert_eq!(stage.agent.epoch(), 1, "after {lasts_ms} ms: {}", stage.agent.log());
    }
    assert_eq!(stage.agent.told("failover"), [""; 0]);
}

fn nobody_is_promoted_when_all_packets_are_lost_and_found_again_first_those_of_the_active_node(play: Play) {
    lost_and_found(play, [0, 1]);
}

fn nobody_is_promoted_when_all_packets_are_lost_and_found_again_first_those_of_the_standby(play: Play) {
    lost_and_found(play, [1, 0]);
}

fn after_a_power_cut_of_everything_one_node_is_active_again(play: Play) {
    let mut stage = Stage::pair(play, "    recover_after: 2\n");
    for first in [0, 1] {
        stage.servers.iter_mut().for_each(Server::kill9);
        wait_until("nobody is seen", BOUND, || (0..2).all(|n| stage.agent.node(n).req >= 4));
        // Whoever is first finds nobody to replicate from.
        stage.servers[first].restart();
        stage.wait_polls(first, 2);
        stage.servers[1 - first].restart();
        wait_until("one is ACTIVE, the other STANDBY", BOUND, || {
            let mut states = [stage.agent.state(0), stage.agent.state(1)];
            states.sort();
            states == ["ACTIVE", "STANDBY"]
        });
        let active = stage.agent.active().expect("somebody");
        assert!(stage.agent.up("rw", &active));
        if active == "db2" {
            wait_until("handed back", BOUND, || stage.agent.active().as_deref() == Some("db1"));
        }
        stage.wait_well("db1");
    }
}

#[test]
fn a_power_cut_that_takes_the_director_too_ends_with_the_same_node_active() {
    let mut stage = Stage::pair(Play::Plain, "    recover_after: 2\n");
    stage.wait_on_disk("\"Held\":0");
    stage.agent.kill9();
    stage.servers.iter_mut().for_each(Server::kill9);
    fs::remove_dir_all(stage.agent.path("run")).expect("what a reboot does to it");
    stage.agent.launch();
    assert!(stage.agent.up("rw", "db1") && !stage.agent.up("rw", "db2"));
    for n in [1, 0] {
        stage.servers[n].restart();
    }
    stage.wait_well("db1");
    assert_eq!(stage.agent.told("failover"), [""; 0]);
}

fn a_director_that_reboots_keeps_the_active_node_also_if_its_replication_is_broken(play: Play) {
    let mut stage = Stage::pair(play, "");
    stage.servers[0].sql("STOP SLAVE");
    wait_until("it is seen", BOUND, || stage.agent.says(&["status"]).contains("(not counted)"));
    stage.wait_on_disk("\"Held\":0");
    stage.leave_alone();
    let before = stage.agent.epoch();
    stage.agent.reboot();
    assert!(stage.agent.up("rw", "db1") && !stage.agent.up("rw", "db2"), "{}", stage.agent.log());
    stage.wait_polls(0, 8);
    stage.wait_well("db1");
    assert!(stage.agent.epoch() > before);
    assert_eq!((stage.agent.told("failover").len(), stage.agent.told("election").len()), (0, 1));
    assert!(stage.agent.says(&["status"]).contains("(not counted)"));
}

fn a_planned_change_takes_place_once(play: Play) {
    let stage = Stage::pair(play, "    handover: 500ms\n");
    let agent = &stage.agent;
    for (n, to) in ["db2", "db1", "db2"].into_iter().enumerate() {
        let from = agent.active().expect("somebody");
        // It is asked for again if it was refused, or given up: the other one has to be ready.
        wait_until(&format!("{to} is ACTIVE"), BOUND, || {
            agent.active().as_deref() == Some(to) || {
                agent.mpp(&["switchover", "db", "--to", to]);
                false
            }
        });
        assert_eq!(agent.epoch(), n as u64 + 2, "{}", agent.log());
        assert!(agent.up("rw", to) && !agent.up("rw", &from));
    }
}

fn the_source_of_a_plain_source_and_replica_becomes_active(play: Play) {
    let mut stage = Stage::of(play, source_replica(Use::Gtid).into(), "");
    stage.servers[0].kill9();
    stage.agent.wait_active("db2");
}

fn a_pair_that_replicates_by_position_fails_over_too(play: Play) {
    let mut stage = Stage::of(play, pair_master_master(Use::File).into(), "");
    stage.servers[0]
        .sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY); INSERT INTO d.t VALUES (1), (2)");
    wait_until("db2 has the rows", BOUND, || {
        stage.servers[1].try_sql("SELECT n FROM d.t").is_ok_and(|rows| rows.len() == 2)
    });
    stage.servers[0].kill9();
    stage.agent.wait_active("db2");
}
