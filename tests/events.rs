//! What happened: events over crashes, restarts, reloads, clocks that jump, and disks that are full, away, or hang.

mod support;

use nix::sys::stat::Mode;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;
use support::agent::program;
use support::chance::Chance;
use support::disk::SmallDisk;
use support::processes::start;
use support::{Agent, wait_until};

const BOUND: Duration = Duration::from_secs(60);
/// More than what is left of the disk to others.
const ROOM: &str = "24m";

/// Nodes nobody listens at: eleven events, and more whenever somebody says so.
const NODES: &str =
    "      - { name: db1, address: \"127.0.0.2:1\" }\n      - { name: db2, address: \"127.0.0.2:2\" }\n";

/// How often mppd is killed.
const ROUNDS: usize = 4;

/// An mppd whose nodes have failed.
fn failed() -> Agent {
    let agent = Agent::start(NODES, "");
    wait_failed(&agent);
    agent
}

fn wait_failed(agent: &Agent) {
    wait_until("both have failed", BOUND, || (0..2).all(|node| agent.state(node) == "FAIL_OFFLINE"));
}

/// An event of one's own making: the operator's, with this reason.
fn happen(agent: &Agent, reason: &str) {
    agent.says(&["pause", "db", "--reason", reason]);
    agent.says(&["resume", "db", "--reason", reason]);
}

fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// All of them that are asked for with these.
fn all(agent: &Agent, args: &[&str]) -> Vec<Value> {
    events(&agent.mpp(&[&["events", "--json", "--since", "2020-01-01"], args].concat()))
}

fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().expect("a number")).collect()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn segments(agent: &Agent) -> Vec<PathBuf> {
    let entries = fs::read_dir(agent.path("state/events")).expect("the directory");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// The operator's, of which the last one is written: what is on its way to a busy disk is lost by a kill -9.
fn happen_on_disk(agent: &Agent, reason: &str) {
    happen(agent, reason);
    let last = format!("resumed by root: {reason}");
    wait_until("it is written", BOUND, || on_disk(agent, &last));
}

fn on_disk(agent: &Agent, words: &str) -> bool {
    segments(agent).iter().any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(words)))
}

#[test]
fn what_happened_before_a_crash_and_a_reboot_is_shown_after_it() {
    let mut agent = failed();
    happen_on_disk(&agent, "before");
    let before = all(&agent, &[]);
    agent.reboot();
    wait_until("it goes on", BOUND, || all(&agent, &["--event", "started"]).len() == 2);
    let after = all(&agent, &[]);
    assert_eq!(after[..before.len()], before[..], "nothing is lost, nothing is changed");
    assert!(seqs(&after).is_sorted_by(|a, b| a < b), "{:?}", seqs(&after));
    assert_eq!(agent.stop(), Some(0));
    agent.launch();
    let last = all(&agent, &["--event", "stopped,started"]).split_off(2);
    assert_eq!(seqs(&last)[0] + 1, seqs(&last)[1], "after an end the numbers go on without a gap: {last:?}");
    assert!(agent.says(&["events"]).contains(": before"), "also where nobody says since when");
}

