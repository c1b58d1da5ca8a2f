//! Directors that hear each other: what is heard, what is told of it, and whoever sits at a peer's address.

mod support;

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use support::agent::nodes;
use support::certificate;
use support::chance::Chance;
use support::teller::{HEAD, Teller};
use support::{Agent, MppWeb, Server, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);
/// A pool whose only node nobody listens at: who hears whom is what is tested.
const NOBODY: &str = "      - { name: db1, address: \"127.0.0.2:1\" }\n";

/// `peers` with one of them.
fn peer(name: &str, url: &str, more: &str) -> String {
    format!("peers: [ {{ name: {name}, url: \"{url}\"{more} }} ]\n")
}

/// A director with one peer, started.
fn director(nodes: &str, name: &str, url: &str) -> Agent {
    let mut agent = Agent::prepare(nodes, "", &peer(name, url, ""));
    agent.launch();
    agent
}

fn row(agent: &Agent) -> Value {
    agent.status()["peers"][0].clone()
}

fn wait_reachable(agent: &Agent, reachable: bool) {
    wait_until(&format!("reachable: {reachable}"), BOUND, || row(agent)["reachable"] == reachable);
}

/// Waits until the peer is lost for a reason with these words.
#[track_caller]
fn wait_fault(agent: &Agent, words: &str) {
    let mut last = Value::Null;
    let began = std::time::Instant::now();
    while !last["fault"].as_str().is_some_and(|fault| fault.contains(words)) {
        assert!(began.elapsed() < BOUND, "waited in vain for {words:?}: {last}\n{}", agent.log());
        last = row(agent);
    }
    assert_eq!(last["reachable"], false, "{last}");
}

/// Writes a secret.
fn put(file: &Path, words: &str) {
    std::fs::write(file, words).expect("written");
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).expect("its mode");
}

/// Two directors of one pool that name each other, in front of the same servers.
struct Two {
    a: Agent,
    b: Agent,
    webs: [MppWeb; 2],
}

/// Where an `mpp-web` is.
fn url(web: &MppWeb) -> String {
    format!("http://{}", web.address())
}

impl Two {
    fn over(nodes: &str, more: &str) -> Two {
        Two::with(nodes, "", more)
    }

    /// The same, with these keys of the pool.
    fn with(nodes: &str, pool: &str, more: &str) -> Two {
        let (mut a, mut b) = (Agent::prepare(nodes, "", ""), Agent::prepare(nodes, "", ""));
        let webs = [&a, &b].map(|agent| MppWeb::beside(agent, ""));
        a.configure(nodes, pool, &peer("lb2", &url(&webs[1]), more));
        b.configure(nodes, pool, &peer("lb1", &url(&webs[0]), more));
        a.launch();
        b.launch();
        wait_reachable(&a, true);
        wait_reachable(&b, true);
        Two { a, b, webs }
    }
}

#[test]
fn a_peer_is_lost_when_it_is_killed_or_frozen_and_back_when_it_is_back_and_each_is_told_once() {
    let mut two = Two::over(NOBODY, "");
    let row = row(&two.a);
    assert_eq!((&row["name"], &row["same_site"], &row["fault"]), (&json!("lb2"), &json!(true), &Value::Null));
    // Who starts first has not found the other.
    let first = two.a.told("peer").len();
    let lines = || two.a.told("peer").into_iter().skip(first);
    let told = |wanted: &str| lines().filter(|line| line.contains(wanted)).count();
    two.b.kill9();
    wait_fault(&two.a, "");
    assert_eq!(told("mppd decides as if it were alone"), 1);
    two.b.launch();
    wait_reachable(&two.a, true);
    assert_eq!(told("answers again"), 1);
    kill(two.b.pid(), Signal::SIGSTOP).expect("frozen");
    // Its mpp-web has what it published last, or has not noticed yet.
    wait_fault(&two.a, "");
    wait_fault(&two.a, "has no mppd that answers");
    kill(two.b.pid(), Signal::SIGCONT).expect("thawed");
    wait_reachable(&two.a, true);
    assert_eq!((told("as if it were alone"), told("answers again")), (2, 2));
}

