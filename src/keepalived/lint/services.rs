//! Rules about virtual servers.

use super::finding::Findings;
use super::numbers::{count, number};
use super::seen::Seen;
use super::view::{Server, Service, address, identity, is_on, name, repeated};
use crate::keepalived::conf::Statement;

pub(super) fn no_protocol(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        let marked = service.at.value(0) == Some("fwmark");
        if !marked && service.at.get("protocol").is_none() {
            let found = format!("virtual server {} says no protocol", name(service.at));
            findings.tell(
                &service.at.place,
                found,
                "keepalived takes UDP, and nobody who speaks TCP gets in",
                "protocol TCP",
            );
        }
    }
}

pub(super) fn no_delay_loop(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        let lacking = service.servers.iter().flat_map(|server| {
            let polls = server.checks.iter().filter(|check| check.file.is_none());
            polls.filter(|check| server.inherited(service, check, "delay_loop").is_none())
        });
        if lacking.count() > 0 {
            let found = format!("virtual server {} says no delay_loop", name(service.at));
            findings.tell(
                &service.at.place,
                found,
                "its servers are checked once in 60 s, and a failover takes that long",
                "delay_loop 0.25, or what you can wait for",
            );
        }
    }
}

/// Whether a server is taken in before it was ever checked.
fn starts_unchecked(service: &Service<'_>) -> bool {
    let waits = |at: &Statement| at.get("alpha").is_some_and(is_on);
    let unchecked = |server: &Server<'_>| {
        !server.checks.is_empty() && !waits(server.at) && !server.checks.iter().all(|check| waits(check.at))
    };
    !waits(service.at) && service.servers.iter().any(unchecked)
}

pub(super) fn no_alpha(seen: &Seen<'_>, findings: &mut Findings) {
    let would = "when keepalived starts, every server gets clients before it was checked once";
    for service in seen.view.services.iter().filter(|s| !s.is_read_write() && starts_unchecked(s)) {
        let found = format!("virtual server {} has no alpha", name(service.at));
        findings.tell(&service.at.place, found, would, "alpha");
    }
}

pub(super) fn no_alpha_rw(seen: &Seen<'_>, findings: &mut Findings) {
    let would =
        "when keepalived starts, every node gets writers until its first check: two write at the same time";
    for service in seen.view.services.iter().filter(|s| s.is_read_write() && starts_unchecked(s)) {
        let found = format!("virtual server {} for rw has no alpha", name(service.at));
        findings.tell(&service.at.place, found, would, "alpha");
    }
}

pub(super) fn quorum(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        let Some(at) = service.at.get("quorum") else { continue };
        let Some(quorum) = number::<u64>(at) else { continue };
        if service.servers.iter().any(|server| server.has_moving_weight()) {
            continue;
        }
        let weights = || service.servers.iter().filter_map(|server| server.weight());
        let (most, what) = match service.is_read_write() {
            true => (weights().max().unwrap_or(0), "one node at a time serves rw, so the most is"),
            false => (weights().fold(0, u64::saturating_add), "the weights together are"),
        };
        if quorum > most {
            let found = format!("quorum {quorum}, and {what} {most}");
            let would = "the quorum is never reached: the sorry server serves, or one server less stops all";
            findings.tell(&at.place, found, would, format!("quorum {}", most.max(1)));
        }
    }
}

pub(super) fn hysteresis(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        let Some(at) = service.at.get("hysteresis") else { continue };
        let quorum: u64 = service.at.get("quorum").and_then(number).unwrap_or(1);
        if let Some(hysteresis) = number::<u64>(at).filter(|h| *h >= quorum) {
            let found = format!("hysteresis {hysteresis}, and the quorum is {quorum}");
            findings.tell(
                &at.place,
                found,
                "keepalived takes 0 instead",
                "a hysteresis below the quorum, or none",
            );
        }
    }
}

pub(super) fn all_weights_zero(seen: &Seen<'_>, findings: &mut Findings) {
    for service in seen.view.services.iter().filter(|s| !s.servers.is_empty()) {
        if service.servers.iter().all(|s| s.weight() == Some(0) && !s.has_moving_weight()) {
            let found = format!("every real server of {} has weight 0", name(service.at));
            findings.tell(
                &service.at.place,
                found,
                "no client is ever let in",
                "weight 1 for those that are to serve",
            );
        }
    }
}

pub(super) fn virtual_server_twice(seen: &Seen<'_>, findings: &mut Findings) {
    let keyed = seen.view.services.iter().map(|service| {
        let protocol = service.at.get("protocol").and_then(|s| s.value(0)).unwrap_or("UDP");
        ((identity(service.at), protocol), service.at)
    });
    for (again, first) in repeated(keyed) {
        findings.tell(
            &again.place,
            format!("virtual server {} is there already, at {}", name(again), first.place),
            "both change the same table of the kernel: a server that one takes out, the other keeps in",
            "one block with all real servers, or another address",
        );
    }
}

pub(super) fn sorry_server(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        let Some(at) = service.at.get("sorry_server") else { continue };
        if service.servers.iter().any(|s| address(s.at).is_some() && address(s.at) == address(at)) {
            findings.tell(
                &at.place,
                format!("the sorry server {} is one of the real servers", name(at)),
                "when all are down it gets the clients, just when nothing says it may",
                "a server of its own, or no sorry_server",
            );
        }
    }
}

pub(super) fn inhibit_rw(seen: &Seen<'_>, findings: &mut Findings) {
    for service in seen.view.services.iter().filter(|s| s.is_read_write()) {
        let statements = service.servers.iter().map(|s| s.at).chain([service.at]);
        for at in statements.filter_map(|at| at.get("inhibit_on_failure")).filter(|at| is_on(at)) {
            findings.tell(
                &at.place,
                format!("inhibit_on_failure on {}, which is for rw", name(service.at)),
                "a node that may not write any more keeps its connections (weight 0): writers stay there",
                "the service without inhibit_on_failure",
            );
        }
    }
}

pub(super) fn mixed_roles(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        let mut checked: Vec<String> = Vec::new();
        for check in service.servers.iter().flat_map(|s| &s.checks) {
            if let Some((role, pool, _)) = check.verdict() {
                checked.push(format!("{role} {pool}"));
            }
        }
        checked.sort();
        checked.dedup();
        if checked.len() > 1 {
            findings.tell(
                &service.at.place,
                format!("the servers of {} are checked for {}", name(service.at), checked.join(" and ")),
                "each is right for itself, but together they let clients where they should not be",
                format!("one role of one pool for {}", count(service.servers.len(), "server")),
            );
        }
    }
}

pub(super) fn ha_suspend(seen: &Seen<'_>, findings: &mut Findings) {
    for at in seen.view.services.iter().filter_map(|s| s.at.get("ha_suspend")) {
        findings.tell(
            &at.place,
            "ha_suspend",
            "a director without the address checks nothing; when it takes over, what it knows is old",
            "the service without ha_suspend: MPP's check costs next to nothing on both directors",
        );
    }
}
