//! Bad clients: garbage, oversized and half-sent requests, silent and gone ones. Each gets one clear error, and costs
//! nobody else anything.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use support::Agent;

/// A pool of one node nobody listens at: the socket is what is tested.
fn agent() -> Agent {
    Agent::start("      - { name: db1, address: \"127.0.0.2:1\" }\n", "")
}

fn connect(agent: &Agent) -> UnixStream {
    let stream = UnixStream::connect(agent.path("run/mpp.sock")).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a bound");
    stream
}

fn answer(stream: UnixStream) -> serde_json::Value {
    let mut text = String::new();
    BufReader::new(stream).read_line(&mut text).expect("an answer");
    serde_json::from_str(&text).expect("JSON")
}

fn exchange(agent: &Agent, request: &[u8]) -> serde_json::Value {
    let mut stream = connect(agent);
    // A daemon that has no place for us answers without reading.
    _ = stream.write_all(request);
    answer(stream)
}

#[test]
fn what_is_no_request_gets_one_clear_error_and_the_daemon_goes_on() {
    let agent = agent();
    let cases: [(&[u8], &str); 8] = [
        (b"\n", "bad_request"),
        (b"\xff\xfe\x00garbage\n", "bad_request"),
        (b"GET / HTTP/1.0\r\n\r\n", "bad_request"),
        (b"{\"v\":9,\"cmd\":\"status\"}\n", "version"),
        (b"{\"v\":1,\"cmd\":\"dance\"}\n", "bad_request"),
        (b"{\"v\":1,\"cmd\":\"status\",\"pool\":\"nope\"}\n", "no_such_pool"),
        (b"{\"v\":1,\"cmd\":\"recover\",\"pool\":\"db\",\"node\":\"nope\"}\n", "no_such_node"),
        (b"{\"v\":1,\"cmd\":\"resume\",\"pool\":\"db\"}\n", "refused"),
    ];
    for (request, code) in cases {
        let answer = exchange(&agent, request);
        assert_eq!(answer["ok"], false, "{answer}");
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|m| !m.is_empty()), "{answer}");
    }
    assert_eq!(exchange(&agent, b"{\"v\":1,\"cmd\":\"status\"}\n")["ok"], true);
}

#[test]
fn events_come_as_a_list_or_as_pages() {
    let agent = agent();
    support::wait_until("it has failed", Duration::from_secs(30), || agent.state(0) == "FAIL_OFFLINE");
    let ask = |keys: &str| {
        let answer = exchange(&agent, format!("{{\"v\":1,\"cmd\":\"events\"{keys}}}\n").as_bytes());
        assert_eq!(answer["ok"], true, "{answer}");
        answer["data"].clone()
    };
    // What is published is told a moment later.
    _ = agent.told("state");
    let list = ask("");
    let all = list.as_array().expect("a list").len();
    assert_eq!(ask(",\"since_s\":3600"), list);
    let of_pool = ask(",\"since_s\":3600,\"pool\":\"db\",\"follow\":false");
    let named = list.as_array().expect("a list").iter().filter(|event| event["pool"] == "db");
    assert_eq!(
        of_pool.as_array().expect("a list").len(),
        named.count(),
        "all but what is told of mppd itself"
    );
    assert!(of_pool.as_array().expect("a list").len() < all);
    let page = ask(",\"after\":1,\"page\":2");
    let expected = serde_json::json!({"events": [list[1], list[2]], "more": true, "seq": 3, "faults": []});
    assert_eq!(page, expected);
    let newest = ask(",\"page\":1");
    assert_eq!((&newest["events"][0], &newest["more"]), (&list[all - 1], &true.into()));
    let other_files = ask(",\"after\":99999");
    assert_eq!(other_files, list, "a number of other files");
    for keys in
        [",\"page\":0", ",\"page\":10001", ",\"since\":\"1h\"", ",\"severity\":\"bad\"", ",\"event\":\"a\""]
    {
        let answer = exchange(&agent, format!("{{\"v\":1,\"cmd\":\"events\"{keys}}}\n").as_bytes());
        assert_eq!(answer["error"]["code"], "bad_request", "{keys}: {answer}");
    }
}

#[test]
fn an_oversized_request_is_refused_without_being_read_to_its_end() {
    let agent = agent();
    let mut stream = connect(&agent);
    // It hangs up before we are done.
    _ = stream.write_all(&vec![b'x'; 1 << 20]);
    assert_eq!(answer(stream)["error"]["code"], "too_large");
    assert_eq!(
        exchange(&agent, &[vec![b' '; 60_000], b"{\"v\":1,\"cmd\":\"status\"}\n".to_vec()].concat())["ok"],
        true
    );
}

#[test]
fn a_half_sent_request_times_out_and_holds_nobody_up() {
    let agent = agent();
    let mut half = connect(&agent);
    half.write_all(b"{\"v\":1,").expect("sent");
    let silent = connect(&agent);
    assert_eq!(exchange(&agent, b"{\"v\":1,\"cmd\":\"status\"}\n")["ok"], true, "meanwhile");
    assert_eq!(answer(half)["error"]["code"], "timed_out");
    assert_eq!(answer(silent)["error"]["code"], "timed_out");
    let mut cut = connect(&agent);
    cut.write_all(b"{\"v\":1,").expect("sent");
    cut.shutdown(std::net::Shutdown::Write).expect("shut");
    assert_eq!(answer(cut)["error"]["code"], "bad_request");
}