#[test]
fn a_connection_that_is_cut_and_made_again_at_once_is_not_told() {
    let other = Agent::start(NOBODY, "");
    let teller = Teller::cutting(other.path("run/mpp.sock"), 3);
    let agent = director(NOBODY, "lb2", &teller.url());
    wait_reachable(&agent, true);
    let (since, told) = (row(&agent)["since"].clone(), agent.told("peer"));
    wait_until("it has been cut a few times", BOUND, || teller.asked().len() >= 5);
    assert_eq!((&row(&agent)["since"], agent.told("peer")), (&since, told));
}

#[test]
fn whoever_sits_at_a_peers_address_gets_nowhere_and_is_told_in_words() {
    let status = |version: u32, id: &str, stale: bool| {
        let daemon = json!({"version": "9", "pid": 1, "since": "", "config": "", "id": id, "stale": stale});
        json!({"version": version, "daemon": daemon, "pools": []})
    };
    let event = |name: &str, data: &Value| format!("{HEAD}event: {name}\ndata: {data}\n\n");
    let pool = json!({"pool": {"name": "db"}});
    let endless = [HEAD.as_bytes(), b"data: ", &vec![b'x'; 17 << 20]].concat();
    let cases: [(Vec<u8>, &str); 11] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "can't be reached"),
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec(), "refuses the token (401"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".to_vec(), "answers HTTP 302"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
            "no stream of events",
        ),
        (Vec::new(), "no answer within 2s"),
        (HEAD.into(), "has said nothing for 2s"),
        (event("status", &json!([1, 2])).into(), "is not understood"),
        (event("status", &status(2, "00", false)).into(), "status of version 2; this mppd knows 1"),
        (event("status", &status(1, "00", true)).into(), "has no mppd that answers"),
        (event("pool", &pool).into(), "is not understood"),
        (endless, "a line of more than 16 MiB"),
    ];
    let tellers: Vec<Teller> = cases.iter().map(|(words, _)| Teller::saying(words.clone())).collect();
    let agents: Vec<Agent> = tellers.iter().map(|teller| director(NOBODY, "lb2", &teller.url())).collect();
    for (agent, (_, words)) in agents.iter().zip(&cases) {
        wait_fault(agent, words);
        assert!(agent.told("peer").len() == 1, "{:?}", agent.told("peer"));
    }
}

#[test]
fn a_peer_that_is_this_very_mppd_is_told_once() {
    let mut agent = Agent::prepare(NOBODY, "", "");
    let teller = Teller::of(agent.path("run/mpp.sock"));
    agent.configure(NOBODY, "", &peer("lb1", &teller.url(), ""));
    agent.launch();
    wait_fault(&agent, "is this very mppd");
    wait_until("it is tried again", BOUND, || teller.asked().len() >= 4);
    assert_eq!(agent.told("peer").len(), 1, "{:?}", agent.told("peer"));
}

