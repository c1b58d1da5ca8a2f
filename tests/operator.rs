//! What an operator and scripts get from `mpp`: words, formats, exit codes.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::agent::{nodes, program};
use support::stage::wait_well;
use support::{Agent, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

fn code_and_out(agent: &Agent, args: &[&str]) -> (Option<i32>, String) {
    let output = agent.mpp(args);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn scripts_get_the_formats_and_exit_codes_of_the_interface() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    wait_well(&agent, "db1");
    let address = servers[0].address().to_string();

    assert_eq!(code_and_out(&agent, &["report", "db/db1"]), (Some(0), "OK/ACTIVE (PRIMARY)".into()));
    assert_eq!(code_and_out(&agent, &["report", "db/db2"]), (Some(0), "OK/STANDBY (SECONDARY)".into()));
    assert_eq!(code_and_out(&agent, &["is-active", "db/db1"]), (Some(0), "OK".into()));
    assert_eq!(code_and_out(&agent, &["is-active", &format!("db/{address}")]), (Some(0), "OK".into()));
    assert_eq!(code_and_out(&agent, &["is-active", "db/db2"]), (Some(1), "NO".into()));
    assert_eq!(agent.mpp(&["is-active", "db"]).status.code(), Some(2), "usage");
    assert_eq!(agent.mpp(&["is-active", "db/db9"]).status.code(), Some(2));
    assert_eq!(agent.mpp(&["why", "nodb"]).status.code(), Some(2));
    assert_eq!(agent.mpp(&["recover", "db/db1"]).status.code(), Some(1), "nothing to recover");

    let table = agent.says(&["status"]);
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split("  ").filter(|w| !w.is_empty()).collect();
    let wanted =
        ["T", "Server Name", "Req", "Time of Last Request", "Status", "State", "Last Status Message"];
    assert_eq!(header.iter().map(|w| w.trim()).collect::<Vec<_>>(), wanted);
    assert_eq!(lines.next(), Some("*  [ db ] status=OK epoch=1"));
    let primary = lines.next().unwrap_or_default();
    assert!(
        primary.starts_with(&format!("P  {address}")) && primary.contains("  OK      ACTIVE   --"),
        "{table}"
    );
    let secondary = lines.next().unwrap_or_default();
    assert!(secondary.starts_with("S  ") && secondary.contains("  OK      STANDBY  lag 0s"), "{table}");

    let status = agent.status();
    assert_eq!(status["version"], 1);
    assert_eq!(status["daemon"]["pid"], agent.pid().as_raw());
    let pool = &status["pools"][0];
    for (key, value) in [("name", "db"), ("logic", "failover"), ("status", "OK"), ("active", "db1")] {
        assert_eq!(pool[key], value, "{key}");
    }
    let node = &pool["nodes"][0];
    for (key, value) in
        [("name", "db1"), ("type", "PRIMARY"), ("status", "OK"), ("state", "ACTIVE"), ("message", "--")]
    {
        assert_eq!(node[key], value, "{key}");
    }
    assert_eq!(node["verdicts"]["rw"]["up"], true);
    assert_eq!(node["verdicts"]["rw"]["weight"], 1);
    assert_eq!(node["verdicts"]["ro"]["reason"], "a STANDBY serves");
    assert!(node["server"].as_str().is_some_and(|v| v.contains("MariaDB")), "{node}");
    assert_eq!((&node["read_only"], &node["drained"]), (&false.into(), &false.into()));
    assert!(pool["checkpoints"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(pool["nodes"][1]["lag_s"], 0.0);
    assert!(node["round_trip_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{node}");
    assert!(pool["active_since"].is_string() && pool["active_how"].is_string(), "{pool}");
    assert_eq!((&pool["waits_for"], &pool["troubles"]), (&serde_json::Value::Null, &serde_json::json!([])));
}

#[test]
fn followers_see_events_as_they_happen_and_others_see_what_happened() {
    let mut servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    let mut follower = Command::new(program("mpp"));
    follower.arg("--config").arg(agent.config()).args(["events", "--follow", "--json", "--pool", "db"]);
    let mut follower = follower.stdout(Stdio::piped()).spawn().expect("mpp started");
    let lines = BufReader::new(follower.stdout.take().expect("its output")).lines();
    servers[0].kill9();
    let failover =
        lines.map(|l| serde_json::from_str::<serde_json::Value>(&l.expect("a line")).expect("JSON"));
    let mut seen = failover.filter(|e| e["event"] == "failover");
    let event = seen.next().expect("the failover");
    assert_eq!((&event["pool"], &event["node"]), (&"db".into(), &"db2".into()));
    assert_eq!(event["severity"], "alert");
    follower.kill().expect("killed");
    follower.wait().expect("reaped");
    assert!(agent.says(&["events", "--since", "1h"]).contains("event=failover"));
    assert_eq!(agent.mpp(&["events", "--pool", "other"]).status.code(), Some(2), "no such pool");
}

#[test]
fn strangers_may_look_and_may_not_touch() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    let mode = |m| std::os::unix::fs::PermissionsExt::from_mode(m);
    for dir in [agent.path(""), agent.path("run/..")] {
        std::fs::set_permissions(dir, mode(0o755)).expect("its directory opened");
    }
    let as_nobody = |args: &[&str]| {
        // Only root can become somebody else.
        let root = nix::unistd::geteuid().is_root();
        let mut command = Command::new(if root { "setpriv" } else { "sudo" });
        command.args(if root { &[][..] } else { &["-n", "setpriv"] });
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program("mpp"));
        command.arg("--config").arg(agent.config()).args(args).output().expect("setpriv ran")
    };
    let looked = as_nobody(&["status"]);
    let error = String::from_utf8_lossy(&looked.stderr).into_owned();
    assert_eq!(looked.status.code(), Some(0), "{error}");
    let touched = as_nobody(&["pause", "db"]);
    let error = String::from_utf8_lossy(&touched.stderr).into_owned();
    assert_eq!(touched.status.code(), Some(77), "{error}");
    assert!(error.contains("may not do this: be root, or a member of the group mpp"), "{error}");
    assert_eq!(agent.status()["pools"][0]["flags"], serde_json::json!([]));
}

#[test]
fn a_planned_change_is_carried_out_and_remembered() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "    handover: 200ms\n");
    agent.wait_active("db1");
    wait_until("ready", BOUND, || agent.mpp(&["switchover", "db", "--to", "db2"]).status.success());
    agent.wait_active("db2");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"));
    agent.says(&["pause", "db", "--reason", "maintenance"]);
    assert!(agent.says(&["why", "db"]).contains("paused by root: maintenance"));
    let refused = agent.mpp(&["switchover", "db"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the pool is paused; mpp resume"));
    agent.says(&["resume", "db"]);
    agent.says(&["drain", "db/db1", "--reason", "disk"]);
    assert_eq!(agent.check(&["ro", "db", "db1"]), 0, "weight 0: existing connections finish");
    assert_eq!(agent.check(&["--dynamic", "ro", "db", "db1"]), 2);
    agent.says(&["undrain", "db/db1"]);
    let events = agent.says(&["events"]);
    for words in
        ["switchover, root", "paused by root: maintenance", "db1 drained by root", "event=handed_over"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
}

#[test]
fn every_program_knows_its_help_version_completions_and_man_pages() {
    for name in ["mpp", "mppd", "mpp-check"] {
        for flag in ["--help", "--version"] {
            let output = Command::new(program(name)).arg(flag).output().expect("ran");
            assert!(output.status.success() && !output.stdout.is_empty(), "{name} {flag}");
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    let man = Command::new(program("mpp")).arg("man").arg(dir.path()).status().expect("ran");
    assert!(man.success());
    for page in ["mpp.8", "mppd.8", "mpp-status.8", "mpp-check.8"] {
        assert!(dir.path().join(page).exists(), "{page}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(program("mpp")).args(["completions", shell]).output().expect("ran");
        assert!(output.status.success() && !output.stdout.is_empty(), "{shell}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_surprise_and_a_full_disk_is() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    for args in
        [&["why", "db"][..], &["status"], &["events"], &["is-active", "db/db1"], &["completions", "bash"]]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut mpp = Command::new(program("mpp"));
        let output = mpp.arg("--config").arg(agent.config()).args(args).stdout(writer).output().expect("ran");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), error.as_str()), (Some(0), ""), "{args:?}");
    }
    let onto_a_full_disk = |args: &[&str]| {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let mut mpp = Command::new(program("mpp"));
        let output = mpp.arg("--config").arg(agent.config()).args(args).stdout(full).output().expect("ran");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for args in [&["why", "db"][..], &["status"], &["events"], &["config", "show"]] {
        let (code, error) = onto_a_full_disk(args);
        assert!(
            code == Some(1) && error.contains("can't write to standard output"),
            "{args:?}: {code:?} {error}"
        );
    }
    for args in [&["is-active", "db/db1"][..], &["ack", "db"]] {
        assert_eq!(onto_a_full_disk(args).0, Some(0), "{args:?}: the exit code is the answer");
    }
    agent.kill9();
    let published = agent.mpp(&["status", "--json"]);
    let published: serde_json::Value = serde_json::from_slice(&published.stdout).expect("JSON");
    assert!(published["daemon"]["stale_s"].as_f64().is_some_and(|s| s < 60.0), "{published}");
}

#[test]
fn a_configuration_that_was_named_must_be_good_enough_to_find_its_daemon() {
    let missing = Command::new(program("mpp")).args(["--config", "/nowhere/mpp.yaml", "status"]).output();
    let missing = missing.expect("ran");
    assert_eq!(missing.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere/mpp.yaml"));
}