#[test]
fn a_client_too_many_is_told_so() {
    let agent = agent();
    let followers: Vec<UnixStream> = (0..64)
        .map(|_| {
            let mut stream = connect(&agent);
            stream.write_all(b"{\"v\":1,\"cmd\":\"events\",\"follow\":true}\n").expect("sent");
            let mut first = [0; 1];
            stream.read_exact(&mut first).expect("the first event");
            stream
        })
        .collect();
    let answer = exchange(&agent, b"{\"v\":1,\"cmd\":\"status\"}\n");
    assert_eq!(answer["error"]["code"], "busy", "{answer}");
    drop(followers);
    let bound = Duration::from_secs(30);
    support::wait_until("their places are free again", bound, || agent.mpp(&["status"]).status.success());
}

#[test]
fn a_client_that_drips_is_given_up_like_a_silent_one() {
    let agent = agent();
    let mut stream = connect(&agent);
    let mut said = stream.try_clone().expect("a second handle");
    let drip = std::thread::spawn(move || {
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let mut text = [0; 512];
    let count = said.read(&mut text).expect("an answer");
    assert!(String::from_utf8_lossy(&text[..count]).contains("timed_out"));
    drip.join().expect("hung up on");
}

/// The lines of a stream of status.
fn follow(agent: &Agent, keys: &str) -> impl Iterator<Item = serde_json::Value> {
    let mut stream = connect(agent);
    stream
        .write_all(format!("{{\"v\":1,\"cmd\":\"status\",\"follow\":true{keys}}}\n").as_bytes())
        .expect("sent");
    BufReader::new(stream).lines().map(|line| {
        let answer: serde_json::Value = serde_json::from_str(&line.expect("a line in time")).expect("JSON");
        assert_eq!(answer["ok"], true, "{answer}");
        answer["data"].clone()
    })
}

#[test]
fn who_follows_status_gets_all_of_it_then_what_changes_and_signs_of_life() {
    let agent = agent();
    let mut told = follow(&agent, "");
    let whole = told.next().expect("the whole status");
    assert_eq!(whole["pools"][0]["name"], "db", "{whole}");
    assert_eq!(whole["daemon"]["id"].as_str().map(str::len), Some(16), "{whole}");
    agent.orders(&["pause", "db", "--reason", "a test"]);
    let paused = told.find(|look| look["pool"]["flags"] == serde_json::json!(["paused"]));
    assert_eq!(paused.expect("its new look")["pool"]["name"], "db");
    assert_eq!(told.find(|look| *look == serde_json::json!({})), Some(serde_json::json!({})));
    // It fails again and again, later and later: that is no news.
    support::wait_until("it has failed", Duration::from_secs(30), || agent.state(0) == "FAIL_OFFLINE");
    _ = told.find(|look| look["pool"]["nodes"][0]["state"] == "FAIL_OFFLINE").expect("its end");
    let rest: Vec<serde_json::Value> = told.take(12).filter(|look| look.get("pool").is_some()).collect();
    assert!(rest.len() <= 3, "{rest:?}");
}

#[test]
fn who_follows_status_gets_all_of_it_again_after_a_reload() {
    let agent = agent();
    let mut told = follow(&agent, "");
    assert!(told.next().expect("a line").get("version").is_some());
    agent.orders(&["reload"]);
    assert!(told.any(|look| look.get("version").is_some()));
    let mut one = follow(&agent, ",\"pool\":\"db\"");
    assert_eq!(one.next().expect("a line")["pools"][0]["name"], "db");
}

#[test]
fn a_daemon_that_stands_still_gives_followers_no_sign_of_life() {
    let agent = agent();
    let mut stream = connect(&agent);
    stream.write_all(b"{\"v\":1,\"cmd\":\"status\",\"follow\":true}\n").expect("sent");
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    _ = lines.next().expect("a line").expect("the whole status");
    nix::sys::signal::kill(agent.pid(), nix::sys::signal::Signal::SIGSTOP).expect("frozen");
    stream.set_read_timeout(Some(Duration::from_secs(2))).expect("a bound");
    let silent = lines.take(20).any(|line| line.is_err());
    nix::sys::signal::kill(agent.pid(), nix::sys::signal::Signal::SIGCONT).expect("thawed");
    assert!(silent);
}

#[test]
fn what_was_asked_of_a_daemon_that_stood_still_is_not_done_once_nobody_waits_for_it() {
    let agent = agent();
    support::processes::freeze(agent.pid());
    let mut given_up = connect(&agent);
    given_up.write_all(b"{\"v\":1,\"cmd\":\"pause\",\"pool\":\"db\"}\n").expect("sent");
    drop(given_up);
    let mut patient = connect(&agent);
    patient.write_all(b"{\"v\":1,\"cmd\":\"resume\",\"pool\":\"db\"}\n").expect("sent");
    nix::sys::signal::kill(agent.pid(), nix::sys::signal::Signal::SIGCONT).expect("thawed");
    let told = answer(patient);
    assert_eq!(told["error"]["message"], "the pool is not paused", "{told}");
    // Who only has nothing more to say still waits.
    let mut waiting = connect(&agent);
    waiting.write_all(b"{\"v\":1,\"cmd\":\"pause\",\"pool\":\"db\"}\n").expect("sent");
    waiting.shutdown(std::net::Shutdown::Write).expect("half closed");
    assert_eq!(answer(waiting)["ok"], true);
}