#[test]
fn events_are_found_by_time_pool_node_kind_and_severity_also_of_what_is_no_longer_configured() {
    let mut agent = failed();
    happen(&agent, "now");
    let everything = all(&agent, &[]);
    assert!(all(&agent, &["--until", "2020-01-02"]).is_empty());
    assert_eq!(all(&agent, &["--until", "2100-01-01"]), everything);
    let time = |event: &Value| event["time"].as_str().expect("a time").to_owned();
    let middle = &everything[everything.len() / 2];
    let within =
        events(&agent.mpp(&["events", "--json", "--since", &time(middle), "--until", &time(middle)]));
    assert!(within.contains(middle) && within.iter().all(|e| time(e) == time(middle)), "{within:?}");

    let with = |key: &str, value: &str| {
        everything.iter().filter(|event| event[key] == value).cloned().collect::<Vec<_>>()
    };
    assert_eq!(all(&agent, &["--node", "db2"]), with("node", "db2"));
    assert_eq!(all(&agent, &["--node", "127.0.0.2:2"]), with("node", "db2"), "by its address");
    assert_eq!(all(&agent, &["--pool", "db"]), with("pool", "db"));
    assert_eq!(all(&agent, &["--event", "state"]), with("event", "state"));
    assert_eq!(all(&agent, &["--severity", "alert"]), with("severity", "alert"));
    assert!(all(&agent, &["--severity", "warning"]).len() > with("severity", "alert").len());
    let last = events(&agent.mpp(&["events", "--json", "--last", "3"]));
    assert_eq!(last, everything[everything.len() - 3..]);
    let last = agent.mpp(&["events", "--last", "3"]);
    assert!(error(&last).contains("there are older ones: --last 30"), "{}", error(&last));
    let none = agent.mpp(&["events", "--event", "eclipse"]);
    assert!(none.status.success() && error(&none).contains("no such events"), "{}", error(&none));

    for (args, words) in [
        (["--pool", "other"], "no pool other, and no events of it are kept; there are: db"),
        (["--node", "db9"], "no node db9 in any pool"),
        (["--since", "tomorrowish"], "write how long ago (90s, 1h, 2d)"),
        (["--severity", "fatal"], "possible values: alert"),
        (["--last", "0"], "0 is not in 1..=10000"),
    ] {
        let refused = agent.mpp(&[&["events"], &args[..]].concat());
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(error(&refused).contains(words), "{args:?}: {}", error(&refused));
    }
    let backwards = agent.mpp(&["events", "--since", "1h", "--until", "2h"]);
    assert_eq!(backwards.status.code(), Some(2));
    assert!(error(&backwards).contains("is before --since"), "{}", error(&backwards));

    agent.configure(NODES.lines().next().expect("db1"), "", "");
    agent.says(&["reload", "--force"]);
    assert_eq!(all(&agent, &["--node", "db2"]), with("node", "db2"), "removed by a reload");
    agent.stop();
    assert_eq!(all(&agent, &["--node", "db2"]), with("node", "db2"), "with nobody to ask");
}

