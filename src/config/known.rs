//! What virtual servers may name: the file's pools and their nodes.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::section::Spot;
use super::settings::Pool;
use super::suggest::nearest;
use super::tree::quoted;
use crate::core::words::NodeId;

/// A longer list is not searched for what was meant, and not told.
const TOLD: usize = 20;

/// The pools, by name.
pub(super) struct Known<'p> {
    pools: &'p [Pool],
    places: HashMap<&'p str, usize>,
    addresses: HashSet<SocketAddr>,
    /// Whether no pool is at fault; else what is not found may stand in one that could not be read.
    whole: bool,
}

impl<'p> Known<'p> {
    /// These; `whole` if they were read without a fault.
    pub(super) fn of(pools: &'p [Pool], whole: bool) -> Known<'p> {
        let places = pools.iter().enumerate().map(|(i, pool)| (pool.decision.name.as_str(), i)).collect();
        let nodes = pools.iter().flat_map(|pool| &pool.access);
        Known { pools, places, addresses: nodes.map(|node| canonical(node.address)).collect(), whole }
    }

    /// The place of a pool that is named.
    pub(super) fn pool(&self, spot: &Spot<'_>) -> Option<usize> {
        let name = spot.text()?;
        let found = self.places.get(name).copied();
        if found.is_none() {
            self.unknown(spot, name, "pool", self.pools.iter().map(|pool| &pool.decision.name));
        }
        found
    }

    /// A pool by its place.
    pub(super) fn at(&self, place: usize) -> &'p Pool {
        &self.pools[place]
    }

    /// The place of a node of `pool` that is called `name`, which is told at `spot` if there is none.
    pub(super) fn node(&self, spot: &Spot<'_>, name: &str, pool: &Pool) -> Option<NodeId> {
        let nodes = &pool.decision.nodes;
        let found = nodes.iter().position(|node| node.name == name);
        if found.is_none() {
            let what = format!("node of pool {}", pool.decision.name);
            self.unknown(spot, name, &what, nodes.iter().map(|node| &node.name));
        }
        found
    }

    /// Whether a node listens at this address.
    pub(super) fn listens(&self, address: SocketAddr) -> bool {
        self.addresses.contains(&address)
    }

    fn unknown<'n>(&self, spot: &Spot<'_>, name: &str, what: &str, others: impl Iterator<Item = &'n String>) {
        if !self.whole {
            return;
        }
        let others: Vec<&str> = others.map(String::as_str).collect();
        let advice = match others.len() {
            n if n > TOLD => format!("there are {n} others"),
            _ => nearest(name, &others).map_or_else(
                || format!("write one of: {}", others.join(", ")),
                |meant| format!("did you mean {meant}?"),
            ),
        };
        spot.fault(format!("{} is no {what}; {advice}", quoted(name)));
    }
}

/// The same address, IPv4 where it is one.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
