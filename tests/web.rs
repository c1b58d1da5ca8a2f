//! `mpp-web` beside a real mppd: verdicts, who is ACTIVE, this site; mppd killed, frozen, started again; the state removed.

mod support;

use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;
use support::agent::{nodes, program};
use support::mpp_web::{Answer, MppWeb};
use support::processes::freeze;
use support::{Agent, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(30);
/// A node nobody listens at: mppd and mpp-web are what is tested.
const NOBODY: &str = "      - { name: db1, address: \"127.0.0.2:1\", local: true }\n";

fn get(web: &MppWeb, path: &str) -> Answer {
    web.get(path, "*/*")
}

#[track_caller]
fn wait_for(web: &MppWeb, path: &str, code: u16, words: &str) -> Answer {
    let mut answer = get(web, path);
    wait_until(&format!("{path}: {code} {words}"), BOUND, || {
        answer = get(web, path);
        answer.code == code && answer.body.contains(words)
    });
    answer
}

#[test]
fn verdicts_are_those_of_mpp_check_before_and_after_a_failover() {
    let mut servers = pair_master_master(Use::Gtid);
    let local = nodes(&servers).replacen(" }", ", local: true }", 1);
    let agent = Agent::start(&local, "");
    let web = MppWeb::beside(&agent, "");
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    same_as_mpp_check(&agent, &web);
    let rw = get(&web, "/v1/pools/db/nodes/db1/rw");
    assert_eq!((rw.code, rw.body.as_str()), (200, "UP: ACTIVE\n"));
    for header in ["cache-control: no-store", "x-mpp-weight: 1", "content-type: text/plain"] {
        assert!(rw.head.contains(header), "{header}: {}", rw.head);
    }
    assert!(!rw.head.contains("x-mpp-stale"), "{}", rw.head);
    let path = format!("/v1/pools/db/nodes/{}/rw", servers[1].address());
    assert_eq!(get(&web, &path).body, "DOWN: not ACTIVE\n");
    assert_eq!(get(&web, "/v1/pools/db/nodes/db2/active").body, "DOWN: db1 is ACTIVE\n");
    wait_for(&web, "/v1/pools/db/nodes/db1/ok", 200, "UP: OK/ACTIVE (PRIMARY)\n");
    assert_eq!(get(&web, "/v1/pools/db/active").body, format!("db1 {}\n", servers[0].address()));
    assert_eq!(get(&web, "/v1/pools/db/site").body, "UP: db1 is ACTIVE here\n");
    let json: Value =
        serde_json::from_str(&web.get("/v1/pools/db/nodes/db1/rw", "application/json").body).unwrap();
    assert_eq!(json, serde_json::json!({"up": true, "reason": "ACTIVE", "weight": 1, "stale_s": null}));
    assert_eq!(web.curl(&["-I", "-o", "/dev/null"], "/v1/pools/db/nodes/db2/rw"), "503", "HEAD");

    agent.orders(&["drain", "db/db2", "--for", "1h"]);
    wait_for(&web, "/v1/pools/db/nodes/db2/ro", 200, "UP: drained");
    assert_eq!(get(&web, "/v1/pools/db/nodes/db2/ro?drained=down").code, 503);
    agent.orders(&["undrain", "db/db2"]);
    wait_for(&web, "/v1/pools/db/nodes/db2/ro", 200, "UP: STANDBY");

    servers[0].kill9();
    agent.wait_active("db2");
    wait_for(&web, "/v1/pools/db/nodes/db2/rw", 200, "UP: ACTIVE");
    same_as_mpp_check(&agent, &web);
    assert_eq!(get(&web, "/v1/pools/db/site").body, "DOWN: db2 is ACTIVE, and not local\n");
    assert_eq!(get(&web, "/v1/pools/db/active").body, format!("db2 {}\n", servers[1].address()));
}

fn same_as_mpp_check(agent: &Agent, web: &MppWeb) {
    for role in ["rw", "ro", "geo"] {
        for node in ["db1", "db2"] {
            let answer = get(web, &format!("/v1/pools/db/nodes/{node}/{role}"));
            assert_eq!(answer.code == 200, agent.up(role, node), "{role} {node}: {answer:?}");
        }
    }
}

#[test]
fn what_there_is_not_is_answered_with_what_there_is() {
    let agent = Agent::start(NOBODY, "");
    let web = MppWeb::beside(&agent, "");
    for (path, words) in [
        ("/v1/pools/shop/nodes/db1/rw", "no pool shop; there are: db\n"),
        ("/v1/pools/db/nodes/db9/rw", "no node db9 in pool db; there are: db1\n"),
        ("/v1/pools/db/nodes/db1/write", "not for write\n"),
        ("/v1/pools/shop/site", "there are: db\n"),
        ("/v1/pools/shop/active", "there are: db\n"),
        ("/v1/pools/shop", "no pool shop; there are: db\n"),
        ("/v1/status?pool=shop", "no pool shop; there are: db\n"),
        ("/status", "nothing at /status; there are: /health"),
    ] {
        let answer = get(&web, path);
        assert!(answer.code == 404 && answer.body.contains(words), "{path}: {answer:?}");
    }
    for path in [
        "/v1/status?pol=db",
        "/v1/events?since=1h",
        "/v1/stream?full=1s",
        "/v1/pools/%ff/site",
        "/v1/pools/db/nodes/db1/rw?drained=Down",
    ] {
        let answer = get(&web, path);
        assert!(answer.code == 400 && answer.body.ends_with('\n'), "{path}: {answer:?}");
        let answer: Value = serde_json::from_str(&web.get(path, "application/json").body).expect("JSON");
        assert!(answer["error"].is_string(), "{path}: {answer}");
    }
    let answer = get(&web, "/v1/pools/x%0aUP:%1b[2J/nodes/db1/rw");
    assert_eq!((answer.code, answer.body.as_str()), (404, "no pool x UP: [2J; there are: db\n"));
    assert!(web.curl(&["-d", "x=1"], "/health").ends_with("413"));
    assert!(web.curl(&["-X", "DELETE"], "/health").ends_with("405"));
    let large = format!("X-Large: {}", "x".repeat(20_000));
    assert!(web.curl(&["-H", &large], "/health").ends_with("431"));
    assert_eq!(get(&web, "/health").body, "UP: mppd is publishing\n");
}

#[test]
fn status_and_events_are_those_of_mpp() {
    let agent = Agent::start(NOBODY, "");
    let web = MppWeb::beside(&agent, "");
    agent.wait_state(0, "FAIL_OFFLINE");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    for path in ["/v1/status", "/v1/status?pool=db", "/v1/pools/db"] {
        let status: Value = serde_json::from_str(&get(&web, path).body).expect("JSON");
        assert_eq!(keys(&status), keys(&agent.status()), "{path}");
        assert_eq!(status["pools"][0]["nodes"][0]["state"], "FAIL_OFFLINE");
    }
    let events: Value =
        serde_json::from_str(&get(&web, "/v1/events?pool=db&since_s=3600").body).expect("JSON");
    let events = events.as_array().expect("a list");
    assert!(events.len() >= 4 && events.iter().all(|event| event["pool"] == "db"), "{events:?}");
}

#[test]
fn while_mppd_is_dead_or_frozen_the_last_word_stands_and_is_called_that() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "stale: { after: 1s, policy: hold }\n");
    agent.launch();
    let web = MppWeb::beside(&agent, "");
    agent.wait_active("db1");
    wait_for(&web, "/v1/pools/db/nodes/db1/rw", 200, "UP: ACTIVE\n");
    for kills in [true, false] {
        if kills {
            agent.kill9()
        } else {
            freeze(agent.pid())
        }
        let rw =
            wait_for(&web, "/v1/pools/db/nodes/db1/rw", 200, "as last published: mppd has been silent for");
        assert!(rw.head.contains("x-mpp-stale: ") && !rw.head.contains("x-mpp-stale: 0"), "{}", rw.head);
        let active = get(&web, "/v1/pools/db/active");
        assert!(active.code == 200 && active.head.contains("x-mpp-stale: "), "{active:?}");
        assert_eq!(get(&web, "/v1/pools/db/nodes/db2/rw").code, 503);
        let health = get(&web, "/health");
        assert!(health.code == 503 && health.body.contains("(stale.after 1s)"), "{health:?}");
        let status = get(&web, "/v1/status");
        let json: Value = serde_json::from_str(&status.body).expect("JSON");
        assert_eq!((status.code, &json["daemon"]["stale"]), (200, &true.into()));
        assert!(status.head.contains("x-mpp-stale: "), "{}", status.head);
        if kills {
            agent.launch()
        } else {
            kill(agent.pid(), Signal::SIGCONT).expect("ours")
        }
        wait_for(&web, "/health", 200, "UP: mppd is publishing");
        wait_for(&web, "/v1/pools/db/nodes/db1/rw", 200, "UP: ACTIVE\n");
        wait_for(&web, "/v1/status", 200, "\"stale\":false");
    }
}

