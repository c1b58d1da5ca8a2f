//! Rules about real servers.

use super::finding::Findings;
use super::numbers::number;
use super::seen::Seen;
use super::view::{address, identity, name, repeated};

/// What MySQL listens on.
const MYSQL: [u16; 2] = [3306, 33060];

pub(super) fn no_checker(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server) in seen.view.servers().filter(|(_, server)| server.checks.is_empty()) {
        findings.tell(
            &server.at.place,
            format!("real server {} has no checker", name(server.at)),
            "it is UP for good, whatever happens to it",
            "a MISC_CHECK with mpp-check, and a FILE_CHECK beside it",
        );
    }
}

pub(super) fn real_server_twice(seen: &Seen<'_>, findings: &mut Findings) {
    for service in &seen.view.services {
        for (again, first) in repeated(service.servers.iter().map(|server| (identity(server.at), server.at)))
        {
            findings.tell(
                &again.place,
                format!("real server {} is there already, at {}", name(again), first.place),
                "keepalived drops the second one",
                "one block a real server",
            );
        }
    }
}

pub(super) fn port_differs(seen: &Seen<'_>, findings: &mut Findings) {
    for (service, server) in seen.view.servers() {
        let method = service.method(server);
        let ports = address(service.at).zip(address(server.at)).map(|(v, r)| (v.port(), r.port()));
        let Some((outside, inside)) = ports.filter(|(v, r)| v != r && *v != 0 && *r != 0) else { continue };
        if method == "DR" || method == "TUN" {
            findings.tell(
                &server.at.place,
                format!("port {inside} behind port {outside}, with lvs_method {method}"),
                format!("{method} changes no ports: clients arrive at port {outside} of the server, where nobody listens"),
                format!("the same port on both, or lvs_method NAT for {}", name(server.at)),
            );
        }
    }
}

pub(super) fn bare_tcp_check(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server, check) in seen.view.checks().filter(|(_, _, check)| check.is("TCP_CHECK")) {
        let port = check.at.get("connect_port").and_then(number).or(address(server.at).map(|a| a.port()));
        if port.is_some_and(|port| MYSQL.contains(&port)) {
            findings.tell(
                &check.at.place,
                format!("a TCP_CHECK on MySQL's port, of {}", name(server.at)),
                "each one is a broken handshake: after max_connect_errors (100) the server refuses this host; and an \
                 open port says nothing about who may write",
                "a MISC_CHECK with mpp-check",
            );
        }
    }
}
