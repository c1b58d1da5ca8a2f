//! `mpp` and the socket.

use crate::support::agent::{nodes, program};
use crate::support::{Agent, Use, pair_master_master, wait_until};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(60);

/// What `mpp` asks with, and the answer of version 0.1 as it was recorded.
const ASKED: [(&[&str], &str); 4] = [
    (&["status"], "status"),
    (&["report", "db/db1"], "status"),
    (&["is-active", "db/db1"], "status"),
    (&["why", "db"], "why"),
];

fn recorded(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/control/{name}-0.1.json"))
}

fn answer_of_0_1(name: &str) -> Value {
    let text = fs::read_to_string(recorded(name)).expect("the recorded answer");
    serde_json::from_str(&text).expect("JSON")
}

/// Runs `mpp` against a daemon of another version, which says this.
fn mpp(args: &[&str], answer: &Value) -> Output {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("run")).expect("its runtime directory");
    let (config, line) = (folder.path().join("mpp.yaml"), format!("{answer}\n"));
    fs::write(&config, format!("runtime_dir: {}/run\n", folder.path().display())).expect("written");
    let listener = UnixListener::bind(folder.path().join("run/mpp.sock")).expect("a socket");
    let daemon = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut request = String::new();
        BufReader::new(&client).read_line(&mut request).expect("a request");
        client.write_all(line.as_bytes()).expect("answered");
    });
    let output =
        Command::new(program("mpp")).arg("--config").arg(config).args(args).output().expect("mpp ran");
    daemon.join().expect("it was asked once");
    output
}

/// With a key that nobody knows, in every object; but `verdicts`, whose keys are roles.
fn newer(answer: &Value) -> Value {
    match answer {
        Value::Object(object) => {
            let known = object.iter().map(|(key, value)| match key.as_str() {
                "verdicts" if value.is_object() => (key.clone(), newer_values(value)),
                _ => (key.clone(), newer(value)),
            });
            known.chain([("of_a_later_version".into(), json!({"a": [1]}))]).collect()
        }
        Value::Array(list) => list.iter().map(newer).collect(),
        other => other.clone(),
    }
}

fn newer_values(map: &Value) -> Value {
    map.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), newer(value))).collect()
}

#[test]
fn what_a_daemon_of_version_0_1_answers_is_understood() {
    if std::env::var_os("MPP_BLESS").is_some() {
        record();
    }
    for (args, name) in ASKED {
        let output = mpp(args, &answer_of_0_1(name));
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn keys_of_a_later_daemon_change_nothing_of_what_is_said() {
    for (args, name) in ASKED {
        let (old, new) = (mpp(args, &answer_of_0_1(name)), mpp(args, &newer(&answer_of_0_1(name))));
        assert_eq!(new, old, "{args:?}");
    }
}

#[test]
fn a_refusal_of_a_kind_that_only_a_later_daemon_knows_is_said_in_its_words() {
    let answer = json!({"ok": false, "error": {"code": "of_a_later_version", "message": "not at night"}});
    let output = mpp(&["ack", "db"], &answer);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "mpp: not at night\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_only_a_later_mpp_can_ask_is_refused_with_the_name_of_it_and_the_version_of_the_daemon() {
    let agent = Agent::start("      - { name: db1, address: \"127.0.0.2:1\" }\n", "");
    let told = format!("mppd {}: unknown", env!("CARGO_PKG_VERSION"));
    for (request, word) in [
        (json!({"v": 1, "cmd": "status", "of_a_later_version": true}), "of_a_later_version"),
        (json!({"v": 1, "cmd": "dance"}), "dance"),
    ] {
        let answer = exchange(&agent, &request);
        let message = answer["error"]["message"].as_str().expect("a message");
        assert_eq!(answer["error"]["code"], "bad_request");
        assert!(message.starts_with(&told) && message.contains(word), "{message}");
    }
}

fn exchange(agent: &Agent, request: &Value) -> Value {
    let mut stream = UnixStream::connect(agent.path("run/mpp.sock")).expect("connected");
    stream.write_all(format!("{request}\n").as_bytes()).expect("sent");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("an answer");
    serde_json::from_str(&line).expect("JSON")
}

/// Records what the daemon of this version answers.
fn record() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    wait_until("db1 has answered as ACTIVE", BOUND, || agent.node(0).req == 0 && !agent.up("ro", "db1"));
    for (name, request) in
        [("status", json!({"v": 1, "cmd": "status"})), ("why", json!({"v": 1, "cmd": "why", "pool": "db"}))]
    {
        let text = serde_json::to_string_pretty(&exchange(&agent, &request)).expect("JSON");
        fs::create_dir_all(recorded(name).parent().expect("a folder")).expect("made");
        fs::write(recorded(name), text + "\n").expect("written");
    }
}
