//! `keepalived.virtual_servers[]`.

use std::net::SocketAddr;

use super::address::{self, Address};
use super::known::{Known, canonical};
use super::lvs::{Method, VirtualServer};
use super::section::{Section, Spot};
use super::tree::Tree;
use super::values::seconds;
use super::virtual_servers::Unique;
use super::{extra, keepalived, quorum, real_server};
use crate::core::words::Role;

/// Keys of a virtual server.
pub(super) const KEYS: &[&str] = &[
    "name",
    "pool",
    "role",
    "address",
    "nodes",
    "lvs_method",
    "lvs_sched",
    "protocol",
    "delay_loop",
    "persistence_timeout",
    "quorum",
    "hysteresis",
    "sorry_server",
    "extra",
    "real_servers",
];

/// The kernel's schedulers.
const SCHEDULERS: [&str; 14] =
    ["wlc", "lc", "rr", "wrr", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"];
/// Those that look at a weight only to see whether it is 0.
const UNWEIGHTED: [&str; 3] = ["rr", "lc", "dh"];

/// A virtual server, read: `None` if what it stands on is at fault.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>, unique: &mut Unique) -> Option<VirtualServer> {
    let section = spot.section(KEYS)?;
    let name = section.need("name", "give the virtual server one").and_then(|spot| name(&spot, unique));
    let pool = section.need("pool", "name one of the pools").and_then(|spot| known.pool(&spot));
    let role = section.need("role", "write rw, ro or geo").and_then(|spot| spot.word(&roles()));
    let advice = "write it like \"192.168.2.1:3306\"";
    let address = section.need("address", advice).and_then(|spot| own_address(&spot, known, unique));
    let mut server = plain(name.unwrap_or_default(), pool.unwrap_or(0), role.unwrap_or(Role::Rw), address);
    read_service(&section, &mut server);
    let (Some(_), Some(_), Some(_)) = (pool, role, address) else { return None };
    server.real_servers = real_server::read(&section, &server, known, unique);
    check(&section, &server, known);
    Some(server)
}

/// One with the defaults, and no real servers yet.
fn plain(name: String, pool: usize, role: Role, address: Option<SocketAddr>) -> VirtualServer {
    VirtualServer {
        name,
        pool,
        role,
        address: address.unwrap_or(SocketAddr::from(([0; 4], 0))),
        method: Method::Nat,
        scheduler: SCHEDULERS[0].to_owned(),
        delay_loop: None,
        persistence_timeout: None,
        quorum: None,
        hysteresis: None,
        sorry_server: None,
        extra: Vec::new(),
        real_servers: Vec::new(),
    }
}

fn roles() -> [(&'static str, Role); 3] {
    Role::ALL.map(|role| (role.word(), role))
}

/// keepalived's words for the methods.
pub(super) fn method(spot: &Spot<'_>) -> Option<Method> {
    spot.word(&Method::ALL.map(|method| (method.word(), method)))
}

fn name(spot: &Spot<'_>, unique: &mut Unique) -> Option<String> {
    let name = spot.name()?;
    unique.name(spot, &name);
    Some(name)
}

fn own_address(spot: &Spot<'_>, known: &Known<'_>, unique: &mut Unique) -> Option<SocketAddr> {
    let address = literal(spot)?;
    unique.address(spot, address);
    if known.listens(address) {
        spot.fault(format!("{address} is a node's own address; write one that no server has"));
    }
    Some(address)
}

/// An IP address with a port; keepalived is given no host names.
fn literal(spot: &Spot<'_>) -> Option<SocketAddr> {
    let found = match spot.tree {
        Tree::Text(text) => address::parse(text),
        _ => Err("is not an address; write it like \"192.168.2.1:3306\"".to_owned()),
    };
    match found {
        Ok(Address { ip: Some(ip), port, .. }) => return Some(canonical(SocketAddr::new(ip, port))),
        Ok(_) => {
            let why = "is a host name; write its IP address, for no packet may depend on DNS";
            spot.fault(format!("{} {why}", spot.tree.shown()));
        }
        Err(why) => spot.fault(format!("{} {why}", spot.tree.shown())),
    }
    None
}

fn read_service(section: &Section<'_>, server: &mut VirtualServer) {
    section.fill("lvs_method", &mut server.method, method);
    section.fill("lvs_sched", &mut server.scheduler, |spot| {
        spot.word(&SCHEDULERS.map(|scheduler| (scheduler, scheduler.to_owned())))
    });
    section.fill("protocol", &mut (), |spot| spot.word(&[("TCP", ())]));
    section.fill("delay_loop", &mut server.delay_loop, |spot| keepalived::delay_loop(spot).map(Some));
    section.fill("persistence_timeout", &mut server.persistence_timeout, |spot| {
        let duration = spot.duration(seconds(1)..=seconds(86_400))?;
        if duration.subsec_nanos() > 0 {
            spot.fault(format!("{} is not in whole seconds; write 5m", spot.tree.shown()));
        }
        Some(Some(duration))
    });
    section.fill("quorum", &mut server.quorum, |spot| spot.count(1..=65_535).map(Some));
    section.fill("hysteresis", &mut server.hysteresis, |spot| spot.count(0..=65_535).map(Some));
    section.fill("sorry_server", &mut server.sorry_server, |spot| literal(spot).map(Some));
    section.fill("extra", &mut server.extra, |spot| {
        extra::read(spot, extra::VIRTUAL_SERVER, server.role == Role::Rw)
    });
}

/// What one key alone cannot tell.
fn check(section: &Section<'_>, server: &VirtualServer, known: &Known<'_>) {
    if let (Some(spot), Some(sorry)) = (section.get("sorry_server"), server.sorry_server) {
        let ports_differ = server.method != Method::Nat && sorry.port() != server.address.port();
        if sorry.is_ipv4() != server.address.is_ipv4() {
            spot.fault(format!(
                "{sorry} is not of the virtual server's family; write one like {}",
                server.address
            ));
        } else if ports_differ {
            spot.fault(real_server::same_port(server.method, server.address));
        }
        if server.real_servers.iter().any(|real| real.address == sorry) {
            spot.fault(format!("{sorry} is one of the real servers; write another, or remove it"));
        }
    }
    let weighted = server.real_servers.iter().any(|real| real.weight.is_some());
    if weighted && UNWEIGHTED.contains(&server.scheduler.as_str()) {
        let spot = section.get("lvs_sched").unwrap_or_else(|| section.spot.clone());
        spot.warn(format!(
            "{} does not look at weights, but real_servers has some; write wlc or wrr",
            server.scheduler
        ));
    }
    quorum::check(section, server, known.at(server.pool));
}
