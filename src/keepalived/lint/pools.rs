//! Rules about `mpp-check` and the pools of `mpp.yaml`.

use super::check::Asked;
use super::finding::Findings;
use super::seen::Seen;
use super::view::{address, name};
use crate::config::{Pool, nearest};
use std::net::SocketAddr;

pub(super) fn wrong_arguments(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, _, check) in seen.view.checks() {
        let why = match &check.asked {
            Some(Asked::Wrong(why)) => why,
            Some(Asked::Nothing) => "it is asked for its help or its version",
            _ => continue,
        };
        let would = "it never gives a verdict: the server is DOWN for good, or UP for good";
        findings.tell(
            &check.at.place,
            format!("mpp-check: {why}"),
            would,
            "mpp-check ROLE POOL NODE, in quotes",
        );
    }
}

pub(super) fn alive_as_verdict(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server, check) in seen.view.checks() {
        if matches!(check.asked, Some(Asked::Alive { .. })) {
            findings.tell(
                &check.at.place,
                format!("mpp-check alive decides about {}", name(server.at)),
                "as long as mppd runs every server is UP",
                "mpp-check ROLE POOL NODE; alive is for a vrrp_script",
            );
        }
    }
}

/// Of a name that `mpp.yaml` has not.
const UNKNOWN: &str = "mpp-check knows no verdict for it: the server is DOWN for good";

pub(super) fn unknown_pool(seen: &Seen<'_>, findings: &mut Findings) {
    let Some(settings) = seen.settings else { return };
    for (_, _, check) in seen.view.checks() {
        let Some((_, wanted, _)) = check.verdict() else { continue };
        if pool(&settings.pools, wanted).is_none() {
            let names: Vec<&str> = settings.pools.iter().map(|p| p.decision.name.as_str()).collect();
            let found = format!("mpp.yaml has no pool {wanted}");
            findings.tell(&check.at.place, found, UNKNOWN, advice(wanted, &names));
        }
    }
}

pub(super) fn unknown_node(seen: &Seen<'_>, findings: &mut Findings) {
    let Some(settings) = seen.settings else { return };
    for (_, _, check) in seen.view.checks() {
        let Some((_, wanted, node)) = check.verdict() else { continue };
        let Some(pool) = pool(&settings.pools, wanted) else { continue };
        if node_address(pool, node).is_none() {
            let names: Vec<&str> = pool.decision.nodes.iter().map(|n| n.name.as_str()).collect();
            let found = format!("pool {wanted} has no node {node}");
            findings.tell(&check.at.place, found, UNKNOWN, advice(node, &names));
        }
    }
}

pub(super) fn other_node(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server, check) in seen.view.checks() {
        let Some((here, checked)) = addresses(seen, server.at, check) else { continue };
        let others = seen.settings.into_iter().flat_map(|s| &s.pools).flat_map(|pool| &pool.access);
        if here != checked && others.into_iter().any(|access| access.address == here) {
            tell(findings, check, here, checked, "its clients depend on the verdict of another node");
        }
    }
}

pub(super) fn other_address(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server, check) in seen.view.checks() {
        let Some((here, checked)) = addresses(seen, server.at, check) else { continue };
        let mut nodes = seen.settings.into_iter().flat_map(|s| &s.pools).flat_map(|pool| &pool.access);
        if here != checked && nodes.all(|access| access.address != here) {
            tell(
                findings,
                check,
                here,
                checked,
                "if these are not two addresses of one node, the verdict is another's",
            );
        }
    }
}

fn tell(
    findings: &mut Findings,
    check: &super::check::Check<'_>,
    here: SocketAddr,
    checked: SocketAddr,
    would: &str,
) {
    let node = check.verdict().map_or("", |(_, _, node)| node);
    let found = format!("real server {here} is checked as node {node}, which is {checked}");
    findings.tell(&check.at.place, found, would, format!("the node that is at {here}"));
}

/// The address of the real server, and of the node it is checked as.
fn addresses(
    seen: &Seen<'_>,
    server: &crate::keepalived::conf::Statement,
    check: &super::check::Check<'_>,
) -> Option<(SocketAddr, SocketAddr)> {
    let (_, wanted, node) = check.verdict()?;
    let known = seen.settings.and_then(|s| node_address(pool(&s.pools, wanted)?, node));
    Some((address(server)?, known.or_else(|| node.parse().ok())?))
}

pub(super) fn other_state(seen: &Seen<'_>, findings: &mut Findings) {
    let Some(settings) = seen.settings else { return };
    let written = settings.runtime_dir.join("state");
    for (_, _, check) in seen.view.checks() {
        if let Some(Asked::Verdict { state, .. } | Asked::Alive { state }) = &check.asked
            && *state != written
        {
            let found = format!("mpp-check reads {}, and mppd writes {}", state.display(), written.display());
            let would = "the verdict is another mppd's, or there is none: the server is DOWN for good";
            findings.tell(&check.at.place, found, would, format!("mpp-check --state {}", written.display()));
        }
    }
}

fn pool<'p>(pools: &'p [Pool], name: &str) -> Option<&'p Pool> {
    pools.iter().find(|pool| pool.decision.name == name)
}

/// A node's address, by its name or by the address itself.
fn node_address(pool: &Pool, node: &str) -> Option<SocketAddr> {
    let named = pool.decision.nodes.iter().position(|n| n.name == node).map(|i| pool.access[i].address);
    named.or_else(|| pool.access.iter().map(|a| a.address).find(|a| Some(*a) == node.parse().ok()))
}

fn advice(found: &str, names: &[&str]) -> String {
    match nearest(found, names) {
        Some(meant) => format!("{meant}, if that is meant"),
        None => format!("one of {}", names.join(", ")),
    }
}