#[test]
fn the_token_is_sent_and_a_new_one_is_taken_up() {
    let teller =
        Teller::saying(&b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"[..]);
    let mut agent = Agent::prepare(NOBODY, "", "");
    let token = agent.path("token");
    put(&token, "first\n");
    let more = format!(", token_file: {}", token.display());
    agent.configure(NOBODY, "", &peer("lb2", &teller.url(), &more));
    agent.launch();
    let sent = |word: &str| teller.asked().iter().any(|head| head.contains(&format!("earer {word}")));
    wait_until("the token is sent", BOUND, || sent("first"));
    put(&token, "second\n");
    wait_until("the new one is", BOUND, || sent("second"));
    assert!(
        teller.asked().iter().all(|head| head.starts_with("GET /v1/stream HTTP/1.1")),
        "{:?}",
        teller.asked()
    );
}

#[test]
fn a_peer_is_believed_by_its_certificate_and_by_no_other() {
    let b = Agent::start(NOBODY, "");
    let folder = b.path("");
    let (key, good) = certificate::make(&folder, "good", "127.0.0.1");
    let (other_key, elsewhere) = certificate::make(&folder, "elsewhere", "127.0.0.9");
    put(&b.path("token"), "a secret\n");
    let web = |key: &Path, cert: &Path| {
        let keys = format!(
            "tls: {{ cert: {}, key: {} }}, token_file: {}",
            cert.display(),
            key.display(),
            b.path("token").display()
        );
        MppWeb::beside(&b, &keys)
    };
    let webs = [web(&key, &good), web(&other_key, &elsewhere)];
    let ask = |web: &MppWeb, ca: Option<&Path>, token: &str| {
        let mut agent = Agent::prepare(NOBODY, "", "");
        put(&agent.path("token"), token);
        let ca = ca.map_or(String::new(), |ca| format!(", ca: {}", ca.display()));
        let more = format!(", token_file: {}{ca}", agent.path("token").display());
        agent.configure(NOBODY, "", &peer("lb2", &format!("https://{}", web.address()), &more));
        agent.launch();
        agent
    };
    let agents = [
        ask(&webs[0], Some(&good), "a secret"),
        ask(&webs[0], Some(&good), "another"),
        ask(&webs[0], None, "a secret"),
        ask(&webs[0], Some(&elsewhere), "a secret"),
        ask(&webs[1], Some(&elsewhere), "a secret"),
    ];
    wait_reachable(&agents[0], true);
    wait_fault(&agents[1], "refuses the token (401");
    for agent in &agents[2..] {
        wait_fault(agent, "certificate");
    }
}

#[test]
fn a_reload_keeps_the_connections_to_those_who_stay() {
    let two = Two::over(NOBODY, "");
    let since = row(&two.a)["since"].clone();
    let other = Teller::saying(HEAD);
    let (old, new) = (url(&two.webs[1]), other.url());
    let peers = format!(
        "peers: [ {{ name: lb3, url: \"{new}\", same_site: false }}, {{ name: lb2, url: \"{old}\" }} ]\n"
    );
    two.a.configure(NOBODY, "", &peers);
    two.a.says(&["reload"]);
    let rows = || two.a.status()["peers"].clone();
    wait_until("the new one is known", BOUND, || rows()[0]["reachable"] == false);
    assert_eq!((&rows()[1]["since"], &rows()[1]["reachable"]), (&since, &json!(true)));
    two.a.configure(NOBODY, "", "");
    two.a.says(&["reload"]);
    assert_eq!(rows(), json!([]));
}

fn pair() -> ([Server; 2], Two) {
    let servers = pair_master_master(Use::Gtid);
    let two = Two::over(&nodes(&servers), "");
    for agent in [&two.a, &two.b] {
        support::stage::wait_well(agent, "db1");
    }
    (servers, two)
}

#[test]
fn an_answer_says_where_else_a_command_took() {
    let (_servers, mut two) = pair();
    let said = |args: &[&str]| two.a.says(args).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(said(&["pause", "db"]), ["lb2: done too"]);
    assert!(two.b.flagged("paused"), "the answer comes when it is so");
    assert_eq!(said(&["resume", "db", "--no-wait"]), Vec::<String>::new());
    assert_eq!(said(&["drain", "db/db2"]), ["lb2: done too"]);
    assert_eq!(said(&["undrain", "db/db2"]), ["lb2: done too"]);
    let switched = two.a.switches_to("db2");
    assert!(switched.ends_with("\nlb2: done too\n"), "{switched}");
    assert_eq!(two.b.active().as_deref(), Some("db2"));
    let table = two.a.says(&["status"]);
    let line = table.lines().last().expect("a line").split_whitespace().collect::<Vec<_>>();
    assert_eq!(line, ["D", "lb2", "--", "--", "OK", "same", "site", "answers"], "{table}");
    two.b.kill9();
    wait_reachable(&two.a, false);
    let alone = ["lb2: does not answer; it takes this over when it is back"];
    assert_eq!(two.a.says(&["pause", "db"]).lines().skip(1).collect::<Vec<_>>(), alone);
    two.a.wait_why("mppd decides as if it were alone");
    let mut stream = std::os::unix::net::UnixStream::connect(two.a.path("run/mpp.sock")).expect("connected");
    stream.write_all(b"{\"v\":1,\"cmd\":\"ack\",\"pool\":\"db\"}\n").expect("sent");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("an answer");
    let answer: Value = serde_json::from_str(&line).expect("JSON");
    let words = "does not answer; it takes this over when it is back";
    let peer = json!({"name": "lb2", "same_site": true, "done": false, "words": words});
    assert_eq!((&answer["peers"], answer["data"].is_string()), (&json!([peer]), true), "{answer}");
    two.b.launch();
    wait_until("paused there when it is back", BOUND, || two.b.flagged("paused"));
}

#[test]
fn a_site_of_its_own_is_told_so_and_does_not_follow_a_pause() {
    let servers = pair_master_master(Use::Gtid);
    let Two { a, b, webs: _webs } = Two::over(&nodes(&servers), ", same_site: false");
    support::stage::wait_well(&a, "db1");
    let words = "lb2: is another site and decides for itself; say it there too";
    assert_eq!(a.says(&["pause", "db"]).lines().last(), Some(words));
    assert!(!b.flagged("paused"));
    a.says(&["resume", "db"]);
}

#[test]
fn what_operators_say_to_one_director_holds_at_the_other() {
    let (_servers, two) = pair();
    let (a, b) = (&two.a, &two.b);
    a.orders(&["pause", "db", "--reason", "a test"]);
    wait_until("paused there too", BOUND, || b.flagged("paused"));
    b.orders(&["resume", "db"]);
    wait_until("resumed here too", BOUND, || !a.flagged("paused"));
    a.orders(&["drain", "db/db2"]);
    wait_until("drained there too", BOUND, || b.node(1).drained);
    b.orders(&["undrain", "db/db2"]);
    wait_until("undrained here too", BOUND, || !a.node(1).drained);
    b.switches_to("db2");
    a.wait_active("db2");
    assert_eq!(a.epoch(), b.epoch());
}

#[test]
fn directors_that_are_killed_at_random_agree_again_and_their_epochs_never_fall() {
    let (_servers, mut two) = pair();
    let (mut highest, mut chance) = (0, Chance::new());
    println!("{chance}");
    for (round, whom) in [[true, false], [false, true], [true, true], [false, true]].into_iter().enumerate() {
        let to = if round % 2 == 0 { "db2" } else { "db1" };
        let asked = if round < 2 { &two.a } else { &two.b };
        let order = ["switchover", "db", "--to", to, "--no-wait"];
        wait_until("it may be asked again", BOUND, || asked.mpp(&order).status.success());
        std::thread::sleep(Duration::from_millis(chance.below(1500)));
        let killed = [&mut two.a, &mut two.b].into_iter().zip(whom).filter(|(_, killed)| *killed);
        let mut killed: Vec<&mut Agent> = killed.map(|(agent, _)| agent).collect();
        killed.iter_mut().for_each(|agent| agent.kill9());
        std::thread::sleep(Duration::from_millis(chance.below(500)));
        killed.iter_mut().for_each(|agent| agent.launch());
        for agent in [&two.a, &two.b] {
            support::stage::wait_well(agent, to);
        }
        wait_until("both count alike", BOUND, || two.a.epoch() == two.b.epoch());
        assert!(two.a.epoch() > highest, "{} after {highest}", two.a.epoch());
        highest = two.a.epoch();
    }
}

#[test]
fn a_director_that_starts_empty_takes_up_what_the_other_says() {
    let (_servers, mut two) = pair();
    two.a.switches_to("db2");
    two.b.wait_active("db2");
    let epoch = two.a.epoch();
    two.b.kill9();
    for folder in ["run", "state"] {
        std::fs::remove_dir_all(two.b.path(folder)).expect("removed");
    }
    two.b.launch();
    two.b.wait_active("db2");
    assert!(two.b.epoch() >= epoch);
}

#[test]
fn a_director_frozen_or_dead_in_the_middle_of_a_handover_follows_what_the_other_has_made_of_it() {
    let servers = pair_master_master(Use::Gtid);
    let pace = "    handover: 3s\n    monitor: { interval: 250ms, timeout: 250ms }\n";
    let mut two = Two::with(&nodes(&servers), pace, "");
    support::stage::wait_well(&two.a, "db1");
    for (to, dies) in [("db2", false), ("db1", true)] {
        support::stage::wait_well(&two.b, if to == "db2" { "db1" } else { "db2" });
        let order = ["switchover", "db", "--to", to, "--no-wait"];
        wait_until("it may be asked", BOUND, || two.a.mpp(&order).status.success());
        wait_until("the other follows", BOUND, || two.b.flagged("handover"));
        if dies {
            two.a.kill9();
        } else {
            kill(two.a.pid(), Signal::SIGSTOP).expect("frozen");
        }
        two.b.wait_active(to);
        // Longer than it would wait for its end.
        std::thread::sleep(Duration::from_secs(7));
        if dies {
            two.a.launch();
        } else {
            kill(two.a.pid(), Signal::SIGCONT).expect("thawed");
        }
        wait_until("both have the same", BOUND, || {
            two.a.active().as_deref() == Some(to) && two.a.epoch() == two.b.epoch()
        });
        assert_eq!(two.a.told("handover_given_up"), Vec::<String>::new());
    }
}
