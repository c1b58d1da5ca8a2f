//! Defaults, overrides, and `mpp config show`.
#![cfg(feature = "daemon")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mpp::config::{self, PasswordSource, Settings, StalePolicy, SyslogAddress, Tls};
use mpp::core::settings::{NodeSettings, OnDenied, PoolSettings};
use tempfile::TempDir;

const SMALLEST: &str = r#"
monitor: { user: mpp, password_file: password }
pools:
  - name: db
    nodes:                             # order is priority; the first is the PRIMARY
      - { name: db1, address: "10.0.0.1:3306" }
      - { name: db2, address: "10.0.0.2:3306" }
"#;

const EVERYTHING: &str = r#"
runtime_dir: /tmp/run
state_dir: "/tmp/state"
control_group: dba
startup_grace: 1m30s
stale: { after: 10s, policy: down }
alerts:
  syslog: { facility: local3, address: "/run/other log" }
  remind_every: never
  hooks:
    - { run: [ /bin/true ] }
    - { run: [ /bin/true, "a \"b\"" ], events: [ held, no_active ], timeout: 1m }
    - { run: [ /bin/false ], severity: notice }
monitor: { user: mpp, password_file: password, interval: 2s, timeout: 1s500ms }
pools:
  - name: "1"
    monitor: { tls: verify, ca: ca.pem, on_denied: fail }
    logic: failover
    levels: { info: 2, warn: 4, critical: 6, fail: 8 }
    failover_at: OK WARN
    hostile_takeover: true
    failback: manual
    recovery: auto
    recover_after: 7
    replication: none
    max_loss: any
    drain_timeout: 0s
    writable: observe
    probe_write: { table: "mpp.probe", every: 250ms }
    checkpoints:
      - "internal:simple:10.9.9.9:default"
      - "edge:icmp:[2001:db8::ff]:default"
      - { type: external, proto: https, host: www.example.com, port: 8443, path: "/a?b=c", expect: 200, timeout: 3s, interval: 10s, ca: ca.pem }
      - { type: external, proto: https, host: "2001:db8::7", verify: true, expect: [ 200, 301 ] }
    isolation: withdraw
    pool_recovery: auto
    handover: 1s
    max_failovers: 9
    flap_window: 1h
    when_all_fail: drop
    serve_until: { rw: OK, ro: OK INFO, geo: FAIL }
    nodes:
      - { name: "true", address: "[2001:db8::1]:3306", weight: 253, lag_full: 1s, lag_zero: 1m, local: true, checkpoints: [ "edge:mysql:10.8.8.8:3307" ] }
      - { name: b, address: "10.0.0.2:3307", promotable: false, monitor: { credential: other, reconnect_every: 1m } }
  - name: second
    replication: { max_lag: 5s }
    max_loss: 0s
    nodes:
      - { name: b, address: "10.0.0.3:3306", monitor: { user: "it's \"me\"", tls: disabled } }
keepalived:
  target_version: "2.4.1"
  delay_loop: 500ms
  script_user: checker
  check_path: /opt/mpp/mpp-check
  pid_file: none
  virtual_servers:
    - name: writers
      pool: second
      role: rw
      address: "192.168.2.1:3306"
      lvs_method: DR
      lvs_sched: wrr
      protocol: TCP
      delay_loop: 250ms
      persistence_timeout: 5m
      quorum: 1
      hysteresis: 0
      sorry_server: "192.168.2.99:3306"
      extra: ["ops", "quorum_up \"/bin/logger up\""]
      real_servers: { b: { weight: 100, lvs_method: TUN, extra: [ "uthreshold 100" ] } }
    - { name: readers6, pool: "1", role: ro, address: "[2001:db8::99]:3306", nodes: ["true"] }
    - { name: readers, pool: "1", role: geo, address: "192.168.2.2:3306", nodes: [b] }
  director:
    vrrp_instances:
      - name: mpp
        interface: eth0
        virtual_router_id: 51
        priority: 150
        advert_int: 250ms
        unicast_src_ip: "192.168.2.11"
        unicast_peer: ["192.168.2.12"]
        virtual_ipaddress: ["192.168.2.1/24 dev eth0", "192.168.2.2/24 dev eth0"]
        extra: [ "garp_master_refresh 60" ]
      - { name: mpp6, interface: eth0.6, virtual_router_id: 51, unicast_src_ip: "2001:db8::11", unicast_peer: ["2001:db8::12"] }
    lvs_sync_daemon: { interface: eth1, id: 7 }
web:
  listen: ["127.0.0.1:80", "[::]:8781"]
  tls: { cert: ca.pem, key: password, client_ca: ca.pem }
  token_file: password
  open: [ metrics, dashboard ]
  max_connections: 17
  max_per_address: 3
  max_streams: 2
  idle_timeout: 90s
"#;

