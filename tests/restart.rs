//! The daemon dies, and nothing that was published changes.

mod support;

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use support::agent::{nodes, program};
use support::stage::wait_well;
use support::{Agent, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);
const ROLES: [&str; 3] = ["rw", "ro", "geo"];

fn verdicts(agent: &Agent) -> Vec<bool> {
    ["db1", "db2"].iter().flat_map(|node| ROLES.map(|role| agent.up(role, node))).collect()
}

#[test]
fn a_daemon_killed_again_and_again_changes_no_verdict() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    servers[0].kill9();
    agent.wait_active("db2");
    let (before, epoch) = (verdicts(&agent), agent.epoch());
    let state = agent.state_file();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut checks = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                let output = Command::new(program("mpp-check"))
                    .arg("--state")
                    .arg(&state)
                    .args(["rw", "db", "db2"])
                    .output();
                let output = output.expect("mpp-check ran");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                checks += 1;
            }
            checks
        });
        for _ in 0..10 {
            agent.kill9();
            assert_eq!(verdicts(&agent), before, "with the daemon dead");
            agent.launch();
            assert_eq!(verdicts(&agent), before, "with the daemon back");
        }
        stop.store(true, Ordering::Relaxed);
        assert!(watch.join().expect("no check ever said DOWN") > 0);
    });
    assert_eq!(agent.epoch(), epoch);
    assert_eq!(agent.active().as_deref(), Some("db2"));
}

#[test]
fn a_daemon_killed_in_the_middle_of_a_failover_finishes_it_after_its_restart() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    wait_until("req is 0", BOUND, || agent.node(0).req == 0);
    servers[0].kill9();
    wait_until("errors are counted", BOUND, || agent.node(0).req != 0);
    agent.kill9();
    assert!(!(agent.up("rw", "db1") && agent.up("rw", "db2")), "never two writers");
    agent.launch();
    agent.wait_active("db2");
    assert!(!agent.up("rw", "db1"));
}

#[test]
fn with_the_daemon_dead_status_shows_the_last_state_and_says_it_is_stale() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    wait_well(&agent, "db1");
    wait_until("db2 serves readers alone", BOUND, || !agent.up("ro", "db1"));
    let alive = agent.says(&["status"]);
    let living = lasting(agent.status());
    agent.kill9();
    let output = agent.mpp(&["status"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(69));
    assert!(text.starts_with("STALE: mppd"), "{text}");
    assert_eq!(text.matches("ACTIVE").count(), alive.matches("ACTIVE").count(), "{text}");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("can't reach mppd"), "{error}");
    let json: serde_json::Value =
        serde_json::from_slice(&agent.mpp(&["status", "--json"]).stdout).expect("JSON also then");
    assert_eq!(json["daemon"]["stale"], true);
    assert_eq!(lasting(json), living, "the last published state says what the daemon said");
    assert_eq!(agent.mpp(&["is-active", "db/db1"]).status.code(), Some(69));
    wait_until("mpp-check alive says no", BOUND, || agent.check(&["alive", "--max-age", "100ms"]) == 1);
    assert!(agent.up("rw", "db1"), "stale.policy: hold");
}

/// A status without what the published state does not have, and what changes from poll to poll.
fn lasting(mut status: serde_json::Value) -> serde_json::Value {
    let mut pools = status["pools"].take();
    for key in ["active_since", "active_how", "waits_for", "troubles"] {
        pools[0].as_object_mut().expect("a pool").remove(key).expect("the key is there");
    }
    for node in pools[0]["nodes"].as_array_mut().expect("nodes") {
        for key in ["server", "last_request", "round_trip_ms"] {
            node.as_object_mut().expect("a node").remove(key).expect("the key is there");
        }
    }
    pools
}

#[test]
fn with_stale_policy_down_a_dead_daemon_means_down() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "stale: { after: 1s, policy: down }\n");
    agent.launch();
    agent.wait_active("db1");
    wait_until("the check says UP", BOUND, || agent.up("rw", "db1"));
    wait_until("it is alive", BOUND, || agent.check(&["alive"]) == 0);
    agent.kill9();
    wait_until("the check says DOWN", BOUND, || !agent.up("rw", "db1"));
    agent.launch();
    wait_until("back with the daemon", BOUND, || agent.up("rw", "db1"));
}

#[test]
fn a_second_daemon_on_the_same_directory_is_refused() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    let second = Command::new(program("mppd")).arg("--config").arg(agent.config()).output().expect("ran");
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{error}");
    assert!(error.contains(&format!("another mppd (pid {})", agent.pid())), "{error}");
    agent.says(&["status"]);
}

#[test]
fn a_damaged_state_is_told_and_what_is_on_disk_is_taken_up() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    wait_until("it is on disk", BOUND, || on_disk(&agent).contains("\"Held\":0"));
    assert_eq!(agent.stop(), Some(0), "SIGTERM ends it well");
    assert!(!agent.path("run/mpp.sock").exists(), "its socket is gone");
    let whole = fs::read(agent.state_file()).expect("the state stays");
    fs::write(agent.state_file(), &whole[..whole.len() / 2]).expect("cut in half");
    assert!(!agent.up("rw", "db1"), "a damaged state is DOWN");
    agent.launch();
    assert_eq!(agent.active().as_deref(), Some("db1"));
    assert!(agent.log().contains("some of what was remembered is lost"), "{}", agent.log());
}

fn on_disk(agent: &Agent) -> String {
    fs::read_to_string(agent.path("state/memory.json")).unwrap_or_default()
}

