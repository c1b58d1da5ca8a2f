//! Checkpoints of pools: who asks them, what is seen of them, and what happens when none answers.

mod support;

use serde_json::Value;
use std::fs;
use std::time::Duration;
use support::agent::nodes;
use support::web::free;
use support::{Agent, Mode, Options, Proxy, Server, Use, Web, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

fn web(web: &Web, path: &str) -> String {
    let at = web.address();
    format!("{{ type: external, proto: http, host: \"{}\", port: {}, path: {path} }}", at.ip(), at.port())
}

fn checkpoint(agent: &Agent, n: usize) -> Value {
    agent.status()["pools"][0]["checkpoints"][n].clone()
}

#[track_caller]
fn wait_status(agent: &Agent, n: usize, status: &str) -> Value {
    wait_until(&format!("checkpoint {n} is {status}"), BOUND, || {
        let seen = checkpoint(agent, n);
        seen["status"] == status && !seen["last_request"].is_null()
    });
    checkpoint(agent, n)
}

/// The threads of this name, by their numbers.
fn threads(agent: &Agent, name: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.pid())).expect("its threads").flatten();
    let called =
        |path: &std::path::Path| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let mut found: Vec<String> = tasks
        .filter(|task| called(&task.path()))
        .map(|task| task.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}

#[test]
fn each_is_shown_below_its_node_or_at_the_end_and_says_why_it_does_not_answer() {
    let (mut server, served) = (Server::start(&Options::id(1)), Web::http());
    let (dead, at) = (free().port(), served.address());
    let node = format!(
        "      - {{ name: db1, address: \"{}\", checkpoints: [ \"edge:tcp:127.0.0.1:{dead}\" ] }}\n",
        server.address()
    );
    let agent = Agent::start(&node, &format!("    checkpoints: [ \"external:http:{at}\" ]\n"));
    wait_status(&agent, 0, "OK");
    let failed = wait_status(&agent, 1, "FAIL");
    assert_eq!((&failed["message"], &failed["node"]), (&"connection refused".into(), &"db1".into()));
    let table = agent.says(&["status", "db"]);
    let lines: Vec<&str> = table.lines().skip(2).collect();
    let [node, dead_line, own] = lines[..] else { panic!("{table}") };
    assert!(node.starts_with("P  "), "{table}");
    assert!(
        dead_line.starts_with("C  FAIL ")
            && dead_line.ends_with(&format!("edge:tcp:127.0.0.1:{dead}  connection refused")),
        "{table}"
    );
    assert!(own.starts_with("C  OK 0  ") && own.ends_with(&format!("  external:http:{at}")), "{table}");
    let doctor = String::from_utf8_lossy(&agent.mpp(&["doctor", "db"]).stdout).into_owned();
    let found = format!("warning  db/db1: edge:tcp:127.0.0.1:{dead}: connection refused  [checkpoint]");
    assert!(doctor.contains(&found) && doctor.matches("[checkpoint]").count() == 1, "{doctor}");
    wait_until("that it has failed is told", BOUND, || !agent.told("checkpoint").is_empty());
    let cut = "connection refused; the way to it is cut: WAN";
    assert!(
        !table.contains("is cut") && !agent.why().contains("is cut"),
        "a node that answers is not cut off"
    );
    server.kill9();
    wait_until("where it is cut is shown", BOUND, || agent.says(&["status", "db"]).contains(cut));
    assert!(agent.why().contains(cut), "{}", agent.why());
}

#[test]
fn equal_checkpoints_of_a_hundred_pools_are_asked_by_one_thread() {
    let served = Web::http();
    let agent = Agent::prepare("", "", "");
    let one = |n: usize| {
        let (path, address) = (web(&served, "/shared"), format!("127.{}.77.1:3306", 1 + n));
        format!(
            "  - name: p{n}\n    checkpoints: [ {path} ]\n    nodes: [ {{ name: db1, address: \"{address}\" }} ]\n"
        )
    };
    let pools: String = (0..100).map(one).collect();
    let text = fs::read_to_string(agent.config()).expect("the configuration");
    let head = text.split("pools:\n").next().expect("what stands before").to_owned();
    fs::write(agent.config(), format!("{head}pools:\n{pools}")).expect("written");
    let mut agent = agent;
    agent.launch();
    wait_until("every pool has seen it", BOUND, || {
        let status = agent.status();
        let pools = status["pools"].as_array().expect("pools");
        pools.len() == 100 && pools.iter().all(|pool| !pool["checkpoints"][0]["last_request"].is_null())
    });
    assert_eq!(threads(&agent, "see-127.0.0.1").len(), 1);
    let status = agent.status();
    let asked = |pool: &Value| pool["checkpoints"][0]["last_request"].clone();
    let first = asked(&status["pools"][0]);
    assert!(status["pools"].as_array().expect("pools").iter().all(|pool| asked(pool) == first));
}

