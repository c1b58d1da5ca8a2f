//! Settings as YAML, every default filled in: what `mpp config show` prints. Loads to the same settings.

use std::collections::HashSet;
use std::fmt::Display;

use super::duration::written;
use super::password::PasswordSource;
use super::settings::{Access, Alerts, Peer, Pool, Settings, StalePolicy, Tls};
use super::syslog::SyslogAddress;
use super::{show_checkpoints, show_keepalived, show_web};
use crate::alert::Hook;
use crate::core::settings::{
    Failback, Isolation, NodeSettings, OnDenied, PoolRecovery, Recovery, WhenAllFail, Writable,
};
use crate::core::time::Duration;

/// A key and its value, as they are printed.
pub(super) type Line = (&'static str, String);

/// The settings as YAML. Secrets are named, not printed; files by their absolute paths.
pub fn yaml(settings: &Settings) -> String {
    let common = common(settings);
    let mut out = String::new();
    lines(&mut out, "", &top(settings));
    block(&mut out, "", "monitor", &common);
    out.push_str("pools:\n");
    for pool in &settings.pools {
        show_pool(&mut out, pool, &common);
    }
    show_peers(&mut out, &settings.peers);
    show_keepalived::show(&mut out, &settings.keepalived, &settings.pools);
    block(&mut out, "", "web", &show_web::lines(&settings.web));
    out
}

fn show_pool(out: &mut String, pool: &Pool, common: &[Line]) {
    let mut own = pool_lines(pool);
    let name = own.remove(0);
    lines(out, "  - ", &[name]);
    lines(out, "    ", &own);
    out.push_str("    nodes:\n");
    for (place, (node, access)) in pool.decision.nodes.iter().zip(&pool.access).enumerate() {
        let mut own = node_lines(node);
        own.push(show_checkpoints::line(pool, Some(place)));
        lines(out, "      - ", &own[..1]);
        lines(out, "        ", &own[1..]);
        let monitor: Vec<Line> =
            monitor(node, access).into_iter().filter(|line| !common.contains(line)).collect();
        block(out, "        ", "monitor", &monitor);
    }
}

fn show_peers(out: &mut String, peers: &[Peer]) {
    if !peers.is_empty() {
        out.push_str("peers:\n");
    }
    for peer in peers {
        lines(out, "  - ", &[("name", text(&peer.name))]);
        lines(out, "    ", &[("url", text(&peer.url))]);
        if let PasswordSource::File(path) = &peer.token {
            lines(out, "    ", &[("token_file", text(path.display()))]);
        }
        if let Some(ca) = &peer.ca {
            lines(out, "    ", &[("ca", text(ca.display()))]);
        }
        lines(out, "    ", &[("same_site", peer.same_site.to_string())]);
    }
}

pub(super) fn lines(out: &mut String, indent: &str, lines: &[Line]) {
    for (key, value) in lines {
        out.push_str(&format!("{indent}{key}: {value}\n"));
    }
}

pub(super) fn block(out: &mut String, indent: &str, key: &str, inner: &[Line]) {
    if !inner.is_empty() {
        out.push_str(&format!("{indent}{key}:\n"));
        lines(out, &format!("{indent}  "), inner);
    }
}

/// The lines of `monitor` that all nodes share.
fn common(settings: &Settings) -> Vec<Line> {
    let mut nodes = settings.pools.iter().flat_map(|pool| pool.decision.nodes.iter().zip(&pool.access));
    let Some((node, access)) = nodes.next() else { return Vec::new() };
    let mut common = monitor(node, access);
    for (node, access) in nodes {
        let other: HashSet<Line> = monitor(node, access).into_iter().collect();
        common.retain(|line| other.contains(line));
    }
    common
}

fn monitor(node: &NodeSettings, access: &Access) -> Vec<Line> {
    let mut lines = vec![("user", text(&access.user))];
    match &access.password {
        PasswordSource::File(path) => lines.push(("password_file", text(path.display()))),
        PasswordSource::Credential(name) => lines.push(("credential", text(name))),
        PasswordSource::None => {}
    }
    lines.extend(tls(&access.tls));
    lines.extend([
        ("interval", written(node.pace.interval)),
        ("retry_interval", written(node.pace.retry_interval)),
        ("timeout", written(node.pace.timeout)),
        ("reconnect_every", written(access.reconnect_every)),
        (
            "on_denied",
            word(match node.on_denied {
                OnDenied::Alert => "alert",
                OnDenied::Fail => "fail",
            }),
        ),
    ]);
    lines
}

fn tls(tls: &Tls) -> Vec<Line> {
    match tls {
        Tls::Disabled => vec![("tls", word("disabled"))],
        Tls::Preferred => vec![("tls", word("preferred"))],
        Tls::Required => vec![("tls", word("required"))],
        Tls::Verify { ca } => vec![("tls", word("verify")), ("ca", text(ca.display()))],
    }
}

fn top(settings: &Settings) -> Vec<Line> {
    let policy = match settings.stale.policy {
        StalePolicy::Hold => "hold",
        StalePolicy::Down => "down",
    };
    vec![
        ("runtime_dir", text(settings.runtime_dir.display())),
        ("state_dir", text(settings.state_dir.display())),
        ("control_group", text(&settings.control_group)),
        ("startup_grace", written(settings.startup_grace)),
        ("stale", format!("{{ after: {}, policy: {policy} }}", written(settings.stale.after))),
        ("alerts", alerts(&settings.alerts)),
    ]
}

fn alerts(alerts: &Alerts) -> String {
    let syslog = &alerts.syslog;
    let address = match &syslog.address {
        SyslogAddress::Local => word("local"),
        SyslogAddress::Socket(path) => text(path.display()),
    };
    let hooks = list(alerts.hooks.iter().map(hook));
    let remind_every = alerts.remind_every.map_or_else(|| word("never"), written);
    format!(
        "{{ syslog: {{ facility: {}, address: {address} }}, remind_every: {remind_every}, hooks: {hooks} }}",
        syslog.facility.name
    )
}

fn hook(hook: &Hook) -> String {
    let events = hook.pick.events.as_ref();
    let events = events.map(|words| format!(", events: {}", list(words.iter().map(|w| word(w)))));
    format!(
        "{{ run: {}{}, severity: {}, timeout: {} }}",
        list(hook.run.iter().map(text)),
        events.unwrap_or_default(),
        hook.pick.severity,
        written(hook.timeout)
    )
}

pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn pool_lines(pool: &Pool) -> Vec<Line> {
    let p = &pool.decision;
    let (l, s) = (p.levels, p.serve_until);
    let mut lines = vec![
        ("name", text(&p.name)),
        ("logic", word("failover")),
        (
            "levels",
            format!("{{ info: {}, warn: {}, critical: {}, fail: {} }}", l.info, l.warn, l.critical, l.fail),
        ),
        ("failover_at", word(p.failover_at.word())),
        ("hostile_takeover", p.hostile_takeover.to_string()),
        (
            "failback",
            word(match p.failback {
                Failback::Auto => "auto",
                Failback::Manual => "manual",
            }),
        ),
        (
            "recovery",
            word(match p.recovery {
                Recovery::Manual => "manual",
                Recovery::Standby => "standby",
                Recovery::Auto => "auto",
            }),
        ),
        ("recover_after", p.recover_after.to_string()),
        ("replication", p.max_lag.map_or(word("none"), |lag| format!("{{ max_lag: {} }}", written(lag)))),
        ("max_loss", p.max_loss.map_or(word("any"), written)),
        ("drain_timeout", written(p.drain_timeout)),
        (
            "writable",
            word(match p.writable {
                Writable::Require => "require",
                Writable::Observe => "observe",
                Writable::Manage => "manage",
            }),
        ),
        ("handover", written(p.handover)),
        ("max_failovers", p.max_failovers.to_string()),
        ("flap_window", written(p.flap_window)),
        (
            "when_all_fail",
            word(match p.when_all_fail {
                WhenAllFail::Hold => "hold",
                WhenAllFail::Drop => "drop",
            }),
        ),
        ("serve_until", format!("{{ rw: {}, ro: {}, geo: {} }}", s.rw, s.ro, s.geo)),
        show_checkpoints::line(pool, None),
        (
            "isolation",
            word(match p.isolation {
                Isolation::Freeze => "freeze",
                Isolation::Withdraw => "withdraw",
            }),
        ),
        (
            "pool_recovery",
            word(match p.pool_recovery {
                PoolRecovery::Manual => "manual",
                PoolRecovery::Auto => "auto",
            }),
        ),
    ];
    if let Some(probe) = &p.probe_write {
        let (table, every) = (text(&probe.table), written(probe.every));
        lines.push(("probe_write", format!("{{ table: {table}, every: {every} }}")));
    }
    lines
}

fn node_lines(node: &NodeSettings) -> Vec<Line> {
    let mut lines = vec![
        ("name", text(&node.name)),
        ("address", text(node.address())),
        ("weight", node.weight.to_string()),
        ("promotable", node.promotable.to_string()),
        ("local", node.local.to_string()),
    ];
    if let Some(scale) = node.lag_scale {
        let lag = |d: Duration| written(d);
        lines.extend([("lag_full", lag(scale.full)), ("lag_zero", lag(scale.zero))]);
    }
    lines
}

fn word(word: &str) -> String {
    word.to_owned()
}

/// A text in double quotes: JSON's are YAML's.
pub(super) fn text(text: impl Display) -> String {
    serde_json::Value::String(text.to_string()).to_string()
}
