//! `mpp doctor` on real servers: each fault is found, and its advice, carried out, ends it.

mod support;

use mpp::doctor::RULES;
use mysql::prelude::Queryable;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use support::accounts::{MONITOR, REPLICATION, REPLICATION_PASSWORD, grant_as_printed};
use support::agent::{nodes, nodes_at, program};
use support::replication::replicates;
use support::{Agent, Options, Server, Use, replicate, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// Servers with nothing to mend, not replicating yet.
fn sound(n: u32) -> Vec<Server> {
    let option = |id| {
        let durable = ["--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1"];
        let options = Options { auto_increment: (n, id), ..Options::id(id) }.arg("--gtid-strict-mode=1");
        durable.into_iter().fold(options, |options, arg| options.arg(arg))
    };
    Server::start_all(&(1..=n).map(option).collect::<Vec<_>>())
}

/// A pair of them, each the replica of the other.
fn sound_pair() -> Vec<Server> {
    let servers = sound(2);
    replicate(&servers[0], &servers[1], Use::Gtid, "");
    replicate(&servers[1], &servers[0], Use::Gtid, "");
    servers
}

/// What the doctor finds about the pool, in JSON; the machine is another matter.
fn findings(agent: &Agent) -> Vec<Value> {
    let output = agent.mpp(&["doctor", "--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let wanted = if report["errors"] == 0 { 0 } else { 1 };
    assert_eq!(output.status.code(), Some(wanted), "{text}");
    let all = report["findings"].as_array().expect("a list").clone();
    all.into_iter().filter(|finding| finding["place"] != "this machine").collect()
}

fn find(agent: &Agent, rule: &str, place: &str) -> Option<Value> {
    findings(agent).into_iter().find(|finding| finding["rule"] == rule && finding["place"] == place)
}

#[track_caller]
fn must_find(agent: &Agent, rule: &str, place: &str) -> Value {
    let all = findings(agent);
    let found = all.iter().find(|finding| finding["rule"] == rule && finding["place"] == place);
    found.unwrap_or_else(|| panic!("no {rule} on {place}: {all:#?}")).clone()
}

fn lines(step: &Value) -> impl Iterator<Item = &str> {
    step["lines"].as_array().expect("a list").iter().filter_map(Value::as_str)
}

/// Does what a finding says: its statements, and its lines of configuration with a restart.
fn carry_out(finding: &Value, servers: &mut [Server]) {
    for step in finding["advice"].as_array().expect("a list") {
        let on = step["on"].as_str().expect("a place").strip_prefix("db/db");
        let on: Vec<usize> = match on.and_then(|n| n.parse::<usize>().ok()) {
            Some(n) => vec![n - 1],
            None => (0..servers.len()).collect(),
        };
        for server in on {
            let server = &mut servers[server];
            match step["kind"].as_str() {
                Some("sql") => lines(step).for_each(|line| {
                    _ = server.sql(
                        &line
                            .replace("'USER'", &format!("'{REPLICATION}'"))
                            .replace("'PASSWORD'", &format!("'{REPLICATION_PASSWORD}'")),
                    )
                }),
                Some("my.cnf") => server.restart_with(&arguments(step)),
                _ => {}
            }
        }
    }
}

/// `log_bin = binlog` as an argument.
fn arguments(step: &Value) -> Vec<String> {
    lines(step).map(|line| format!("--{}", line.replace(" = ", "="))).collect()
}

/// Sets up faults by statements on db2, each of which its own advice ends.
fn found_and_ended(servers: &mut [Server], agent: &Agent, faults: &[(&str, &str, &str)]) {
    for (rule, place, fault) in faults {
        servers[1].sql(fault);
        let finding = must_find(agent, rule, place);
        carry_out(&finding, servers);
        wait_until(&format!("{rule} is gone from {place}"), BOUND, || find(agent, rule, place).is_none());
    }
}

/// A machine that is busy for a moment makes servers slow: then it looks again.
#[track_caller]
fn nothing_is_found(agent: &Agent) {
    wait_until("nothing is found", BOUND, || findings(agent).is_empty());
}

#[test]
fn a_good_pair_has_nothing_to_mend() {
    let servers = sound_pair();
    let agent = Agent::prepare(&nodes(&servers), "", "");
    nothing_is_found(&agent);
    let verbose = agent.says(&["doctor", "db", "--verbose"]);
    assert!(
        verbose.contains("good     db/db2: replication from") && verbose.contains("0 errors, "),
        "{verbose}"
    );
}

#[test]
fn faults_of_a_running_server_are_found_and_ended_by_their_advice() {
    let mut servers = sound_pair();
    let agent = Agent::prepare(&nodes(&servers), "", "");
    found_and_ended(
        &mut servers,
        &agent,
        &[
            ("sync-binlog", "db/db2", "SET GLOBAL sync_binlog = 0"),
            ("flush-log", "db/db2", "SET GLOBAL innodb_flush_log_at_trx_commit = 2"),
            ("gtid-strict", "db/db2", "SET GLOBAL gtid_strict_mode = 0"),
            ("gtid-domains", "pool db", "SET GLOBAL gtid_domain_id = 5"),
            ("read-only", "db/db2", "SET GLOBAL read_only = 1"),
            ("net-timeout", "db/db2", "SET GLOBAL slave_net_timeout = 60"),
            ("idle-timeout", "db/db2", "SET GLOBAL wait_timeout = 1"),
            ("binlog-format", "db/db2", "SET GLOBAL binlog_format = 'STATEMENT'"),
            ("binlog-expires", "db/db2", "SET GLOBAL binlog_expire_logs_seconds = 60"),
            ("auto-increment", "pool db", "SET GLOBAL auto_increment_offset = 1"),
            ("skips-errors", "db/db2", "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'"),
            ("server-id-twice", "db/db2", "SET GLOBAL server_id = 1"),
        ],
    );
    nothing_is_found(&agent);
}

#[test]
fn faults_of_a_channel_are_found_and_ended_by_their_advice() {
    let mut servers = sound_pair();
    let agent = Agent::prepare(&nodes(&servers), "", "");
    let change = |options: &str| format!("STOP SLAVE; CHANGE MASTER TO {options}; START SLAVE");
    let (retry, heartbeat) = (change("MASTER_CONNECT_RETRY=60"), change("MASTER_HEARTBEAT_PERIOD=30"));
    let (delay, gtid) = (change("MASTER_DELAY=60"), change("MASTER_USE_GTID=no"));
    found_and_ended(
        &mut servers,
        &agent,
        &[
            ("connect-retry", "db/db2", &retry),
            ("heartbeat", "db/db2", &heartbeat),
            ("delayed", "db/db2", &delay),
            ("without-gtid", "db/db2", &gtid),
            ("stopped", "db/db2", "STOP SLAVE SQL_THREAD"),
        ],
    );
    wait_until("replication runs again", BOUND, || replicates(&servers[1], ""));
    nothing_is_found(&agent);
}

#[test]
fn privileges_too_few_and_too_many_are_found_and_ended_by_their_advice() {
    let mut servers = sound_pair();
    let agent = Agent::prepare(&nodes(&servers), "", "");
    let (more, fewer) = (
        format!("GRANT SUPER, RELOAD ON *.* TO {MONITOR}@'%'"),
        format!("REVOKE SLAVE MONITOR ON *.* FROM {MONITOR}@'%'"),
    );
    servers[1].sql(&more);
    let finding = must_find(&agent, "grants-more", "db/db2");
    assert!(
        finding["found"].as_str().is_some_and(|found| found.contains("SUPER") && found.contains("RELOAD"))
    );
    servers[1].sql(&fewer);
    // SUPER stands in for it on some versions: without, it is missed.
    found_and_ended(
        &mut servers,
        &agent,
        &[("grants-more", "db/db2", "DO 0"), ("grants-missing", "db/db2", &fewer)],
    );
    wait_until("both nodes are well", BOUND, || findings(&agent).is_empty());
}

#[test]
fn what_a_managed_and_probed_pair_lacks_is_found_and_ended_by_the_printed_grants_and_a_start_read_only() {
    let mut servers = sound_pair();
    let extra = "    writable: manage\n    probe_write: { table: mpp.probe }\n";
    let agent = Agent::prepare(&nodes(&servers), extra, "");
    for rule in ["grants-manage", "grants-probe", "probe-table", "starts-writable"] {
        must_find(&agent, rule, "db/db1");
        must_find(&agent, rule, "db/db2");
    }
    grant_as_printed(&servers[0], &agent.says(&["config", "grants"]));
    wait_until("the standby has them too", BOUND, || find(&agent, "probe-table", "db/db2").is_none());
    for server in &mut servers {
        server.restart_with(&["--read-only=1".to_owned()]);
    }
    wait_until("nothing is left to mend", BOUND, || findings(&agent).is_empty());
    servers[1].sql("ALTER TABLE mpp.probe ENGINE=Aria");
    must_find(&agent, "probe-table", "db/db2");
}

#[test]
fn faults_of_a_servers_start_are_found_and_ended_by_their_advice() {
    let mut servers = sound_pair();
    let agent = Agent::prepare(&nodes(&servers), "", "");
    let faults = [
        "--skip-log-bin",
        "--log-slave-updates=0",
        "--innodb-doublewrite=0",
        "--skip-name-resolve=0",
        "--max-user-connections=2",
    ];
    servers[1].restart_with(&faults.map(str::to_owned));
    for rule in ["user-limit", "log-bin", "log-replica-updates", "doublewrite", "can-be-blocked"] {
        let finding = must_find(&agent, rule, "db/db2");
        carry_out(&finding, &mut servers);
        assert_eq!(find(&agent, rule, "db/db2"), None);
    }
    servers[1].restart_with(&["--replicate-ignore-db=shop".into()]);
    let filtered = must_find(&agent, "filtered", "db/db2");
    assert!(
        filtered["found"].as_str().is_some_and(|found| found.ends_with("replicate_ignore_db = shop")),
        "{filtered}"
    );
}

#[test]
fn a_node_left_out_and_a_one_way_street_are_found_and_ended_by_their_advice() {
    let mut servers = sound(3);
    replicate(&servers[0], &servers[1], Use::Gtid, "");
    let agent = Agent::prepare(&nodes(&servers), "", "");
    for (rule, place) in [("no-channel", "db/db3"), ("one-way", "db/db2")] {
        let finding = must_find(&agent, rule, place);
        carry_out(&finding, &mut servers);
        assert_eq!(find(&agent, rule, place), None);
    }
}

#[test]
fn a_source_from_elsewhere_is_found() {
    let servers = sound_pair();
    let agent =
        Agent::prepare(&nodes_at([servers[1].address(), "127.0.0.5:1".parse().expect("an address")]), "", "");
    let finding = must_find(&agent, "foreign-source", "db/db1");
    assert!(
        finding["found"].as_str().is_some_and(|found| found.contains(&servers[0].address().to_string())),
        "{finding}"
    );
    must_find(&agent, "unreachable", "db/db2");
}

#[test]
fn transactions_that_others_never_get_are_found_and_not_those_on_their_way() {
    let mut servers = sound_pair();
    let agent = Agent::prepare(&nodes(&servers), "", "");
    servers[1].sql("CREATE DATABASE d");
    wait_until("the database is replicated", BOUND, || servers[0].try_sql("USE d").is_ok());
    servers[0].sql("STOP SLAVE");
    servers[1].sql("CREATE TABLE d.t (n INT)");
    assert_eq!(find(&agent, "errant", "db/db2"), None, "they come once replication is started");
    servers[0].sql("RESET SLAVE ALL");
    let finding = must_find(&agent, "errant", "db/db2");
    assert!(finding["found"].as_str().is_some_and(|found| found.contains("1 transaction ")), "{finding}");
    let street = must_find(&agent, "one-way", "db/db2");
    carry_out(&street, &mut servers);
    wait_until("nothing is errant", BOUND, || find(&agent, "errant", "db/db2").is_none());
}

#[test]
fn a_replica_that_applies_while_it_is_looked_at_holds_nothing_errant() {
    let servers = sound(3);
    replicate(&servers[0], &servers[1], Use::Gtid, "");
    replicate(&servers[1], &servers[2], Use::Gtid, "");
    let agent = Agent::prepare(&nodes(&servers), "", "");
    servers[0].sql("CREATE DATABASE d; CREATE TABLE d.t (n INT)");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let write = || {
            let mut admin = servers[0].admin().expect("the administrator");
            while !done.load(Ordering::Relaxed) {
                admin.query_drop("INSERT INTO d.t VALUES (1)").expect("a row");
            }
        };
        scope.spawn(write);
        let errant: Vec<_> = (0..20).filter_map(|_| find(&agent, "errant", "db/db3")).collect();
        done.store(true, Ordering::Relaxed);
        assert_eq!(errant, [Value::Null; 0]);
    });
}

#[test]
fn a_dead_a_frozen_and_a_full_server_and_a_wrong_password_are_findings_and_the_others_are_looked_at() {
    let mut servers = sound(4);
    let agent = Agent::prepare(&nodes(&servers), "", "");
    servers[0].kill9();
    servers[1].freeze();
    servers[2].sql(&format!("SET PASSWORD FOR {MONITOR}@'%' = PASSWORD('another')"));
    servers[3].sql("SET GLOBAL max_connections = 10");
    let clients: Vec<_> =
        (0..10).filter_map(|_| servers[3].connect(REPLICATION, REPLICATION_PASSWORD).ok()).collect();
    must_find(&agent, "unreachable", "db/db1");
    let frozen = must_find(&agent, "unreachable", "db/db2");
    assert!(frozen["found"].as_str().is_some_and(|found| found.contains("no greeting")), "{frozen}");
    must_find(&agent, "denied", "db/db3");
    must_find(&agent, "not-serving", "db/db4");
    drop(clients);
    wait_until("db4 is looked at", BOUND, || find(&agent, "connections", "db/db4").is_some());
}

#[test]
fn a_wrong_pool_a_bad_file_and_a_living_mppd_are_told() {
    let servers = sound_pair();
    let mut agent = Agent::prepare(&nodes(&servers), "", "");
    let unknown = agent.mpp(&["doctor", "other"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no pool other"), "{unknown:?}");
    assert!(agent.says(&["doctor"]).contains("[mppd-away]"));
    agent.launch();
    let verbose = agent.says(&["doctor", "--verbose"]);
    assert!(verbose.contains(&format!("mppd runs, process {}", agent.pid())), "{verbose}");
    assert!(verbose.contains("mppd may open ") && !verbose.contains("[mppd-away]"), "{verbose}");
    std::fs::write(agent.config(), "pools: [").expect("written");
    assert_eq!(agent.mpp(&["doctor"]).status.code(), Some(78));
}

/// Runs the doctor where `folder` stands in place of /etc/keepalived; the rules that find something about this machine.
fn on_a_director(agent: &Agent, folder: &Path) -> Vec<String> {
    let own: &[&str] = if nix::unistd::geteuid().is_root() { &[] } else { &["--map-root-user"] };
    let mut command = Command::new("unshare");
    command.args(own).args([
        "--mount",
        "sh",
        "-c",
        "mount --bind \"$1\" /etc/keepalived && shift && exec \"$@\"",
        "sh",
    ]);
    command.arg(folder).arg(program("mpp")).arg("--config").arg(agent.config()).args(["doctor", "--json"]);
    let output = command.output().expect("unshare, from Debian's util-linux");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    let all = report["findings"].as_array().expect("a list").iter();
    let here = all.filter(|finding| finding["place"] == "this machine");
    here.map(|finding| finding["rule"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_keepalived_that_runs_mpp_check_makes_this_machine_a_director() {
    let agent = Agent::prepare(&nodes_at(["127.0.0.5:1".parse().expect("an address")]), "", "");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |text: &str| std::fs::write(folder.path().join("keepalived.conf"), text).expect("written");
    let finds = |rule: &str| on_a_director(&agent, folder.path()).iter().any(|found| found == rule);
    write("misc_path /usr/bin/check-something");
    assert!(!finds("track-missing") && !finds("keepalived-conf"), "no director of ours");
    let alive = "vrrp_script mppd {\n script \"/usr/bin/mpp-check alive\"\n}\n";
    write(&format!("global_defs {{\n script_user nobody-at-all\n}}\n{alive}"));
    for rule in ["track-missing", "keepalived-conf", "script-user"] {
        assert!(finds(rule), "{rule}");
    }
    assert!(!finds("keepalived-missing"));
    write(&format!("global_defs {{\n enable_script_security\n script_user root\n}}\n{alive}"));
    std::fs::create_dir_all(agent.path("run/track")).expect("the directory of the track files");
    for rule in ["track-missing", "keepalived-conf", "script-user"] {
        assert!(!finds(rule), "{rule}");
    }
}

#[test]
fn the_document_has_every_rule_and_no_other() {
    let page = include_str!("../docs/doctor.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rule = |rule: &&mpp::doctor::Rule| {
        format!("| `{}` | {} | {} | {} |", rule.name, rule.weight, rule.finds, rule.leads_to)
    };
    assert_eq!(rows.map(str::to_owned).collect::<Vec<_>>(), RULES.iter().map(rule).collect::<Vec<_>>());
}
