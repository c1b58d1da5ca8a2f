//! Facts of a machine and a pool where all is well, for the tests; and how to spoil them.

use super::access::{Account, Look, Part};
use super::facts::{Facts, Named, NodeFacts, PoolFacts, Server};
use super::machine_facts::{Agent, Director, Machine, Wanted};
use crate::config::{Access, Method, PasswordSource, RealServer, Tls, Version, VirtualServer};
use crate::core::observation::{self, Answer};
use crate::core::position::{Position, parse_written};
use crate::core::settings::{NodeSettings, PoolSettings};
use crate::core::time::Duration;
use crate::core::words::Role;
use crate::keepalived::check::Report;
use crate::keepalived::lint::{Finding, Severity};
use crate::poll::Dialect;

const VARIABLES: &[(&str, &str)] = &[
    ("version", "10.11.19-MariaDB"),
    ("log_bin", "ON"),
    ("log_slave_updates", "ON"),
    ("binlog_format", "MIXED"),
    ("binlog_expire_logs_seconds", "864000"),
    ("expire_logs_days", "10.000000"),
    ("sync_binlog", "1"),
    ("innodb_flush_log_at_trx_commit", "1"),
    ("innodb_doublewrite", "ON"),
    ("relay_log_recovery", "OFF"),
    ("slave_net_timeout", "4"),
    ("slave_skip_errors", "OFF"),
    ("slave_exec_mode", "STRICT"),
    ("gtid_strict_mode", "ON"),
    ("gtid_domain_id", "0"),
    ("auto_increment_increment", "3"),
    ("read_only", "OFF"),
    ("max_connections", "151"),
    ("max_user_connections", "0"),
    ("max_connect_errors", "100"),
    ("skip_name_resolve", "ON"),
    ("wait_timeout", "28800"),
    ("event_scheduler", "OFF"),
    ("wsrep_on", "OFF"),
];

pub(super) fn channel_from(node: usize) -> Named {
    let (host, id) = (format!("10.0.0.{}", node + 1), (node + 1).to_string());
    [
        ("Connection_name", ""),
        ("Master_Host", host.as_str()),
        ("Master_Port", "3306"),
        ("Master_Server_Id", id.as_str()),
        ("Slave_IO_Running", "Yes"),
        ("Slave_SQL_Running", "Yes"),
        ("Last_IO_Error", ""),
        ("Last_SQL_Error", ""),
        ("Seconds_Behind_Master", "0"),
        ("SQL_Delay", "0"),
        ("Connect_Retry", "1"),
        ("Slave_heartbeat_period", "2.000"),
        ("Using_Gtid", "Slave_Pos"),
        ("Replicate_Do_DB", ""),
    ]
    .into_iter()
    .collect()
}

/// What node `at` answers; it has logged so many transactions of writer 9.
pub(super) fn answer(at: usize, logged: u64) -> observation::Facts {
    let written = parse_written(&format!("0-9-{logged}")).expect("a state");
    observation::Facts {
        server_id: at as u32 + 1,
        version: "10.11.19-MariaDB".into(),
        read_only: false,
        position: Position { written, ..Position::default() },
        channels: Vec::new(),
        round_trip: Duration::from_millis(1),
    }
}

/// Node `at` of a ring of `n`.
fn node(at: usize, n: usize) -> NodeFacts {
    let mut variables: Named = VARIABLES.iter().copied().collect();
    variables.set("server_id", &(at + 1).to_string());
    variables.set("auto_increment_offset", &(at + 1).to_string());
    let server = Server {
        dialect: Dialect::MariaDb,
        variables,
        status: [("Ssl_cipher", "AES"), ("Threads_connected", "3"), ("Max_used_connections", "20")]
            .into_iter()
            .collect(),
        channels: vec![channel_from((at + n - 1) % n)],
        binlog: [("Binlog_Do_DB", "")].into_iter().collect(),
        origins: [("READ_ONLY", "COMPILE-TIME")].into_iter().collect(),
        probe_engine: None,
        account: "mpp@%".into(),
        privileges: vec!["BINLOG MONITOR".into(), "SLAVE MONITOR".into()],
        clock_ahead_ms: 12,
        later: Some(answer(at, 10)),
    };
    let access = Access {
        address: ([10, 0, 0, at as u8 + 1], 3306).into(),
        user: "mpp".into(),
        password: PasswordSource::None,
        tls: Tls::Preferred,
        reconnect_every: Duration::from_secs(5),
    };
    NodeFacts { access, answer: Answer::Online(Box::new(answer(at, 10))), tries: 1, server: Ok(server) }
}

