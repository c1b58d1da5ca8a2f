//! What people are told, and how often: one alert a cause, reminders, recoveries, floods; and that all of it is documented.

mod support;

use mpp::alert::words;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;
use support::agent::nodes;
use support::{Agent, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// Waits until this has been told so many times.
#[track_caller]
fn wait_told(agent: &Agent, event: &str, words: &str, times: usize) {
    let count = || agent.told(event).iter().filter(|line| line.contains(words)).count();
    wait_until(&format!("{event} with {words:?} is told {times} times"), BOUND, || count() >= times);
}

fn remind_every(agent: &Agent, duration: &str) {
    let text = fs::read_to_string(agent.config()).expect("the configuration");
    let text = text.replace("log.sock } }", &format!("log.sock }}, remind_every: {duration} }}"));
    fs::write(agent.config(), text).expect("the configuration written");
}

#[test]
fn a_lost_standby_is_one_alert_a_reminder_while_it_lasts_and_a_recovery_also_over_a_restart() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "    recover_after: 1\n", "");
    remind_every(&agent, "6s");
    agent.launch();
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    assert!(agent.told("no_redundancy").is_empty());
    servers[1].kill9();
    wait_told(
        &agent,
        "no_redundancy",
        "pool=db event=no_redundancy epoch=1 reason=\"no redundancy: if db1 failed",
        1,
    );
    wait_told(&agent, "reminder", "about=no_redundancy epoch=1 reason=\"for ", 1);
    wait_told(&agent, "reminder", "node=db2 event=reminder about=failed", 1);
    agent.kill9();
    agent.launch();
    wait_until("the reminder counts from before the restart", BOUND, || {
        let age = |line: &String| {
            let age = line.split_once("about=no_redundancy epoch=1 reason=\"for more than ")?.1.to_owned();
            let digits = age.find(|c: char| !c.is_ascii_digit())?;
            Some((age[..digits].parse::<u32>().ok()?, age[digits..].starts_with('s')))
        };
        agent.told("reminder").iter().filter_map(age).any(|(age, seconds)| !seconds || age >= 6)
    });
    assert_eq!(agent.told("no_redundancy").len(), 1, "{}", agent.log());
    servers[1].restart();
    wait_told(
        &agent,
        "recovered",
        "event=recovered about=no_redundancy epoch=1 reason=\"no longer so, after more",
        1,
    );
    wait_told(&agent, "recovered", "node=db2 event=recovered about=failed", 1);
    assert_eq!(agent.told("no_redundancy").len(), 1, "{}", agent.log());
}

#[test]
fn a_pool_that_has_nobody_from_the_start_is_told_and_told_again() {
    let agent = Agent::prepare("      - { name: db1, address: \"127.0.0.2:1\" }\n", "", "");
    remind_every(&agent, "1s");
    let mut agent = agent;
    agent.launch();
    wait_told(&agent, "no_active", "pool=db event=no_active epoch=0 reason=\"no node is ACTIVE: ", 1);
    wait_told(&agent, "reminder", "about=no_active", 2);
    assert_eq!(agent.told("no_active").len(), 1);
}

#[test]
fn a_hundred_and_fifty_pools_that_fail_at_once_are_twenty_lines_and_a_summary_a_second() {
    const POOLS: usize = 150;
    let node = |n: usize| format!("      - {{ name: db1, address: \"127.0.0.3:{}\" }}\n", n + 1);
    let pool = |n: usize| format!("  - name: db{n}\n    nodes:\n{}", node(n));
    let pools = node(0) + &(1..POOLS).map(pool).collect::<String>();
    let agent = Agent::start(&pools, "");
    let failed = |line: &&str| line.contains("node=db1 event=state ") && line.contains("to=FAIL_OFFLINE");
    let all =
        || agent.says(&["events", "--event", "state", "--last", "10000"]).lines().filter(failed).count();
    wait_until("all are in mpp events", BOUND, || all() == POOLS);
    let told = || agent.told("state").iter().filter(|line| failed(&line.as_str())).count();
    let summed = || {
        let floods = agent.told("flood");
        let floods =
            floods.iter().filter(|line| line.contains("about=state") && line.contains("to=FAIL_OFFLINE"));
        let count =
            |line: &String| line.split_once("reason=\"")?.1.split_once(" more: ")?.0.parse::<usize>().ok();
        floods.map(|line| count(line).expect("a number")).collect::<Vec<_>>()
    };
    wait_until("all are told or counted", BOUND, || told() + summed().iter().sum::<usize>() == POOLS);
    assert!(told() < POOLS && !summed().is_empty(), "{} {:?}", told(), summed());
    let floods = agent.told("flood");
    assert!(floods.iter().all(|line| line.contains("; mpp events --since 1m")), "{floods:#?}");
}

/// All source files.
fn sources(dir: &Path, out: &mut String) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        match entry.path() {
            path if path.is_dir() => sources(&path, out),
            path => *out += &fs::read_to_string(path).expect("a source"),
        }
    }
}

#[test]
fn every_word_of_an_event_is_known_and_stands_in_the_documentation() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let text: String = text.split_whitespace().collect();
    let mut used = BTreeSet::new();
    for before in ["tell_self(\"", "Message::Tell(\"", "event:\"", "self.line(\""] {
        let words = text.split(before).skip(1).filter_map(|rest| rest.split('"').next());
        let words = words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        used.extend(words.map(str::to_owned));
    }
    assert!(used.contains("reload") && used.contains("track") && used.contains("flood"), "{used:?}");
    let known = words::all();
    let unknown: Vec<&String> = used.iter().filter(|word| !known.contains(&word.as_str())).collect();
    assert!(unknown.is_empty(), "src/alert/words.rs does not know {unknown:?}");

    let page = include_str!("../docs/alerts.md");
    let headings: BTreeSet<&str> =
        page.lines().filter_map(|l| l.strip_prefix("### ")).flat_map(|l| l.split('`')).collect();
    let missing: Vec<&&str> = known.iter().filter(|word| !headings.contains(**word)).collect();
    assert!(missing.is_empty(), "docs/alerts.md has no section for {missing:?}");
    let default = words::WAKING.map(|word| format!("`{word}`")).join(", ");
    assert!(
        page.split_whitespace().collect::<Vec<_>>().join(" ").contains(&default),
        "the default of `events`: {default}"
    );
}
