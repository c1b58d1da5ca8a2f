//! What holds for any text, and that the documentation names what the code knows.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::reading::Reading;
use super::resolve::Resolver;
use super::{
    Faults, Settings, alerts, checkpoint, director, keepalived, levels, monitor, node, peers, pool,
    probe_write, real_server, syslog, top, understand, virtual_server, vrrp_instance, web,
};

const PAGE: &str = include_str!("../../docs/configuration.md");

/// The rows of the table below a heading: the first cell of each.
fn rows(heading: &str) -> Vec<&str> {
    let Some((_, below)) = PAGE.split_once(&format!("\n## {heading}\n")) else {
        panic!("no heading {heading}")
    };
    let section = below.split("\n## ").next().unwrap_or(below);
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn every_key_stands_in_the_documentation_and_no_other() {
    for (heading, keys) in [
        ("Top", top::KEYS),
        ("monitor", monitor::KEYS),
        ("pools[]", pool::KEYS),
        ("pools[].levels", levels::LEVEL_KEYS),
        ("pools[].replication", pool::REPLICATION_KEYS),
        ("pools[].serve_until", levels::SERVE_KEYS),
        ("pools[].probe_write", probe_write::KEYS),
        ("pools[].nodes[]", node::KEYS),
        ("checkpoints[]", checkpoint::KEYS),
        ("stale", top::STALE_KEYS),
        ("alerts", alerts::KEYS),
        ("alerts.hooks[]", alerts::HOOK_KEYS),
        ("alerts.syslog", syslog::KEYS),
        ("peers[]", peers::KEYS),
        ("keepalived", keepalived::KEYS),
        ("web", web::KEYS),
        ("web.tls", web::TLS_KEYS),
        ("keepalived.virtual_servers[]", virtual_server::KEYS),
        ("keepalived.virtual_servers[].real_servers", real_server::KEYS),
        ("keepalived.director", director::KEYS),
        ("keepalived.director.vrrp_instances[]", vrrp_instance::KEYS),
        ("keepalived.director.lvs_sync_daemon", director::SYNC_KEYS),
    ] {
        let mut documented = rows(heading);
        let mut known = keys.to_vec();
        documented.sort_unstable();
        known.sort_unstable();
        assert_eq!(documented, known, "{heading}");
    }
}

/// Loads a text; no host name is asked for.
fn load(text: &str) -> Result<Settings, Faults> {
    let mut reading = Reading::of(Path::new("/nowhere"));
    reading.resolver = Resolver::late();
    understand("any.yaml", text, reading, top::read).map(|(settings, _)| settings)
}

const VALID: &str = r#"# Everything once.
monitor: &m { user: mpp, credential: password, tls: required, interval: 2s, timeout: 1s500ms }
startup_grace: 1m30s
stale: { after: 5s, policy: hold }
alerts: { syslog: { facility: local0, address: /run/log }, remind_every: 1h, hooks: [ { run: [/bin/true, x], events: [held] } ] }
web: { listen: ["127.0.0.1:0", "[::1]:8780"], tls: { cert: c.pem, key: k.pem, client_ca: a.pem }, token_file: t, open: [health], idle_timeout: 1m }
peers: [ { name: lb2, url: "https://10.0.0.12:8780/", same_site: false } ]
pools:
  - name: "db"
    levels: { info: 1, warn: 2, critical: 3, fail: 4 }
    replication: { max_lag: 30s }
    max_loss: any
    checkpoints: [ "external:http:www.example.com:default", { type: edge, proto: icmp, host: "2001:db8::1" } ]
    serve_until: { rw: OK CRITICAL, ro: OK }
    nodes:
      - { name: db1, address: "10.0.0.1:3306", weight: 7, monitor: *m }
      - name: db2
        address: >-
          [2001:db8::1]:3306
        lag_full: 5s
        lag_zero: 1m
keepalived:
  target_version: "2.2.7"
  virtual_servers:
    - { name: w, pool: db, role: rw, address: "192.168.2.1:3306", nodes: [db1], quorum: 1, extra: ["x {", "}"] }
    - { name: r, pool: db, role: ro, address: "[2001:db8::9]:3306", nodes: [db2], real_servers: { db2: { weight: 7 } } }
  director:
    vrrp_instances:
      - { name: v, interface: eth0, virtual_router_id: 7, unicast_src_ip: "192.168.2.2", unicast_peer: ["192.168.2.3"] }
"#;

#[test]
fn the_text_that_is_mutated_below_is_good() {
    load(VALID).unwrap();
}

fn judge(text: &str) {
    let began = Instant::now();
    if let Err(faults) = load(text) {
        // YAML ends lines at more characters than Rust does, and a file in the line after its last.
        let lines = text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() + 2;
        assert!(!faults.list.is_empty());
        for fault in &faults.list {
            assert!(
                fault.position.is_none_or(|p| p.line >= 1 && p.line <= lines && p.column >= 1),
                "{fault}"
            );
        }
    }
    // A hang is meant, not a slow machine.
    assert!(began.elapsed() < Duration::from_secs(300), "took {:?}:\n{text}", began.elapsed());
}

/// A piece of one text put over a piece of another.
fn splice(text: &str, at: usize, cut: usize, piece: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = at % (chars.len() + 1);
    let rest = (at + cut).min(chars.len());
    chars[..at].iter().copied().chain(piece.chars()).chain(chars[rest..].iter().copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutated_file_panics_or_runs_long(
        edits in prop::collection::vec((any::<usize>(), 0usize..30, "[-\\[\\]{}:,&*!|>'\"%@`#?~<0-9a-z \\n\\t\u{e9}]{0,6}"), 1..6)
    ) {
        let text = edits.iter().fold(VALID.to_owned(), |text, (at, cut, piece)| splice(&text, *at, *cut, piece));
        judge(&text);
    }

    #[test]
    fn no_text_that_moves_lines_about_panics_or_runs_long(order in prop::collection::vec(0usize..20, 0..40)) {
        let lines: Vec<&str> = VALID.lines().collect();
        let text: Vec<&str> = order.iter().filter_map(|i| lines.get(*i).copied()).collect();
        judge(&text.join("\n"));
    }

    #[test]
    fn no_text_at_all_panics_or_runs_long(text in any::<String>()) {
        judge(&text);
    }
}
