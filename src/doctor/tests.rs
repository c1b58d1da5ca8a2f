//! Every rule finds the fault it is named for, and nothing is found where all is well.

use super::facts::{Facts, Named};
use super::rule::*;
use super::sample::{answer, channel_from, good, look, machine, ring};
use super::{judge, rule};
use crate::config::{Method, Version};
use crate::core::observation::Answer;
use crate::core::settings::{CheckpointSettings, ProbeWrite, Reach, Writable};
use crate::core::time::Duration;
use crate::keepalived::lint::{self, Severity};
use crate::poll::Dialect;
use std::collections::BTreeSet;

type Fault = (&'static Rule, fn(&mut Facts));

const OF_NODES: &[Fault] = &[
    (&UNREACHABLE, |f| f.second().answer = Answer::offline("connection refused")),
    (&DENIED, |f| f.second().answer = Answer::Denied("1045 Access denied".into())),
    (&NOT_SERVING, |f| f.second().answer = Answer::Saturated("1040 Too many connections".into())),
    (&SLOW, |f| f.second().tries = 3),
    (&NOT_EXAMINED, |f| f.second().server = Err("timeout after 10s".into())),
    (&NO_TLS, |f| f.server().status.set("Ssl_cipher", "")),
    (&CHECKPOINT, |f| {
        let (id, reach) = ("edge:icmp:10.0.0.254:default".into(), Reach::Edge);
        f.pools[0].settings.checkpoints =
            vec![CheckpointSettings { id, reach, node: None, timeout: Duration::from_millis(500) }];
        f.pools[0].checkpoints = vec![Err("timeout after 500ms".into())];
    }),
    (&GRANTS_MISSING, |f| f.second().answer = Answer::Denied("1227 Access denied".into())),
    (&GRANTS_MORE, |f| f.server().privileges.push("SUPER".into())),
    (&GRANTS_MANAGE, |f| f.pools[0].settings.writable = Writable::Manage),
    (&GRANTS_PROBE, |f| probe(f, "InnoDB")),
    (&PROBE_TABLE, |f| {
        probe(f, "Aria");
        f.server().privileges.push("INSERT ON `mpp`.*".into());
    }),
    (&STARTS_WRITABLE, |f| f.pools[0].settings.writable = Writable::Manage),
    (&CLUSTER, |f| f.set("wsrep_on", "ON")),
    (&SERVER_ID_ZERO, |f| f.set("server_id", "0")),
    (&SERVER_ID_TWICE, |f| f.set("server_id", "1")),
    (&CLOCK, |f| f.server().clock_ahead_ms = -3_600_000),
    (&READ_ONLY, |f| f.set("read_only", "ON")),
    (&READ_ONLY_OBSERVED, |f| {
        f.pools[0].settings.writable = Writable::Observe;
        f.set("super_read_only", "1");
    }),
    (&CONNECTIONS, |f| f.server().status.set("Max_used_connections", "140")),
    (&USER_LIMIT, |f| f.set("max_user_connections", "2")),
    (&CAN_BE_BLOCKED, |f| f.set("skip_name_resolve", "OFF")),
    (&IDLE_TIMEOUT, |f| f.set("wait_timeout", "1")),
    (&SYNC_BINLOG, |f| f.set("sync_binlog", "1000")),
    (&FLUSH_LOG, |f| f.set("innodb_flush_log_at_trx_commit", "2")),
    (&DOUBLEWRITE, |f| f.set("innodb_doublewrite", "OFF")),
];

const OF_REPLICATION: &[Fault] = &[
    (&LOG_BIN, |f| f.set("log_bin", "OFF")),
    (&LOG_UPDATES, |f| f.set("log_slave_updates", "OFF")),
    (&CHAIN_CUT, |f| {
        f.pools[0] = ring(3);
        f.set("log_slave_updates", "OFF");
    }),
    (&BINLOG_FORMAT, |f| f.set("binlog_format", "STATEMENT")),
    (&BINLOG_EXPIRES, |f| f.set("binlog_expire_logs_seconds", "3600")),
    (&FILTERED, |f| f.channel("Replicate_Do_DB", "shop")),
    (&RELAY_LOG_RECOVERY, |f| f.channel("Using_Gtid", "No")),
    (&STOPPED, |f| f.channel("Slave_SQL_Running", "No")),
    (&BEHIND, |f| f.channel("Seconds_Behind_Master", "41")),
    (&DELAYED, |f| f.channel("SQL_Delay", "3600")),
    (&NET_TIMEOUT, |f| f.set("slave_net_timeout", "60")),
    (&HEARTBEAT, |f| f.channel("Slave_heartbeat_period", "30.000")),
    (&CONNECT_RETRY, |f| f.channel("Connect_Retry", "60")),
    (&RETRY_COUNT, |f| f.channel("Source_Retry_Count", "10")),
    (&SKIP_START, |f| f.set("skip_replica_start", "ON")),
    (&SKIPS_ERRORS, |f| f.set("slave_skip_errors", "1062")),
    (&NO_CHANNEL, |f| {
        f.pools[0] = ring(3);
        f.pools[0].nodes[2].server.as_mut().expect("looked at").channels.clear();
        f.pools[0].nodes[0].server.as_mut().expect("looked at").channels[0] = channel_from(1);
    }),
    (&ONE_WAY, |f| f.pools[0].nodes[0].server.as_mut().expect("looked at").channels.clear()),
    (&FOREIGN_SOURCE, |f| {
        f.channel("Master_Host", "10.9.9.9");
        f.channel("Master_Server_Id", "99");
    }),
    (&AUTO_INCREMENT, |f| f.set("auto_increment_offset", "1")),
    (&WITHOUT_GTID, |f| f.channel("Using_Gtid", "No")),
    (&GTID_STRICT, |f| f.set("gtid_strict_mode", "OFF")),
    (&GTID_MODE, |f| {
        f.set("gtid_mode", "OFF_PERMISSIVE");
        f.set("enforce_gtid_consistency", "ON");
    }),
    (&GTID_DOMAINS, |f| f.set("gtid_domain_id", "1")),
    (&ERRANT, |f| {
        f.pools[0].nodes[0].server.as_mut().expect("looked at").channels.clear();
        f.second().answer = Answer::Online(Box::new(answer(1, 12)));
    }),
    (&EVENTS, |f| {
        for node in &mut f.pools[0].nodes {
            node.server.as_mut().expect("looked at").variables.set("event_scheduler", "ON");
        }
    }),
    (&KINDS, |f| f.server().dialect = Dialect::MySql82),
    (&VERSIONS, |f| f.set("version", "10.5.23-MariaDB")),
];

const OF_THE_MACHINE: &[Fault] = &[
    (&CONFIG_WARNS, |f| f.machine.warnings.push("mpp.yaml:1:1: DNS".into())),
    (&MPPD_AWAY, |f| f.machine.agent.pid = None),
    (&AGENT_USER, |f| f.machine.agent.account = None),
    (&AGENT_CANNOT_READ, |f| f.machine.agent.account.as_mut().expect("mpp").uid = 7),
    (&CONFIG_WRITABLE, |f| f.machine.config = look("/mpp.yaml", 0o666, false)),
    (&DESCRIPTORS, |f| f.machine.agent.descriptors = Some(128)),
    (&TASKS, |f| f.machine.agent.tasks = Some(10)),
    (&ON_DISK, |f| f.machine.runtime_dir.1 = Some(false)),
    (&CONTROL_GROUP, |f| f.machine.control_group.1 = false),
    (&TRACK_MISSING, |f| f.director().track.error = Some("No such file or directory".into())),
    (&STATE_UNREADABLE, |f| f.director().state = look("/state", 0o600, false)),
    (&KEEPALIVED_MISSING, |f| f.director().keepalived = None),
    (&KEEPALIVED_OLD, |f| f.director().keepalived = Some(Version(2, 3, 1))),
    (&SCRIPT_USER, |f| f.director().script_user.1 = None),
    (&CHECK_PROGRAM, |f| f.director().check = look("/mpp-check", 0o777, false)),
    (&KEEPALIVED_CONF, |f| f.in_conf("no-alpha-rw", Severity::Error)),
    (&KEEPALIVED_CONF_MAY, |f| f.director().conf = Some(Err("keepalived.conf: Permission denied".into()))),
    (&IP_VS, |f| f.director().ip_vs = false),
    (&SCHEDULER, |f| f.director().missing_schedulers.push("mh".into())),
    (&EXPIRE_NODEST, |f| f.switch("net.ipv4.vs.expire_nodest_conn", "0")),
    (&EXPIRE_QUIESCENT, |f| f.switch("net.ipv4.vs.expire_quiescent_template", "0")),
    (&IP_FORWARD, |f| f.switch("net.ipv4.ip_forward", "0")),
    (&SEND_REDIRECTS, |f| f.director().virtual_servers[0].address = ([10, 0, 0, 50], 3306).into()),
    (&ONE_NETWORK, |f| f.director().virtual_servers[0].address = ([10, 0, 0, 50], 3306).into()),
    (&FAMILY, |f| {
        f.director().virtual_servers[0].address = "[2001:db8::1]:3306".parse().expect("an address")
    }),
    (&ADDRESS_AWAY, |f| f.director().addresses.clear()),
    (&RP_FILTER, |f| f.switch("net.ipv4.conf.all.rp_filter", "1")),
    (&DR_NODES, |f| f.director().virtual_servers[0].method = Method::Dr),
    (&TUN_NODES, |f| f.director().virtual_servers[0].real_servers[0].method = Some(Method::Tun)),
];

/// Both nodes have a probe table of this engine.
fn probe(facts: &mut Facts, engine: &str) {
    let table = "mpp.probe".to_owned();
    facts.pools[0].settings.probe_write = Some(ProbeWrite { table, every: Duration::from_secs(5) });
    for node in &mut facts.pools[0].nodes {
        node.server.as_mut().expect("looked at").probe_engine = Some(engine.into());
    }
}

fn found(facts: &Facts) -> BTreeSet<&'static str> {
    judge(facts).findings.iter().map(|finding| finding.rule.name).collect()
}