#[test]
fn with_policy_down_a_dead_mppd_means_down() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "stale: { after: 1s, policy: down }\n");
    agent.launch();
    let web = MppWeb::beside(&agent, "");
    wait_for(&web, "/v1/pools/db/nodes/db1/rw", 200, "UP: ACTIVE\n");
    agent.kill9();
    wait_for(&web, "/v1/pools/db/nodes/db1/rw", 503, "stale.policy is down\n");
    assert_eq!(get(&web, "/v1/pools/db/site").code, 503);
    let active = get(&web, "/v1/pools/db/active");
    assert!(active.code == 503 && active.body.contains("stale.policy is down"), "{active:?}");
}

#[test]
fn a_state_that_is_missing_replaced_or_damaged_is_told_and_recovered_from() {
    let mut agent = Agent::prepare(NOBODY, "", "");
    let web = MppWeb::beside(&agent, "");
    let health = get(&web, "/health");
    assert!(health.code == 503 && health.body.contains("run/state: No such file"), "{health:?}");
    assert!(get(&web, "/v1/status").body.contains("does not answer"), "before mppd");
    agent.launch();
    wait_for(&web, "/health", 200, "UP");
    agent.kill9();
    fs::remove_file(agent.state_file()).expect("removed");
    wait_for(&web, "/v1/pools/db/nodes/db1/rw", 503, "No such file");
    fs::write(agent.state_file(), vec![7; 8192]).expect("damaged");
    wait_for(&web, "/v1/pools/db/nodes/db1/rw", 503, "not a state file of mppd");
    fs::remove_file(agent.state_file()).expect("removed");
    agent.launch();
    wait_for(&web, "/v1/pools/db/nodes/db1/rw", 503, "failed");
    agent.reboot();
    wait_for(&web, "/health", 200, "UP");
}

