//! The configuration is read again, by `mpp reload` and by SIGHUP: whole or not at all, and nothing else changes.

mod support;

use nix::sys::signal::{Signal, kill};
use std::thread;
use std::time::Duration;
use support::agent::nodes;
use support::{Agent, Options, Server, Use, pair_master_master, replicate, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// How a reload is asked for.
#[derive(Clone, Copy, Debug)]
enum By {
    Command,
    Signal,
}

/// Reads the configuration again; waits until it is in force.
fn reload(agent: &Agent, by: By) {
    let reloads = || agent.says(&["events", "--last", "10000"]).matches("configuration reloaded by").count();
    let before = reloads();
    match by {
        By::Command => _ = agent.says(&["reload"]),
        By::Signal => kill(agent.pid(), Signal::SIGHUP).expect("sent"),
    }
    wait_until(&format!("reloaded by {by:?}"), BOUND, || reloads() > before);
}

fn states(agent: &Agent) -> Vec<(String, String)> {
    let status = agent.status();
    let nodes = status["pools"][0]["nodes"].as_array().expect("nodes").clone();
    let word = |n: &serde_json::Value, key: &str| n[key].as_str().unwrap_or_default().to_owned();
    nodes.iter().map(|n| (word(n, "name"), word(n, "state"))).collect()
}

fn refused(agent: &Agent, args: &[&str], code: i32, wanted: &str) {
    let output = agent.mpp(args);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(wanted), "{error} / {wanted}");
}

/// One node of the configuration.
fn node(name: &str, server: &Server) -> String {
    format!("      - {{ name: {name}, address: \"{}\" }}\n", server.address())
}

fn start(pool_extra: &str) -> ([Server; 2], Agent) {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), pool_extra);
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    wait_until("req is 0", BOUND, || agent.node(0).req == 0);
    (servers, agent)
}

#[test]
fn a_node_is_added_and_removed_and_the_others_keep_everything() {
    for by in [By::Command, By::Signal] {
        let (servers, agent) = start("");
        let both = nodes(&servers);
        let third = Server::start(&Options::id(3));
        replicate(&servers[0], &third, Use::Gtid, "");
        agent.configure(&format!("{both}{}", node("db3", &third)), "", "");
        reload(&agent, by);
        assert_eq!(states(&agent)[..2], [("db1".into(), "ACTIVE".into()), ("db2".into(), "STANDBY".into())]);
        agent.wait_state(2, "STANDBY");
        assert!(agent.up("ro", "db3"));
        agent.configure(&both, "", "");
        reload(&agent, by);
        assert_eq!(states(&agent).len(), 2);
        assert_eq!(agent.check(&["ro", "db", "db3"]), 1, "a node that is gone is DOWN");
        assert_eq!(agent.epoch(), 1);
        assert!(agent.up("rw", "db1") && agent.up("ro", "db2"));
    }
}

#[test]
fn a_node_that_is_called_otherwise_is_the_same_one_but_the_active_one_only_by_force() {
    for by in [By::Command, By::Signal] {
        let (servers, agent) = start("");
        agent.configure(&format!("{}{}", node("db1", &servers[0]), node("second", &servers[1])), "", "");
        reload(&agent, by);
        assert!(agent.up("rw", "db1"));
        agent.wait_state(1, "STANDBY");
        assert_eq!(states(&agent)[1].0, "second");
        agent.configure(&format!("{}{}", node("first", &servers[0]), node("second", &servers[1])), "", "");
        let refusal = "db1 is ACTIVE and would be called first: checks that ask for db1 would say DOWN";
        match by {
            By::Command => refused(&agent, &["reload"], 1, refusal),
            By::Signal => {
                kill(agent.pid(), Signal::SIGHUP).expect("sent");
                wait_until("the refusal is told", BOUND, || agent.says(&["events"]).contains(refusal));
            }
        }
        assert!(agent.up("rw", "db1"), "the old configuration stays whole");
        agent.says(&["reload", "--force"]);
        assert_eq!((agent.active().as_deref(), agent.epoch()), (Some("first"), 1));
        assert!(agent.up("rw", "first") && agent.up("ro", "second"));
    }
}