#[test]
fn nothing_is_found_where_all_is_well() {
    assert_eq!(judge(&good()).findings, []);
    assert_eq!(judge(&Facts { pools: vec![ring(3)], machine: machine() }).findings, []);
}

#[test]
fn every_rule_finds_the_fault_it_is_named_for_and_says_what_to_do() {
    let mut tried = BTreeSet::new();
    for (rule, fault) in [OF_NODES, OF_REPLICATION, OF_THE_MACHINE].into_iter().flatten() {
        let mut facts = good();
        fault(&mut facts);
        let report = judge(&facts);
        let finding = report.findings.iter().find(|finding| finding.rule == *rule);
        let finding = finding.unwrap_or_else(|| panic!("{} is not among {:?}", rule.name, found(&facts)));
        assert!(finding.advice.iter().any(|step| !step.lines.is_empty()), "{finding:?}");
        tried.insert(rule.name);
    }
    assert_eq!(tried, rule::RULES.iter().map(|rule| rule.name).collect());
}

#[test]
fn a_pool_whose_replication_does_not_count_is_not_judged_by_it() {
    for (rule, fault) in OF_REPLICATION {
        let mut facts = good();
        facts.pools[0].settings.max_lag = None;
        fault(&mut facts);
        facts.pools[0].settings.max_lag = None;
        assert!(!found(&facts).contains(rule.name), "{}", rule.name);
    }
}