#[test]
fn with_the_daemon_dead_its_files_are_read_and_that_is_said() {
    let mut agent = failed();
    happen_on_disk(&agent, "the last thing");
    let everything = all(&agent, &[]);
    agent.kill9();
    let output = agent.mpp(&["events", "--json", "--since", "2020-01-01"]);
    assert_eq!((output.status.code(), events(&output)), (Some(69), everything.clone()));
    let said = error(&output);
    assert!(said.contains("can't reach mppd at") && said.contains("this is what it has left in"), "{said}");
    let output = agent.mpp(&["events", "--last", "2"]);
    assert!(output.status.code() == Some(69) && error(&output).contains("there are older ones"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().count() == 2 && text.contains(": the last thing"), "{text}");
    assert_eq!(agent.mpp(&["events", "--follow"]).status.code(), Some(69), "nobody to follow");
}

#[test]
fn a_daemon_killed_while_it_writes_leaves_nothing_torn_and_loses_its_last_moment_at_most() {
    let mut agent = failed();
    let mut chance = Chance::new();
    for round in 0..ROUNDS {
        let clients: Vec<Child> = (0..2)
            .map(|client| {
                let words = format!(
                    "for n in $(seq 40); do {0} pause db --reason r{round}-{client}-$n; {0} resume db; done",
                    format_args!("{} --config {}", program("mpp").display(), agent.config().display())
                );
                let mut shell = Command::new("sh");
                shell.args(["-c", &words]).stdout(Stdio::null()).stderr(Stdio::null());
                start(shell).expect("a shell")
            })
            .collect();
        let told = agent.told("command").len();
        wait_until("something is written", BOUND, || agent.told("command").len() > told + 5);
        std::thread::sleep(Duration::from_millis(chance.below(150)));
        agent.kill9();
        for mut client in clients {
            client.kill().expect("killed");
            client.wait().expect("reaped");
        }
        agent.launch();
        let output = agent.mpp(&["events", "--json", "--since", "2020-01-01"]);
        assert_eq!(error(&output), "", "nothing is damaged");
        assert!(seqs(&events(&output)).is_sorted_by(|a, b| a < b));
    }
    let (kept, told) = (all(&agent, &["--event", "command"]).len(), agent.told("command").len());
    assert!(kept + ROUNDS * 10 >= told, "{kept} kept, {told} told");
}

#[test]
fn a_damaged_line_is_said_to_whoever_reads_and_the_rest_is_shown() {
    let mut agent = failed();
    let everything = all(&agent, &[]);
    agent.stop();
    let file = segments(&agent).remove(0);
    let text = fs::read_to_string(&file).expect("read");
    fs::write(&file, text.replacen("\"seq\":3,", "\"seq\":3#", 1)).expect("spoilt");
    let words = format!("{}:3: damaged; this line is left out", file.display());
    let dead = agent.mpp(&["events", "--json"]);
    assert!(error(&dead).contains(&words), "{}", error(&dead));
    agent.launch();
    let output = agent.mpp(&["events", "--json", "--since", "2020-01-01"]);
    assert!(output.status.success() && error(&output).contains(&words), "{}", error(&output));
    let kept = seqs(&events(&output));
    assert!(!kept.contains(&3) && kept.len() > everything.len(), "{kept:?}");
}

#[test]
fn a_full_disk_is_told_once_delays_nothing_and_is_written_again_when_there_is_room() {
    let mut agent = Agent::prepare(NODES, "", "");
    let disk = SmallDisk::of(ROOM, &agent.path("state"));
    agent.launch();
    wait_failed(&agent);
    wait_until("it is on disk", BOUND, || on_disk(&agent, "FAIL_OFFLINE"));
    disk.fill();
    happen(&agent, "full");
    wait_until("it is told", BOUND, || agent.told("journal").len() == 1);
    assert!(agent.told("journal")[0].contains("events are kept in memory"), "{:?}", agent.told("journal"));
    happen(&agent, "still full");
    let meanwhile = all(&agent, &[]);
    assert!(meanwhile.iter().any(|e| e["reason"].as_str().is_some_and(|r| r.ends_with("still full"))));
    assert!(!on_disk(&agent, "still full"));
    disk.clear();
    wait_until("it is written again", BOUND, || on_disk(&agent, "still full"));
    wait_until("that is told", BOUND, || agent.told("journal").len() == 2);
    assert!(agent.told("journal")[1].ends_with("is written again\""), "{:?}", agent.told("journal"));
    agent.reboot();
    assert_eq!(all(&agent, &[])[..meanwhile.len()], meanwhile[..], "nothing is lost");
    agent.stop();
}

#[test]
fn a_small_disk_is_left_to_what_must_survive_a_reboot() {
    let mut agent = Agent::prepare(NODES, "", "");
    let _disk = SmallDisk::of("8m", &agent.path("state"));
    agent.launch();
    wait_until("it is told", BOUND, || {
        agent
            .told("journal")
            .iter()
            .any(|line| line.contains("less than 16 MiB free, which are left to memory.json"))
    });
    wait_until("that is written", BOUND, || {
        fs::exists(agent.path("state/memory.json")).is_ok_and(|there| there)
    });
    wait_failed(&agent);
    assert!(agent.says(&["events"]).contains("FAIL_OFFLINE"), "what is in memory is shown");
    agent.stop();
}

#[test]
fn a_directory_that_is_removed_is_made_again_with_all_that_is_in_memory() {
    let agent = failed();
    wait_until("it is on disk", BOUND, || on_disk(&agent, "FAIL_OFFLINE"));
    fs::remove_dir_all(agent.path("state/events")).expect("removed");
    happen(&agent, "afterwards");
    let there = || fs::exists(agent.path("state/events")).is_ok_and(|there| there);
    wait_until("it is there again", BOUND, || there() && on_disk(&agent, ": afterwards"));
    assert!(on_disk(&agent, "event\":\"started"), "with what had been in it");
    assert!(agent.told("journal").is_empty(), "{:?}", agent.told("journal"));
}

#[test]
fn a_disk_that_hangs_delays_nothing_and_is_told() {
    let mut agent = Agent::prepare(NODES, "", "");
    fs::create_dir_all(agent.path("state/events")).expect("its directory");
    // Whoever opens a FIFO to read waits until somebody writes.
    let fifo = agent.path("state/events/00000000000000000001.jsonl");
    nix::unistd::mkfifo(&fifo, Mode::from_bits_truncate(0o600)).expect("a FIFO");
    agent.launch();
    wait_failed(&agent);
    happen(&agent, "it goes on");
    wait_until("it is told", BOUND, || agent.told("persist").iter().any(|line| line.contains("hangs;")));
    let output = agent.mpp(&["events"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains(": it goes on"));
    assert!(error(&output).contains("the disk hangs; only what is in memory is shown"), "{}", error(&output));
    fs::remove_file(&fifo).expect("removed");
}

#[test]
fn a_clock_set_back_hides_nothing() {
    let mut agent = failed();
    agent.stop();
    // What a clock two years ahead would have left.
    let file = segments(&agent).remove(0);
    let text = fs::read_to_string(&file).expect("read");
    let year = &serde_json::from_str::<Value>(text.lines().next().expect("a line")).expect("JSON")["time"];
    let year: u32 = year.as_str().expect("a time")[..4].parse().expect("a year");
    fs::write(&file, text.replace(&format!("\"time\":\"{year}-"), &format!("\"time\":\"{}-", year + 2)))
        .expect("aged");
    agent.launch();
    happen(&agent, "now");
    let all = all(&agent, &[]);
    let last = events(&agent.mpp(&["events", "--json"]));
    assert_eq!(last, all, "in the order in which they happened");
    assert!(seqs(&all).is_sorted_by(|a, b| a < b));
    let words = all.last().expect("an event")["reason"].as_str().expect("words");
    assert!(words.ends_with("now"), "{words}");
    let of_today = events(&agent.mpp(&["events", "--json", "--until", "0s"]));
    assert_eq!(of_today.first().expect("an event")["event"], "started", "each by its own time");
}

/// `mpp events --follow --json`, and what it shows.
struct Follower {
    mpp: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    fn of(agent: &Agent, args: &[&str]) -> Follower {
        let mut mpp = Command::new(program("mpp"));
        mpp.arg("--config").arg(agent.config()).args(["events", "--follow", "--json"]).args(args);
        mpp.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut mpp = start(mpp).expect("mpp started");
        let lines = BufReader::new(mpp.stdout.take().expect("its output")).lines();
        Follower { mpp, lines }
    }

    /// What it shows up to the event with this reason.
    fn up_to(&mut self, reason: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let line = self.lines.next().expect("it goes on").expect("a line");
            seen.push(serde_json::from_str::<Value>(&line).expect("JSON"));
            if seen.last().is_some_and(|e| e["reason"].as_str().is_some_and(|r| r.ends_with(reason))) {
                return seen;
            }
        }
    }
}

#[test]
fn a_follower_sees_every_event_once_over_restarts_and_gives_up_when_nobody_comes_back() {
    let mut agent = failed();
    happen(&agent, "first");
    let mut follower = Follower::of(&agent, &["--since", "2020-01-01"]);
    let mut seen = follower.up_to(": first");
    seen.extend(follower.up_to(": first"));
    for (n, graceful) in [true, false, false].into_iter().enumerate() {
        happen_on_disk(&agent, &format!("before {n}"));
        if graceful {
            _ = agent.stop()
        } else {
            agent.kill9()
        }
        agent.launch();
        happen(&agent, &format!("after {n}"));
    }
    seen.extend(follower.up_to(": after 2"));
    seen.extend(follower.up_to(": after 2"));
    assert_eq!(seen, all(&agent, &[]), "no gap, and nothing twice");
    agent.stop();
    let rest: Vec<_> = follower.lines.map(|line| line.expect("a line")).collect();
    assert!(rest.len() == 1 && rest[0].contains("\"stopped\""), "{rest:?}");
    assert_eq!(follower.mpp.wait().expect("its end").code(), Some(69));
}