#[test]
fn a_broken_configuration_is_refused_with_its_faults_and_the_old_one_stays() {
    let (servers, agent) = start("");
    let both = nodes(&servers);
    agent.configure(&both, "    levels: { info: 4 }\n    failbak: auto\n", "");
    refused(&agent, &["reload"], 78, "unknown key \"failbak\"");
    kill(agent.pid(), Signal::SIGHUP).expect("sent");
    wait_until("the fault is told", BOUND, || {
        agent.says(&["events"]).contains("refused, the old configuration stays")
    });
    agent.configure(&both, "", "control_group: other\n");
    refused(&agent, &["reload"], 1, "control_group can't change in a running daemon");
    std::fs::remove_file(agent.config()).expect("removed");
    let socket = agent.path("run/mpp.sock");
    assert!(socket.exists());
    kill(agent.pid(), Signal::SIGHUP).expect("sent");
    agent.configure(&both, "", "");
    reload(&agent, By::Command);
    assert_eq!((agent.active().as_deref(), agent.epoch()), (Some("db1"), 1));
}

#[test]
fn a_changed_setting_is_in_force_at_once_and_outlives_a_restart() {
    let (servers, mut agent) = start("");
    agent.configure(
        &nodes(&servers),
        "    recover_after: 9\n    failback: manual\n",
        "stale: { after: 7s }\n",
    );
    reload(&agent, By::Command);
    assert!(agent.up("rw", "db1"));
    agent.switches_to("db2");
    let why = agent.says(&["why", "db"]);
    assert!(why.contains("(failback: manual)"), "{why}");
    agent.kill9();
    agent.launch();
    assert_eq!(agent.active().as_deref(), Some("db2"));
}

#[test]
fn removing_the_active_node_wants_force_and_then_another_is_chosen_by_what_it_has() {
    let (servers, agent) = start("");
    servers[0].sql("CREATE DATABASE d");
    agent.configure(&node("db2", &servers[1]), "", "");
    let refusal = "db1 is ACTIVE and would be gone; mpp reload --force";
    refused(&agent, &["reload"], 1, refusal);
    kill(agent.pid(), Signal::SIGHUP).expect("sent");
    wait_until("the refusal is told", BOUND, || agent.says(&["events"]).contains(refusal));
    assert!(agent.up("rw", "db1"), "the old configuration stays whole");
    agent.says(&["reload", "--force"]);
    agent.wait_active("db2");
    assert!(agent.up("rw", "db2"));
    assert_eq!(agent.epoch(), 2);
}

#[test]
fn a_new_order_makes_another_node_the_primary_and_it_is_handed_active_when_failback_is_automatic() {
    let (servers, agent) = start("    handover: 200ms\n");
    let turned = format!("{}{}", node("db2", &servers[1]), node("db1", &servers[0]));
    agent.configure(&turned, "    handover: 200ms\n    failback: manual\n", "");
    reload(&agent, By::Command);
    assert_eq!(agent.active().as_deref(), Some("db1"));
    assert_eq!(agent.status()["pools"][0]["nodes"][0]["name"], "db2");
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2"));
    agent.configure(&turned, "    handover: 200ms\n", "");
    reload(&agent, By::Signal);
    agent.wait_active("db2");
}