fn folder(text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("password");
    fs::write(&secret, "sesame\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let path = folder.path().join("mpp.yaml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn load(path: &Path) -> Settings {
    config::load(path).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_smallest_useful_file_gives_all_defaults() {
    let (folder, path) = folder(SMALLEST);
    let settings = load(&path);
    let nodes = vec![NodeSettings::at("db1", "10.0.0.1", 3306), NodeSettings::at("db2", "10.0.0.2", 3306)];
    assert_eq!(settings.pools.len(), 1);
    assert_eq!(settings.pools[0].decision, PoolSettings { nodes, ..PoolSettings::named("db") });
    let access = &settings.pools[0].access[1];
    assert_eq!(access.address, "10.0.0.2:3306".parse().unwrap());
    assert_eq!((access.user.as_str(), &access.tls), ("mpp", &Tls::Preferred));
    assert_eq!(access.password, PasswordSource::File(folder.path().join("password")));
    assert_eq!(access.reconnect_every, Duration::from_secs(5));
    assert_eq!(
        (settings.runtime_dir.to_str(), settings.state_dir.to_str()),
        (Some("/run/mpp"), Some("/var/lib/mpp"))
    );
    assert_eq!((settings.control_group.as_str(), settings.startup_grace), ("mpp", Duration::from_secs(30)));
    assert_eq!((settings.stale.after, settings.stale.policy), (Duration::from_secs(5), StalePolicy::Hold));
    assert_eq!((settings.alerts.syslog.facility.name, settings.alerts.syslog.facility.code), ("daemon", 3));
    assert_eq!(settings.alerts.syslog.address, SyslogAddress::Local);
    assert_eq!(settings.warnings, []);
}

#[test]
fn a_node_overrides_its_pool_and_the_pool_the_top_key_by_key() {
    let (folder, path) = folder(EVERYTHING);
    let pool = &load(&path).pools[0];
    let (first, second) = (&pool.access[0], &pool.access[1]);
    assert_eq!(first.tls, Tls::Verify { ca: folder.path().join("ca.pem") });
    assert_eq!(second.tls, first.tls);
    assert_eq!(first.password, PasswordSource::File(folder.path().join("password")));
    assert_eq!(second.password, PasswordSource::Credential("other".to_owned()));
    assert_eq!(second.reconnect_every, Duration::from_secs(60));
    let node = &pool.decision.nodes[1];
    assert_eq!(
        (node.pace.interval, node.pace.timeout),
        (Duration::from_secs(2), Duration::from_millis(1500))
    );
    assert_eq!((node.pace.retry_interval, node.on_denied), (Duration::from_millis(250), OnDenied::Fail));
}

#[test]
fn what_show_prints_loads_to_the_same_settings() {
    let managed = SMALLEST.replace("    nodes:", "    writable: manage\n    nodes:");
    assert_ne!(managed, SMALLEST);
    for text in [SMALLEST, EVERYTHING, &managed] {
        let (folder, path) = folder(text);
        let settings = load(&path);
        let shown = config::yaml(&settings);
        let again = folder.path().join("shown.yaml");
        fs::write(&again, &shown).unwrap();
        assert_eq!(load(&again), settings, "{shown}");
        assert_eq!(config::show(&again).unwrap(), shown);
        assert!(!shown.contains("sesame"), "{shown}");
    }
}

#[test]
fn show_fills_in_every_default() {
    let (folder, path) = folder(SMALLEST);
    let shown = config::show(&path).unwrap().replace(folder.path().to_str().unwrap(), "/etc/mpp");
    if std::env::var_os("MPP_BLESS").is_some() {
        fs::write("tests/cases/config/smallest.shown", &shown).unwrap();
    }
    assert_eq!(shown, fs::read_to_string("tests/cases/config/smallest.shown").unwrap());
}

#[test]
fn the_runtime_folder_is_found_in_a_file_with_other_faults() {
    let (_folder, path) = folder("runtime_dir: /tmp/x\npools: [ { name: db } ]\nmonitor: { user: 7 }\n");
    assert!(config::load(&path).is_err());
    assert_eq!(config::runtime_dir(&path).unwrap(), Path::new("/tmp/x"));
}

#[test]
fn users_are_listed_once_for_their_grants() {
    let (_folder, path) = folder(EVERYTHING);
    assert_eq!(load(&path).users(), ["mpp", "it's \"me\""]);
    let sql = config::grants(&path).unwrap();
    assert_eq!(sql.matches("GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'mpp'@'%';").count(), 1, "{sql}");
    assert_eq!(sql.matches("GRANT REPLICATION CLIENT ON *.* TO 'it''s \"me\"'@'%';").count(), 1, "{sql}");
}

#[test]
fn a_host_name_is_resolved_and_warned_about() {
    let (_folder, path) = folder(&SMALLEST.replace("10.0.0.1", "localhost"));
    let settings = load(&path);
    let node = &settings.pools[0].decision.nodes[0];
    assert_eq!(
        (node.host.as_str(), node.ip.clone()),
        ("localhost", settings.pools[0].access[0].address.ip().to_string())
    );
    assert!(settings.pools[0].access[0].address.ip().is_loopback());
    let [warning] = &settings.warnings[..] else { panic!("{:?}", settings.warnings) };
    assert!(
        warning.to_string().contains(":6:31: pools[0].nodes[0].address: \"localhost:3306\" is a host name")
    );
    assert!(warning.text.ends_with("DNS must not decide a failover"), "{warning}");
    let summary = config::check(&path).unwrap();
    assert_eq!(summary, format!("{}: 1 pool, 2 nodes: good\nwarning: {warning}\n", path.display()));
}

#[test]
fn a_host_name_that_does_not_resolve_is_a_fault() {
    let (_folder, path) = folder(&SMALLEST.replace("10.0.0.1", "db1.invalid"));
    let faults = config::load(&path).unwrap_err();
    assert_eq!(faults.list.len(), 1);
    assert!(faults.to_string().contains("\"db1.invalid:3306\" does not resolve ("), "{faults}");
}
