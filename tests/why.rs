//! `mpp why` in the situations that wake people, whole: what holds, why, and what to type. tests/cases/why has the texts; what
//! differs from run to run is taken out of them.

mod support;

use serde_json::Value;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use support::agent::nodes;
use support::expected::differs;
use support::{Agent, Play, Server, Stage};

const BOUND: Duration = Duration::from_secs(60);

/// Waits until `mpp why db` says all of these words, and compares it with the text that is expected.
#[track_caller]
fn says(case: &str, agent: &Agent, servers: &[Server], words: &[&str]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/why").join(format!("{case}.expected"));
    let (mut text, mut difference) = (String::new(), None);
    let began = Instant::now();
    // A single poll may be late on a busy machine: then there is one more to look at.
    while difference.is_some() || text.is_empty() {
        assert!(began.elapsed() < BOUND, "{case}: {}\n--- as it was\n{text}", difference.unwrap_or_default());
        thread::sleep(Duration::from_millis(50));
        text = String::from_utf8(agent.mpp(&["why", "db"]).stdout).expect("UTF-8");
        difference = match words.iter().find(|words| !text.contains(**words)) {
            Some(words) => Some(format!("it does not say {words:?}")),
            None => differs(Path::new(case), &file, &timeless(&text, servers)),
        };
    }
    println!("--- {case}\n{text}");
}