#[test]
fn a_checkpoint_that_hangs_delays_no_other_and_a_reload_keeps_what_is_unchanged() {
    let (server, served, proxy) = (Server::start(&Options::id(1)), Web::http(), Proxy::before(free()));
    proxy.set(Mode::Drop);
    let hole = proxy.address();
    let hanging =
        format!("{{ type: edge, proto: tcp, host: \"{}\", port: {}, timeout: 1m }}", hole.ip(), hole.port());
    let with = |more: &str| format!("    checkpoints: [ {}{more} ]\n", web(&served, "/kept"));
    let agent = Agent::start(&nodes([&server]), &with(&format!(", {hanging}")));
    wait_status(&agent, 0, "OK");
    let before = served.asked("/kept");
    wait_until("it is asked again and again", BOUND, || served.asked("/kept") > before + 3);
    let (kept, gone) = (threads(&agent, "see-127.0.0.1"), format!("see-{}", hole.ip()));
    let gone = gone.get(..15).unwrap_or(&gone).to_owned();
    assert_eq!((kept.len(), threads(&agent, &gone).len()), (1, 1));
    agent.configure(&nodes([&server]), &with(""), "");
    agent.says(&["reload"]);
    assert_eq!(threads(&agent, "see-127.0.0.1"), kept);
    let before = served.asked("/kept");
    wait_until("it is asked on", BOUND, || served.asked("/kept") > before + 1);
    assert_eq!(agent.status()["pools"][0]["checkpoints"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_local_node_of_a_site_that_is_cut_off_steps_down_and_serves_again_after_recover() {
    let (server, served) = (Server::start(&Options::id(1)), Web::http());
    let outside = [Proxy::before(served.address()), Proxy::before(server.address())];
    let [web, mysql] = [outside[0].address(), outside[1].address()];
    let node = format!("      - {{ name: db1, address: \"{}\", local: true }}\n", server.address());
    let agent = Agent::start(
        &node,
        &format!("    checkpoints: [ \"external:http:{web}\", \"edge:mysql:{mysql}\" ]\n"),
    );
    agent.wait_active("db1");
    wait_status(&agent, 0, "OK");
    outside[0].set(Mode::Refuse);
    wait_status(&agent, 0, "FAIL");
    assert_eq!(agent.active().as_deref(), Some("db1"), "one of two answers");
    outside[1].set(Mode::Drop);
    wait_until("the site is isolated", BOUND, || agent.flagged("isolated") && agent.flagged("withdrawn"));
    assert_eq!((agent.active(), agent.up("rw", "db1")), (None, false));
    outside.iter().for_each(|proxy| proxy.set(Mode::Pass));
    wait_status(&agent, 0, "OK");
    wait_status(&agent, 1, "OK");
    assert!(agent.flagged("isolated"), "pool_recovery is manual");
    agent.orders(&["recover", "db"]);
    agent.wait_active("db1");
    assert!(agent.up("rw", "db1"));
}

#[test]
fn nobody_is_promoted_by_a_director_that_reaches_nobody() {
    let [a, b] = pair_master_master(Use::Gtid);
    let proxy = Proxy::before(a.address());
    let (web, served) = {
        let served = Web::http();
        (Proxy::before(served.address()), served)
    };
    let nodes = support::agent::nodes_at([proxy.address(), b.address()]);
    let agent = Agent::start(&nodes, &format!("    checkpoints: [ \"external:http:{}\" ]\n", web.address()));
    agent.wait_active("db1");
    wait_status(&agent, 0, "OK");
    web.set(Mode::Refuse);
    proxy.set(Mode::Refuse);
    proxy.cut();
    wait_until("it is isolated", BOUND, || agent.flagged("isolated"));
    assert_eq!((agent.active().as_deref(), agent.up("rw", "db2")), (Some("db1"), false));
    drop(served);
}