#[test]
fn what_is_on_its_way_to_a_replica_is_not_errant() {
    let mut facts = good();
    facts.second().answer = Answer::Online(Box::new(answer(1, 12)));
    assert!(!found(&facts).contains(ERRANT.name));
}

#[test]
fn a_managed_pair_that_is_set_up_right_has_nothing_to_mend_whoever_is_read_only() {
    let mut facts = good();
    probe(&mut facts, "InnoDB");
    facts.pools[0].settings.writable = Writable::Manage;
    for node in &mut facts.pools[0].nodes {
        let server = node.server.as_mut().expect("looked at");
        let of_probe = ["INSERT", "SELECT", "UPDATE"].map(|name| format!("{name} ON `mpp`.`probe`"));
        server.privileges.extend(of_probe.into_iter().chain(["READ_ONLY ADMIN".into()]));
        server.origins.set("READ_ONLY", "CONFIG");
        server.variables.set("read_only", "ON");
    }
    assert_eq!(judge(&facts).findings, []);
    // What mppd has switched itself tells nothing of the start any more.
    facts.server().origins.set("READ_ONLY", "SQL");
    facts.set("read_only", "OFF");
    assert_eq!(judge(&facts).findings, []);
    facts.server().origins.set("READ_ONLY", "CONFIG");
    assert_eq!(found(&facts), BTreeSet::from([STARTS_WRITABLE.name]));
    facts.set("innodb_read_only", "ON");
    assert!(found(&facts).contains(READ_ONLY_OBSERVED.name));
}