/// Without addresses, versions, process ids, the text of errors, spans of time and counts that go on.
fn timeless(text: &str, servers: &[Server]) -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().expect("our own user").name;
    let lines = text.lines().map(|line| {
        let mut line = line.replace(&format!("by {user}:"), "by USER:");
        for (n, server) in servers.iter().enumerate() {
            line = line.replace(&server.address().to_string(), &format!("ADDRESS{}", n + 1));
        }
        if let Some((head, _)) = line.split_once("-MariaDB") {
            line = format!("{} VERSION", head.rsplit_once(' ').expect("a version").0);
        }
        if let Some((head, rest)) = line.split_once(" (2003 ") {
            line = format!("{head} (2003 ...){}", rest.split_once("...)").expect("cut").1);
        }
        let words: Vec<&str> = line.split(' ').collect();
        let before = |n: usize| n.checked_sub(1).and_then(|n| words.get(n)).copied().unwrap_or_default();
        let after = |n: usize| words.get(n + 1).copied().unwrap_or_default();
        let timeless = words.iter().enumerate().map(|(n, word)| {
            let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            match () {
                () if is_span(core) => word.replace(core, "TIME"),
                () if ["req", "(pid"].contains(&before(n)) && core != "0" => word.replace(core, "N"),
                () if after(n) == "errors" => "N".into(),
                () if core.starts_with("mariadb-bin.") => word.replace(core, "POSITION"),
                () => (*word).to_owned(),
            }
        });
        timeless.collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

/// `250ms`, `2.5s`, `3m20s`, `1h59m`.
fn is_span(word: &str) -> bool {
    let unit = word.ends_with('s') || word.ends_with('m');
    unit && word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || ".hms".contains(c))
}

fn json(agent: &Agent) -> Value {
    serde_json::from_str(&agent.says(&["why", "db", "--json"])).expect("JSON")
}

#[test]
fn a_standby_that_breaks_and_an_active_node_that_fails_after_it() {
    let mut stage = Stage::pair(Play::Plain, "    recover_after: 2\n    monitor: { interval: 500ms }\n");
    let agent = stage.agent.clone();
    says("well", &agent, &stage.servers, &["a STANDBY serves"]);
    assert_eq!(
        (&json(&agent)["troubles"], &json(&agent)["conditions"]),
        (&Value::from(vec![0; 0]), &Value::from(vec![0; 0]))
    );

    agent.says(&["pause", "db", "--reason", "kernel update", "--for", "2h"]);
    agent.says(&["drain", "db/db2", "--for", "1h", "--reason", "new disk"]);
    says("paused_and_drained", &agent, &stage.servers, &["drained: weight 0", "no STANDBY serves"]);
    agent.says(&["undrain", "db/db2"]);
    agent.says(&["resume", "db"]);

    stage.servers[1].sql("STOP SLAVE SQL_THREAD");
    says("standby_broken", &agent, &stage.servers, &["db2 is FAIL_ONLINE", "no STANDBY serves"]);
    let why = json(&agent);
    assert_eq!((&why["troubles"][1]["kind"], &why["troubles"][1]["node"]), (&"failed".into(), &"db2".into()));

    let seen = "has executed 0-1-3";
    stage.servers[0].sql("CREATE DATABASE d; CREATE TABLE d.t (n INT); INSERT INTO d.t VALUES (1)");
    agent.wait_why(seen);
    // Longer ago than max_loss, and seen once more.
    stage.wait_polls(0, 8);
    stage.servers[0].kill9();
    says("held", &agent, &stage.servers, &["held for ", "IO Connecting (2003 ", "it was last fed "]);
    let why = json(&agent);
    let conditions = why["conditions"].as_array().expect("conditions");
    let told = |c: &Value| {
        assert_eq!(c["change"], "failover");
        (c["name"].as_str().expect("a name").to_owned(), c["met"].as_bool().expect("a truth"))
    };
    let wanted = [("failing", true), ("allowed", true), ("candidate", false), ("confirmed", false)];
    assert_eq!(
        conditions.iter().map(told).collect::<Vec<_>>(),
        wanted.map(|(name, met)| (name.to_owned(), met))
    );
    assert!(conditions[2]["help"].as_str().is_some_and(|help| help.contains("--force --dry-run")), "{why}");

    agent.says(&["pause", "db"]);
    let why = json(&agent);
    assert_eq!(
        (&why["conditions"][1]["met"], &why["conditions"][1]["help"]),
        (&false.into(), &"mpp resume db".into())
    );
}

#[test]
fn a_primary_that_comes_back_and_a_daemon_that_dies() {
    let mut stage = Stage::pair(Play::Plain, "");
    let mut agent = stage.agent.clone();
    stage.servers[0].kill9();
    agent.wait_active("db2");
    stage.servers[0].restart();
    let words = [
        "db1 is FAIL_ONLINE (failed while ACTIVE",
        "IO Yes, SQL Yes, lag 0s, all it received is applied (never",
        "ACTIVE for",
    ];
    says(
        "failed_while_active",
        &agent,
        &stage.servers,
        &[&words[..], &["OK, req 0\n", "OK, req 0: failed"]].concat(),
    );
    agent.kill9();
    says("daemon_dead", &agent, &stage.servers, &["nobody decides"]);
    let dead = agent.mpp(&["why", "db/db1", "--json"]);
    assert_eq!(dead.status.code(), Some(69));
    let why: Value = serde_json::from_slice(&dead.stdout).expect("JSON");
    assert_eq!((&why["stale"], &why["nodes"][0]["name"]), (&true.into(), &"db1".into()));
    for (target, words) in
        [("shop", "no pool shop was published; there are: db"), ("db/db7", "no node db7 was published")]
    {
        let dead = agent.mpp(&["why", target]);
        let error = String::from_utf8_lossy(&dead.stderr).into_owned();
        assert!(dead.status.code() == Some(69) && error.contains(words), "{error}");
    }
}

#[test]
fn a_pool_in_which_nobody_may_take_writes() {
    let servers = support::pair_master_master(support::Use::Gtid);
    for server in &servers {
        server.sql("SET GLOBAL read_only = 1");
    }
    let agent = Agent::start(&nodes(&servers), "");
    says("nobody", &agent, &servers, &["no node can be chosen", "lag 0s", "SET GLOBAL"]);
    servers[0].sql("SET GLOBAL read_only = 0");
    agent.wait_active("db1");
}