#[test]
fn what_cannot_be_used_ends_it_with_the_reason() {
    let agent = Agent::prepare(NOBODY, "", "");
    let run = |web: &str| {
        let text = format!("runtime_dir: {}\nweb: {{ {web} }}\n", agent.path("run").display());
        fs::write(agent.path("bad.yaml"), text).expect("written");
        let mut command = Command::new(program("mpp-web"));
        let output = command.arg("--config").arg(agent.path("bad.yaml")).output().expect("mpp-web ran");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address");
    for (web, code, words) in [
        ("listen: [\"localhost\"]", 78, "is not an IP address with a port"),
        ("lisen: []", 78, "did you mean \"listen\"?"),
        ("token_file: /nowhere", 78, "web.token_file: /nowhere: No such file"),
        ("tls: { cert: /nowhere, key: /nowhere }", 78, "web.tls: /nowhere: No such file"),
        ("tls: { cert: /nowhere }", 78, "key is missing"),
        (&format!("listen: [\"{taken}\"]"), 1, "see web.listen"),
    ] {
        let (exit, said) = run(web);
        assert!(exit == Some(code) && said.contains(words), "{web}: {exit:?} {said}");
    }
}

/// Reads `/v1/stream`.
struct Listener {
    stream: TcpStream,
    text: String,
}

impl Listener {
    fn of(web: &MppWeb) -> Listener {
        let mut stream = web.connect();
        stream.write_all(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
        Listener { stream, text: String::new() }
    }

    /// What comes before these words.
    #[track_caller]
    fn until(&mut self, words: &str) -> String {
        let text = &mut self.text;
        while !text.contains(words) {
            let mut some = [0; 4096];
            let n = self.stream.read(&mut some).unwrap_or_else(|e| panic!("{words:?}: {e}: {text}"));
            assert!(n > 0, "{words:?}: the end: {text}");
            text.push_str(&String::from_utf8_lossy(&some[..n]));
        }
        let (before, after) = text.split_once(words).expect("found");
        let (before, after) = (before.to_owned(), after.to_owned());
        self.text = after;
        before
    }
}

#[test]
fn the_stream_tells_changes_and_the_death_of_mppd() {
    let mut agent = Agent::start(NOBODY, "");
    let web = MppWeb::beside(&agent, "");
    let mut listener = Listener::of(&web);
    for words in ["content-type: text/event-stream", "event: status\ndata: {", "event: alive\ndata: {}"] {
        listener.until(words);
    }
    agent.orders(&["pause", "db"]);
    listener.until("event: pool\ndata: {");
    listener.until("\"paused\"");
    agent.kill9();
    for words in ["event: status\ndata: {", "\"stale\":true", ": mppd is silent"] {
        listener.until(words);
    }
    agent.launch();
    for words in ["event: status\ndata: {", "\"stale\":false", "event: alive"] {
        listener.until(words);
    }
    assert_eq!(web.stop(), Some(0), "a stream holds up no end");
}

#[test]
fn whoever_joins_the_stream_late_is_told_how_long_a_pause_has_still_to_go() {
    let agent = Agent::start(NOBODY, "");
    let web = MppWeb::beside(&agent, "");
    agent.orders(&["pause", "db", "--for", "1h"]);
    let mut first = Listener::of(&web);
    first.until("event: status\ndata: ");
    for _ in 0..6 {
        first.until("event: alive\ndata: {}");
    }
    let mut late = Listener::of(&web);
    late.until("event: status\ndata: ");
    let status: Value = serde_json::from_str(&late.until("\n\n")).expect("JSON");
    let pause = &status["pools"][0]["pause"];
    assert!(pause["age_s"].as_f64() > Some(2.0) && pause["left_s"].as_f64() < Some(3598.0), "{pause}");
}

#[test]
fn a_frozen_mppd_is_told_however_many_come_to_read() {
    let agent = Agent::start(NOBODY, "");
    let web = MppWeb::beside(&agent, "");
    let mut first = Listener::of(&web);
    assert!(first.until("event: status\ndata: {").contains("200 OK"), "mppd is well");
    freeze(agent.pid());
    first.stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a bound");
    let mut others = Vec::new();
    wait_until("it is told", Duration::from_secs(12), || {
        others.push(Listener::of(&web));
        let mut some = [0; 65536];
        let n = first.stream.read(&mut some).unwrap_or_default();
        first.text.push_str(&String::from_utf8_lossy(&some[..n]));
        first.text.contains("\"stale\":true")
    });
    kill(agent.pid(), Signal::SIGCONT).expect("thawed");
}
