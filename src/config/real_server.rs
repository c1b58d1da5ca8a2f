//! `nodes` and `real_servers` of a virtual server: which nodes of the pool serve there, and how.

use std::collections::HashSet;
use std::net::SocketAddr;

use super::extra;
use super::known::{Known, canonical};
use super::lvs::{Method, RealServer, VirtualServer};
use super::section::{Section, Spot};
use super::settings::Pool;
use super::tree::quoted;
use super::virtual_server::method;
use super::virtual_servers::Unique;
use crate::core::words::{NodeId, Role};

/// Keys of a real server.
pub(super) const KEYS: &[&str] = &["weight", "lvs_method", "extra"];

/// The real servers of a virtual server whose other settings are read.
pub(super) fn read(
    section: &Section<'_>,
    server: &VirtualServer,
    known: &Known<'_>,
    unique: &mut Unique,
) -> Vec<RealServer> {
    let pool = known.at(server.pool);
    let nodes = section.get("nodes").map(|spot| nodes(&spot, known, pool));
    let nodes = nodes.unwrap_or_else(|| (0..pool.access.len()).collect());
    if !unique.room_for(&section.spot, nodes.len()) {
        return Vec::new();
    }
    let plain = |node: NodeId| RealServer {
        node,
        address: canonical(pool.access[node].address),
        weight: None,
        method: None,
        extra: Vec::new(),
    };
    let mut reals: Vec<RealServer> = nodes.into_iter().map(plain).collect();
    for (name, spot) in section.get("real_servers").and_then(|spot| spot.entries()).into_iter().flatten() {
        let Some(node) = known.node(&spot, name, pool) else { continue };
        match reals.iter_mut().find(|real| real.node == node) {
            Some(real) => read_one(&spot, real, server),
            None => {
                spot.fault(format!("{} does not serve here; add it to nodes, or remove this", quoted(name)))
            }
        }
    }
    check_addresses(section, server, &reals, pool);
    reals
}

/// The nodes that are named, each once, in the pool's order.
fn nodes(list: &Spot<'_>, known: &Known<'_>, pool: &Pool) -> Vec<NodeId> {
    let mut named = HashSet::new();
    let mut any = false;
    for spot in list.items().into_iter().flatten() {
        any = true;
        if let Some(node) = spot.text().and_then(|name| known.node(&spot, name, pool))
            && !named.insert(node)
        {
            spot.fault(format!("{} is given twice; keep one", spot.tree.shown()));
        }
    }
    if !any {
        list.fault("no nodes; name some, or remove the key: then all of the pool's serve");
    }
    (0..pool.access.len()).filter(|node| named.contains(node)).collect()
}

fn read_one(spot: &Spot<'_>, real: &mut RealServer, server: &VirtualServer) {
    let Some(section) = spot.section(KEYS) else { return };
    section.fill("weight", &mut real.weight, |spot| spot.count(1..=253).map(|n| u8::try_from(n).ok()));
    section.fill("lvs_method", &mut real.method, |spot| {
        let method = method(spot)?;
        if !fits(method, server.address, real.address) {
            spot.fault(same_port(method, server.address));
        }
        Some(Some(method))
    });
    section.fill("extra", &mut real.extra, |spot| {
        extra::read(spot, extra::REAL_SERVER, server.role == Role::Rw)
    });
}

/// Families of addresses must be the same, and ports where nothing rewrites them.
fn check_addresses(section: &Section<'_>, server: &VirtualServer, reals: &[RealServer], pool: &Pool) {
    let name = |real: &RealServer| format!("{} ({})", pool.decision.nodes[real.node].name, real.address);
    if let Some(spot) = section.get("address")
        && let Some(real) = reals.iter().find(|real| real.address.is_ipv4() != server.address.is_ipv4())
    {
        let advice = "write one of the same family, or other nodes";
        spot.fault(format!("{} is not of the family of {}; {advice}", server.address, name(real)));
    }
    let inherits = |real: &&RealServer| real.method.is_none();
    if let Some(spot) = section.get("lvs_method")
        && let Some(real) =
            reals.iter().filter(inherits).find(|real| !fits(server.method, server.address, real.address))
    {
        spot.fault(format!("{}, and {} has another", same_port(server.method, server.address), name(real)));
    }
}

fn fits(method: Method, virtual_server: SocketAddr, real: SocketAddr) -> bool {
    method == Method::Nat || virtual_server.port() == real.port()
}

/// What a method wants that rewrites no ports.
pub(super) fn same_port(method: Method, address: SocketAddr) -> String {
    format!("{} leaves the port as it is; write NAT, or port {}", method.word(), address.port())
}