#[test]
fn a_node_that_must_not_become_active_may_be_read_only() {
    let mut facts = good();
    facts.pools[0].settings.nodes[1].promotable = false;
    facts.set("read_only", "ON");
    assert!(found(&facts).is_empty());
}

#[test]
fn switches_of_an_ip_vs_that_is_not_loaded_yet_are_not_forgotten() {
    let mut facts = good();
    facts.director().sysctls.remove("net.ipv4.vs.expire_nodest_conn");
    assert_eq!(found(&facts), BTreeSet::from([EXPIRE_NODEST.name]));
    facts.director().ip_vs = false;
    assert_eq!(found(&facts), BTreeSet::from([IP_VS.name]));
}

#[test]
fn mysql_is_told_in_its_own_words() {
    let mut facts = good();
    facts.server().dialect = Dialect::MySql82;
    facts.channel("Channel_Name", "east");
    facts.channel("Connect_Retry", "60");
    facts.server().variables = Named::default();
    facts.set("replica_net_timeout", "60");
    let report = judge(&facts);
    let lines = |rule: &Rule| {
        let finding = report.findings.iter().find(|finding| finding.rule.name == rule.name).expect("found");
        finding.advice.iter().flat_map(|step| step.lines.clone()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&NET_TIMEOUT)[0], "SET PERSIST replica_net_timeout = 4;");
    assert_eq!(
        lines(&CONNECT_RETRY),
        [
            "STOP REPLICA FOR CHANNEL 'east';",
            "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY=1 FOR CHANNEL 'east';",
            "START REPLICA FOR CHANNEL 'east';"
        ]
    );
}

#[test]
fn errors_and_warnings_of_keepalived_check_are_told_with_their_line_and_what_to_write() {
    let mut facts = good();
    facts.in_conf("no-alpha-rw", Severity::Error);
    facts.in_conf("no-alpha", Severity::Warning);
    let report = judge(&facts);
    let told: Vec<_> = report.findings.iter().map(|f| (f.rule, &*f.found, &*f.advice[0].lines[0])).collect();
    let at = "/etc/keepalived/keepalived.conf";
    let words = |line, rule| format!("{at}:{line}: no alpha; two write [{rule}]");
    let expected = [(1, "no-alpha-rw", &KEEPALIVED_CONF), (2, "no-alpha", &KEEPALIVED_CONF_MAY)]
        .map(|(line, name, rule)| (rule, words(line, name), format!("in {at}, line {line}: alpha")));
    let expected: Vec<_> = expected.iter().map(|(rule, found, write)| (*rule, &**found, &**write)).collect();
    assert_eq!(told, expected);
}

#[test]
fn many_errors_of_keepalived_check_are_counted_in_one_line() {
    let mut facts = good();
    (0..7).for_each(|_| facts.in_conf("no-alpha-rw", Severity::Error));
    let report = judge(&facts);
    let [finding] = &report.findings[..] else { panic!("{report:?}") };
    assert_eq!(finding.found, "7 errors in /etc/keepalived/keepalived.conf and what it includes");
    assert_eq!(finding.advice[0].lines, ["mpp keepalived check"]);
}

#[test]
fn what_the_doctor_finds_itself_is_not_told_again_by_keepalived_check() {
    let mut facts = good();
    facts.in_conf("expire-nodest-conn", Severity::Error);
    assert_eq!(found(&facts), BTreeSet::from([KEEPALIVED_CONF.name]));
    facts.switch("net.ipv4.vs.expire_nodest_conn", "0");
    assert_eq!(found(&facts), BTreeSet::from([EXPIRE_NODEST.name]));
}

#[test]
fn what_keepalived_check_has_in_common_with_the_doctor_are_rules_of_both() {
    for (theirs, ours) in super::keepalived_conf::COMMON {
        assert!(lint::RULES.iter().any(|rule| rule.name == *theirs), "{theirs}");
        assert!(RULES.iter().any(|rule| rule.name == *ours), "{ours}");
    }
}
