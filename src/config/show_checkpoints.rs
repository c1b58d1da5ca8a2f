//! Checkpoints as YAML, every key of them.

use super::duration::written;
use super::probe::{Host, Http, Probe, Protocol, Trust};
use super::settings::Pool;
use super::show::{Line, text};
use crate::core::words::NodeId;

/// The `checkpoints` of a pool, or of one of its nodes.
pub(super) fn line(pool: &Pool, node: Option<NodeId>) -> Line {
    let all = pool.decision.checkpoints.iter().zip(&pool.probes);
    let own = all.filter(|(checkpoint, _)| checkpoint.node == node);
    let own: Vec<String> = own.map(|(checkpoint, probe)| one(checkpoint.reach.word(), probe)).collect();
    ("checkpoints", format!("[{}]", own.join(", ")))
}

fn one(reach: &str, probe: &Probe) -> String {
    let proto = probe.id.split(':').nth(1).unwrap_or_default();
    let port = probe.id.rsplit(':').next().unwrap_or_default();
    let host = match &probe.host {
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.clone(),
    };
    let mut keys = vec![
        format!("type: {reach}, proto: {proto}, host: {}, port: {port}", text(host)),
        format!("timeout: {}", written(probe.timeout)),
    ];
    keys.extend(probe.interval.map(|interval| format!("interval: {}", written(interval))));
    if let Protocol::Http(http) = &probe.protocol {
        keys.extend(asked(http));
    }
    format!("{{ {} }}", keys.join(", "))
}

fn asked(http: &Http) -> Vec<String> {
    let mut keys = vec![format!("path: {}", text(&http.path))];
    if !http.expect.is_empty() {
        let codes: Vec<String> = http.expect.iter().map(u16::to_string).collect();
        keys.push(format!("expect: [{}]", codes.join(", ")));
    }
    keys.extend(http.tls.as_ref().map(|trust| match trust {
        Trust::Any => "verify: false".to_owned(),
        Trust::System => "verify: true".to_owned(),
        Trust::Authority(ca) => format!("verify: true, ca: {}", text(ca.display())),
    }));
    keys
}
