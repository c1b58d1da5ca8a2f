//! `mpp nagios`: what a monitor gets, whatever happens to servers and daemon; its figures by the conventions.

mod support;

use nix::sys::signal::{Signal, kill};
use std::process::Command;
use std::time::Duration;
use support::agent::{nodes, program};
use support::{Agent, Play, Stage, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// Runs the plugin; its exit code and what it printed, which is all on standard output.
#[track_caller]
fn nagios(agent: &Agent, args: &[&str]) -> (i32, String) {
    let output = agent.mpp(&[&["nagios"], args].concat());
    let (out, err) =
        (String::from_utf8(output.stdout).expect("UTF-8"), String::from_utf8_lossy(&output.stderr));
    assert_eq!(err, "", "a monitor reads standard output alone");
    assert!(out.len() <= 4096 && out.starts_with("MPP "), "{out}");
    println!("$ mpp nagios {}\n{out}", args.join(" "));
    (output.status.code().unwrap_or(-1), out)
}

/// Runs it until it says these words with this code.
#[track_caller]
fn wait_for(agent: &Agent, args: &[&str], code: i32, words: &str) -> String {
    let mut last = (0, String::new());
    wait_until(&format!("exit {code} with {words:?}"), BOUND, || {
        last = nagios(agent, args);
        last.0 == code && last.1.contains(words)
    });
    last.1
}

/// A figure, by the conventions: 'label'=value[UOM];[warn];[crit];[min];[max].
#[derive(Debug, PartialEq)]
struct Figure {
    label: String,
    value: Option<f64>,
    unit: String,
    limits: Vec<String>,
}

/// The figures of an output, parsed as strictly as the conventions are.
#[track_caller]
fn figures(output: &str) -> Vec<Figure> {
    let first = output.lines().next().expect("a line");
    let (_, mut rest) = first.split_once(" | ").expect("figures");
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (label, after) =
            rest.strip_prefix('\'').and_then(|r| r.split_once("'=")).expect("a quoted label");
        assert!(!label.contains(['\'', '=', '|']) && label.len() <= 60, "{label}");
        let (data, next) = after.split_once(' ').unwrap_or((after, ""));
        let mut parts = data.split(';');
        let value = parts.next().expect("a value");
        let unit_at = value.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(value.len());
        let (number, unit) = if value == "U" { ("U", "") } else { value.split_at(unit_at) };
        assert!(["", "s", "c"].contains(&unit), "{data}");
        let value = (number != "U").then(|| number.parse::<f64>().expect("a number"));
        let limits: Vec<String> = parts.map(str::to_owned).collect();
        assert!(limits.len() <= 4, "{data}");
        for limit in limits.iter().skip(2).filter(|l| !l.is_empty()) {
            limit.parse::<f64>().expect("min and max are numbers");
        }
        all.push(Figure { label: label.into(), value, unit: unit.into(), limits });
        rest = next;
    }
    all
}

fn figure(output: &str, label: &str) -> Option<f64> {
    let figure = figures(output).into_iter().find(|figure| figure.label == label);
    figure.unwrap_or_else(|| panic!("no {label}: {output}")).value
}

#[test]
fn a_pair_that_is_well_is_ok_and_what_an_operator_does_is_graded_as_he_likes() {
    let stage = Stage::pair(Play::Plain, "");
    let agent = &stage.agent;
    let out = wait_for(agent, &["db"], 0, "'db_req'=0");
    assert!(
        out.starts_with("MPP OK - db: db1 ACTIVE, 1 STANDBY, lag 0s | 'db_lag'=0s;30;60;0 'db_req'=0"),
        "{out}"
    );
    let labels: Vec<String> = figures(&out).into_iter().map(|figure| figure.label).collect();
    let wanted = ["db_lag", "db_req", "db_standby", "db_failed", "db_epoch", "db/db1_lag", "db/db2_lag"];
    assert_eq!(labels, wanted);
    assert_eq!((figure(&out, "db_standby"), figure(&out, "db/db1_lag")), (Some(1.0), None));
    assert!(out.contains("\ndb2 ") && out.contains("SECONDARY: STANDBY, OK, req 0: lag 0s"), "{out}");

    let out = wait_for(agent, &["--all"], 0, "MPP OK - db: db1 ACTIVE");
    assert_eq!((figure(&out, "pools"), figure(&out, "without_standby")), (Some(1.0), Some(0.0)));

    assert_eq!(nagios(agent, &["db", "-w", "@0:10"]).0, 1, "a lag of 0 is within 0 to 10");
    let (code, out) = nagios(agent, &["db", "-c", "1:"]);
    assert!(code == 2 && out.starts_with("MPP CRITICAL - db: db2 lags 0s (-c 1:); "), "{out}");

    agent.says(&["pause", "db", "--reason", "kernel | update"]);
    let (code, out) = nagios(agent, &["db"]);
    assert!(code == 1 && out.starts_with("MPP WARNING - db: paused by "), "{out}");
    assert!(
        out.contains("kernel / update") && out.contains("-> mpp resume db"),
        "no figures begin there: {out}"
    );
    figures(&out);
    assert_eq!(nagios(agent, &["db", "--paused", "ok"]).0, 0);
    assert_eq!(nagios(agent, &["db", "--paused", "critical"]).0, 2);
    agent.says(&["resume", "db"]);

    agent.says(&["drain", "db/db2"]);
    let (code, out) = nagios(agent, &["db", "--drained", "warning"]);
    assert!(code == 2 && out.contains("db2 drained by ") && out.contains("no redundancy"), "{out}");
    assert_eq!(figure(&out, "db_lag"), None, "nobody who takes part lags");
    agent.says(&["undrain", "db/db2"]);
    wait_for(agent, &["db"], 0, "MPP OK");
}