#[test]
fn after_a_reboot_the_same_node_is_active_with_the_same_flags_and_a_higher_epoch() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "    failback: manual\n");
    agent.wait_active("db1");
    servers[0].kill9();
    agent.wait_active("db2");
    servers[0].restart();
    agent.says(&["recover", "db/db1"]);
    agent.wait_state(0, "STANDBY");
    agent.says(&["drain", "db/db1", "--reason", "disk"]);
    servers[1].sql("STOP SLAVE");
    wait_until("all of it is on disk", BOUND, || {
        on_disk(&agent).contains("\"Held\":1") && on_disk(&agent).contains("\"why\":\"disk\"")
    });
    agent.kill9();
    // What a reboot does to /run.
    fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
    agent.launch();
    assert_eq!(agent.active().as_deref(), Some("db2"), "{}", agent.log());
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"));
    let status = agent.status();
    assert!(status["pools"][0]["epoch"].as_u64().is_some_and(|e| e > 2), "{status}");
    assert_eq!(status["pools"][0]["nodes"][0]["drained"], true);
    agent.says(&["undrain", "db/db1"]);
    agent.wait_state(0, "STANDBY");
    assert_eq!(agent.active().as_deref(), Some("db2"));
}

#[test]
fn after_a_reboot_nobody_else_is_chosen_while_the_active_node_is_waited_for() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "startup_grace: 8s\n");
    agent.launch();
    agent.wait_active("db1");
    wait_until("it is on disk", BOUND, || on_disk(&agent).contains("\"Held\":0"));
    agent.kill9();
    servers[0].kill9();
    fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
    agent.launch();
    wait_until("db1 is held", BOUND, || {
        agent.says(&["why", "db"]).contains("was ACTIVE before the reboot and is waited for")
    });
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2"));
    agent.wait_active("db2");
    assert!(agent.says(&["events"]).contains("event=held"));
}

#[test]
fn a_state_or_socket_that_somebody_removes_or_spoils_is_put_back() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    let told = || agent.says(&["events", "--last", "10000"]).matches("removed or spoilt").count();
    let write_over = |at| {
        let file = fs::OpenOptions::new().write(true).open(agent.state_file()).expect("opened");
        std::os::unix::fs::FileExt::write_all_at(&file, &[0xAA; 64], at).expect("written over");
    };
    let spoil: [(&str, &dyn Fn()); 4] = [
        ("removed", &|| fs::remove_file(agent.state_file()).expect("removed")),
        ("replaced", &|| {
            fs::write(agent.path("run/other"), "not a state").expect("written");
            fs::rename(agent.path("run/other"), agent.state_file()).expect("replaced");
        }),
        ("its head written over", &|| write_over(0)),
        ("its directory written over", &|| write_over(512)),
    ];
    for (n, (how, act)) in spoil.iter().enumerate() {
        act();
        wait_until(&format!("{how}: the check answers again"), BOUND, || agent.up("rw", "db1"));
        wait_until(&format!("{how}: it is told"), BOUND, || told() == n + 1);
    }
    fs::remove_file(agent.path("run/mpp.sock")).expect("removed");
    wait_until("mpp finds the socket again", BOUND, || agent.mpp(&["status"]).status.success());
    fs::remove_dir_all(agent.path("run")).expect("all of it removed");
    wait_until("all of it is back", BOUND, || {
        agent.up("rw", "db1") && agent.mpp(&["status"]).status.success()
    });
    assert_eq!(agent.active().as_deref(), Some("db1"));
}

#[test]
fn a_password_file_that_is_at_fault_for_a_moment_blinds_nobody() {
    let mut servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "    monitor: { reconnect_every: 100ms }\n");
    agent.wait_active("db1");
    let mode = |m| std::os::unix::fs::PermissionsExt::from_mode(m);
    fs::set_permissions(agent.path("password"), mode(0o644)).expect("its mode");
    wait_until("it is told", BOUND, || agent.says(&["events"]).contains("the last good password serves on"));
    servers[0].kill9();
    agent.wait_active("db2");
}

#[test]
fn sigterm_in_a_handover_ends_the_handover_first() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "    handover: 1s\n");
    agent.wait_active("db1");
    wait_until("handed over to db2", BOUND, || {
        agent.mpp(&["switchover", "db", "--no-wait"]).status.success()
    });
    assert_eq!(agent.stop(), Some(0));
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"), "one of them is UP");
}

#[test]
fn a_daemon_whose_directory_another_one_has_taken_stops_and_touches_nothing() {
    let nobody = "      - { name: db1, address: \"127.0.0.2:1\" }\n";
    let agent = Agent::start(nobody, "");
    let first = agent.pid();
    // Frozen, it does not make its directory anew before the other one is there.
    nix::sys::signal::kill(first, nix::sys::signal::Signal::SIGSTOP).expect("frozen");
    fs::remove_dir_all(agent.path("run")).expect("removed");
    let mut second = Command::new(program("mppd"));
    second.arg("--config").arg(agent.config()).stderr(fs::File::create(agent.path("log2")).expect("a log"));
    let mut second = second.spawn().expect("mppd started");
    wait_until("the second answers", BOUND, || agent.mpp(&["status"]).status.success());
    nix::sys::signal::kill(first, nix::sys::signal::Signal::SIGCONT).expect("thawed");
    wait_until("the first says why it stops", BOUND, || agent.log().contains("event=ousted"));
    assert_eq!(agent.status()["daemon"]["pid"], second.id());
    second.kill().expect("killed");
    second.wait().expect("reaped");
}