/// A ring of `n` nodes.
pub(super) fn ring(n: usize) -> PoolFacts {
    let mut settings = PoolSettings::named("db");
    let of = |at: usize| NodeSettings::at(&format!("db{}", at + 1), &format!("10.0.0.{}", at + 1), 3306);
    settings.nodes = (0..n).map(of).collect();
    PoolFacts { settings, nodes: (0..n).map(|at| node(at, n)).collect(), checkpoints: Vec::new() }
}

pub(super) fn look(path: &str, mode: u32, folder: bool) -> Look {
    let part = |path: &str, mode, folder| Part { path: path.into(), mode, uid: 0, gid: 0, folder };
    Look { path: path.into(), parts: vec![part("/", 0o755, true), part(path, mode, folder)], error: None }
}

pub(super) fn machine() -> Machine {
    let account = Account { name: "mpp".into(), uid: 0, gids: vec![7] };
    let real = |at: u8| RealServer {
        node: at as usize,
        address: ([10, 0, 0, at + 1], 3306).into(),
        weight: None,
        method: None,
        extra: Vec::new(),
    };
    let virtual_server = VirtualServer {
        name: "db-rw".into(),
        pool: 0,
        role: Role::Rw,
        address: ([192, 168, 2, 1], 3306).into(),
        method: Method::Nat,
        scheduler: "rr".into(),
        delay_loop: None,
        persistence_timeout: Some(Duration::from_secs(60)),
        quorum: None,
        hysteresis: None,
        sorry_server: None,
        extra: Vec::new(),
        real_servers: vec![real(0), real(1)],
    };
    let switches = [
        ("net.ipv4.vs.expire_nodest_conn", "1"),
        ("net.ipv4.vs.expire_quiescent_template", "1"),
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv6.conf.all.forwarding", "0"),
        ("net.ipv4.conf.all.send_redirects", "1"),
        ("net.ipv4.conf.default.send_redirects", "1"),
        ("net.ipv4.conf.all.rp_filter", "2"),
    ];
    let director = Director {
        virtual_servers: vec![virtual_server],
        keepalived: Some(Version(2, 2, 7)),
        conf: Some(Ok(Report {
            file: "/etc/keepalived/keepalived.conf".into(),
            virtual_servers: 1,
            real_servers: 2,
            errors: 0,
            warnings: 0,
            findings: Vec::new(),
            more: 0,
            notes: Vec::new(),
        })),
        script_user: ("mpp".into(), Some(Account { uid: 7, ..account.clone() })),
        check: look("/mpp-check", 0o755, false),
        state: look("/state", 0o644, false),
        track: look("/track", 0o755, true),
        agent: Some(account.clone()),
        ip_vs: true,
        missing_schedulers: Vec::new(),
        sysctls: switches.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        addresses: vec![([192, 168, 2, 1].into(), 24), ([10, 0, 0, 100].into(), 24)],
    };
    Machine {
        warnings: Vec::new(),
        wanted: Wanted { tasks: 66, descriptors: 166 },
        agent: Agent { pid: Some(1), account: Some(account), descriptors: Some(65_536), tasks: None },
        config: look("/mpp.yaml", 0o644, false),
        passwords: vec![look("/password", 0o640, false)],
        runtime_dir: ("/run/mpp".into(), Some(true)),
        control_group: ("mpp".into(), true),
        director: Some(director),
    }
}

pub(super) fn good() -> Facts {
    Facts { pools: vec![ring(2)], machine: machine() }
}

impl Facts {
    pub(super) fn second(&mut self) -> &mut NodeFacts {
        &mut self.pools[0].nodes[1]
    }

    pub(super) fn server(&mut self) -> &mut Server {
        self.second().server.as_mut().expect("looked at")
    }

    pub(super) fn set(&mut self, variable: &str, value: &str) {
        self.server().variables.set(variable, value);
    }

    pub(super) fn channel(&mut self, column: &str, value: &str) {
        self.server().channels[0].set(column, value);
    }

    pub(super) fn director(&mut self) -> &mut Director {
        self.machine.director.as_mut().expect("a director")
    }

    /// What `mpp keepalived check` finds.
    pub(super) fn in_conf(&mut self, rule: &'static str, severity: Severity) {
        let Some(Ok(report)) = &mut self.director().conf else { panic!("a configuration") };
        *(if severity == Severity::Error { &mut report.errors } else { &mut report.warnings }) += 1;
        let text = |text: &str| text.to_owned();
        let (found, would, write) = (text("no alpha"), text("two write"), text("alpha"));
        let line = Some(report.findings.len() + 1);
        report.findings.push(Finding {
            file: report.file.clone(),
            line,
            severity,
            rule,
            found,
            would,
            write,
        });
    }

    pub(super) fn switch(&mut self, name: &str, value: &str) {
        self.director().sysctls.insert(name.into(), value.into());
    }
}