#[test]
fn what_breaks_is_critical_and_says_what_helps() {
    let mut stage = Stage::pair(Play::Plain, "");
    let agent = stage.agent.clone();
    stage.servers[1].kill9();
    let out = wait_for(&agent, &["db"], 2, "db2 is FAIL_OFFLINE");
    assert!(out.contains("no redundancy: if db1 failed, nobody could take over"), "{out}");
    assert!(
        out.contains("db1 ACTIVE, 0 STANDBY, 1 FAIL_OFFLINE") && figure(&out, "db_failed") == Some(1.0),
        "{out}"
    );
    stage.servers[0].kill9();
    let out = wait_for(&agent, &["db"], 2, "db1 has failed and is not replaced: ");
    assert!(out.starts_with("MPP CRITICAL - db: db1 has failed") && out.contains("-> mpp why db"), "{out}");
    assert_eq!(figure(&out, "db_lag"), None);

    let mut nobody = Agent::prepare(&nodes(&stage.servers), "", "");
    nobody.launch();
    let out = wait_for(&nobody, &["db"], 2, "no ACTIVE node");
    assert!(out.starts_with("MPP CRITICAL - db: "), "{out}");
}

#[test]
fn a_daemon_that_is_dead_or_hangs_is_critical_in_time() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "stale: { after: 1s }\n");
    agent.launch();
    agent.wait_active("db1");
    wait_for(&agent, &["db"], 0, "MPP OK");

    kill(agent.pid(), Signal::SIGSTOP).expect("stopped");
    let out = wait_for(&agent, &["db", "-t", "2"], 2, "is dead or stuck");
    assert!(
        out.contains("-> systemctl restart mppd") && out.contains("does not answer within 1.5s"),
        "{out}"
    );
    kill(agent.pid(), Signal::SIGCONT).expect("woken");
    wait_for(&agent, &["db"], 0, "MPP OK");

    let mut out = String::new();
    wait_until("it goes by the published state", BOUND, || {
        // mppd puts it back after a second.
        _ = std::fs::remove_file(agent.path("run/mpp.sock"));
        let (code, words) = nagios(&agent, &["db"]);
        out = words;
        code == 1 && out.contains("until that is older it is taken for alive")
    });
    assert!(out.contains("db1 ACTIVE, 1 STANDBY") && figure(&out, "db_standby") == Some(1.0), "{out}");

    agent.kill9();
    let out = wait_for(&agent, &["--all"], 2, "mppd (pid ");
    assert!(out.contains("nobody would take over") && out.contains("is it running?"), "{out}");
    assert!(!out.contains(" | "), "what was is no measurement: {out}");
    let (code, out) = nagios(&agent, &["shop"]);
    assert!(code == 2 && out.contains("no pool shop was published; there are: db"), "{out}");
    std::fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
    let (code, out) = nagios(&agent, &["db"]);
    assert!(code == 2 && out.contains("there is no published state"), "{out}");
}

#[test]
fn wrong_usage_is_unknown_and_never_critical() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    let (code, out) = nagios(&agent, &["shop"]);
    assert!(code == 3 && out.starts_with("MPP UNKNOWN - no pool shop; there are: db"), "{out}");
    for (args, words) in [
        (&[][..], "required"),
        (&["db", "--all"], "cannot be used with"),
        (&["db", "-w", "x"], "is no range"),
        (&["db", "-t", "0"], "1..=600"),
        (&["db", "--bogus"], "--bogus"),
        (&["db", "--paused", "red"], "warning"),
    ] {
        let (code, out) = nagios(&agent, args);
        assert!(code == 3 && out.starts_with("MPP UNKNOWN - ") && out.contains(words), "{args:?}: {out}");
    }
    let help = agent.mpp(&["nagios", "--help"]);
    let text = String::from_utf8_lossy(&help.stdout);
    assert!(help.status.code() == Some(3) && text.contains("2  CRITICAL"), "{text}");
    let missing =
        Command::new(program("mpp")).args(["--config", "/nowhere/mpp.yaml", "nagios", "db"]).output();
    let missing = missing.expect("ran");
    let text = String::from_utf8_lossy(&missing.stdout);
    assert!(missing.status.code() == Some(3) && text.contains("/nowhere/mpp.yaml"), "{text}");
    assert_eq!(agent.mpp(&["why"]).status.code(), Some(2), "elsewhere wrong usage is 2");
}

#[test]
fn of_many_pools_the_bad_ones_come_first_and_it_is_never_more_than_a_monitor_takes() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::prepare(&nodes(&servers), "", "");
    let text = std::fs::read_to_string(agent.config()).expect("its configuration");
    let (head, pool) = text.split_once("  - name: db\n").expect("a pool");
    let at = |n: u8| {
        format!(
            "  - name: a-pool-with-a-long-name-{n}\n    nodes:\n      - {{ name: one, address: \"127.7.7.{n}:1\" }}\n"
        )
    };
    let others: String = (1..=60).map(at).collect();
    std::fs::write(agent.config(), format!("{head}  - name: db\n{pool}{others}")).expect("written");
    let mut agent = agent;
    agent.launch();
    agent.wait_active("db1");
    let out = wait_for(
        &agent,
        &["--all"],
        2,
        "MPP CRITICAL - 61 pools, 60 CRITICAL, 1 OK; a-pool-with-a-long-name-1: ",
    );
    assert_eq!(figure(&out, "without_active"), Some(60.0));
    assert!(out.ends_with(" lines more: mpp status\n"), "{out}");
    assert!(out.lines().next().is_some_and(|line| line.len() < 1300), "{out}");
}