#[test]
fn a_reload_in_the_middle_of_a_handover_keeps_it_going_or_gives_active_back() {
    let (servers, agent) = start("    handover: 3s\n");
    let begin = || {
        let begin = ["switchover", "db", "--to", "db2", "--no-wait"];
        wait_until("begun", BOUND, || agent.mpp(&begin).status.success());
    };
    begin();
    agent.configure(&nodes(&servers), "    handover: 3s\n    recover_after: 7\n", "");
    reload(&agent, By::Command);
    agent.wait_active("db2");
    agent.switches_to("db1");
    // It lasts until all of the following is said.
    agent.configure(&nodes(&servers), "    handover: 15s\n", "");
    reload(&agent, By::Command);
    begin();
    agent.configure(&node("db2", &servers[1]), "    handover: 15s\n", "");
    refused(&agent, &["reload"], 1, "would be gone; mpp reload --force");
    agent.configure(&node("db1", &servers[0]), "    handover: 15s\n", "");
    refused(&agent, &["reload"], 1, "would be gone; mpp reload --force");
    agent.says(&["reload", "--force"]);
    agent.wait_active("db1");
    assert!(agent.up("rw", "db1"));
}

#[test]
fn a_reload_while_the_active_node_fails_delays_nothing() {
    let (mut servers, agent) = start("");
    let both = nodes(&servers);
    servers[0].kill9();
    for n in 0..20 {
        agent.configure(&both, &format!("    recover_after: {}\n", 5 + n % 2), "");
        agent.says(&["reload"]);
        if agent.up("rw", "db2") {
            break;
        }
    }
    agent.wait_active("db2");
    assert!(!agent.up("rw", "db1"));
}

#[test]
fn a_pool_is_added_and_removed_beside_another_that_notices_nothing() {
    let (servers, agent) = start("");
    let both = nodes(&servers);
    let other =
        format!("{both}  - name: other\n    nodes:\n      - {{ name: a, address: \"127.0.0.2:2\" }}\n");
    for by in [By::Command, By::Signal] {
        agent.configure(&other, "", "");
        reload(&agent, by);
        assert!(agent.says(&["status"]).contains("[ other ]"));
        agent.configure(&both, "", "");
        reload(&agent, by);
        assert!(!agent.says(&["status"]).contains("[ other ]"));
        let unknown = agent.mpp(&["pause", "other"]);
        assert_eq!(unknown.status.code(), Some(2));
    }
    assert_eq!((agent.up("rw", "db1"), agent.epoch()), (true, 1));
}

#[test]
fn a_rotated_password_is_read_again_without_a_restart_or_a_reload() {
    let (mut servers, agent) = start("    monitor: { reconnect_every: 200ms }\n");
    let new = "another-secret";
    // It replicates to db2.
    servers[0].sql(&format!("ALTER USER mpp@'%' IDENTIFIED BY '{new}'"));
    wait_until("db1 denies the monitor", BOUND, || agent.says(&["status"]).contains("1045"));
    assert!(agent.up("rw", "db1"), "the monitor's own trouble fails nobody");
    std::fs::write(agent.path("password"), new).expect("the password written");
    wait_until("both answer again", BOUND, || {
        let status = agent.status();
        let ok = |n: usize| status["pools"][0]["nodes"][n]["status"] == "OK";
        ok(0) && ok(1)
    });
    agent.wait_state(1, "STANDBY");
    assert_eq!(agent.epoch(), 1);
    servers[0].kill9();
    agent.wait_active("db2");
}

#[test]
fn commands_and_reloads_at_the_same_time_do_each_other_no_harm() {
    let one = "      - { name: db1, address: \"127.0.0.2:1\" }\n";
    let two = format!("{one}  - name: db2\n    nodes:\n      - {{ name: a, address: \"127.0.0.2:2\" }}\n");
    let agent = Agent::start(&two, "");
    thread::scope(|scope| {
        let commands = || {
            for _ in 0..20 {
                for verb in ["pause", "resume"] {
                    // Refused now and then: somebody else was quicker, or the pool is gone.
                    agent.mpp(&[verb, "db2"]);
                }
            }
        };
        let busy: Vec<_> = (0..3).map(|_| scope.spawn(commands)).collect();
        for nodes in [one, two.as_str()].into_iter().cycle().take(20) {
            agent.configure(nodes, "", "");
            agent.says(&["reload"]);
        }
        busy.into_iter().for_each(|b| b.join().expect("done"));
    });
    agent.says(&["status"]);
}
