//! What may stand in a file only once: pool names, node names within a pool, addresses.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::known::canonical;
use super::probe::Probe;
use super::reading::Place;
use super::section::Spot;
use super::tree::Tree;

/// How many nodes a file may have, in all pools together.
const MAX_NODES: usize = 10_000;
/// How many different checkpoints: each has a thread.
const MAX_PROBES: usize = 1_000;

/// Everything met so far, and where first.
#[derive(Debug, Default)]
pub(super) struct Unique {
    pools: HashMap<String, Place>,
    names: HashMap<String, Place>,
    addresses: HashMap<SocketAddr, Place>,
    nodes: usize,
    probes: HashSet<Probe>,
}

impl Unique {
    /// Node names are counted anew.
    pub(super) fn next_pool(&mut self) {
        self.names.clear();
    }

    /// Whether there is room for one more node; told once if not.
    pub(super) fn room(&mut self, node: &Spot<'_>) -> bool {
        self.nodes += 1;
        if self.nodes == MAX_NODES + 1 {
            node.fault(format!("more than {MAX_NODES} nodes in one file; split it over several directors"));
        }
        self.nodes <= MAX_NODES
    }

    /// A checkpoint, which other pools may have too; told once if there are too many different ones.
    pub(super) fn probe(&mut self, spot: &Spot<'_>, probe: &Probe) {
        if self.probes.insert(probe.clone()) && self.probes.len() == MAX_PROBES + 1 {
            spot.fault(format!(
                "more than {MAX_PROBES} different checkpoints in one file; let pools have the same ones"
            ));
        }
    }

    /// A pool's name.
    pub(super) fn pool(&mut self, pool: &Spot<'_>) {
        once(&mut self.pools, pool, "pool");
    }

    /// A node's name.
    pub(super) fn node(&mut self, node: &Spot<'_>) {
        once(&mut self.names, node, "node");
    }

    /// A node's address. Two nodes at one address could not be told apart, in whatever pools they are.
    pub(super) fn address(&mut self, node: &Spot<'_>, address: SocketAddr) {
        let Some(spot) = value(node, "address") else { return };
        let words = format!("{address} is another node's address; each server is one node of one pool");
        spot.once(&mut self.addresses, canonical(address), words);
    }
}

/// Notes a name that was met before.
fn once(known: &mut HashMap<String, Place>, owner: &Spot<'_>, what: &str) {
    let Some(spot) = value(owner, "name") else { return };
    let Tree::Text(name) = spot.tree else { return };
    let words = format!("{} is another {what}'s name; choose a different one", spot.tree.shown());
    spot.once(known, name.clone(), words);
}

/// The value of a key, without any judgement.
fn value<'t>(spot: &Spot<'t>, key: &str) -> Option<Spot<'t>> {
    let Tree::Map(entries) = spot.tree else { return None };
    let i = entries.iter().position(|(name, _)| name == key)?;
    Some(Spot {
        tree: &entries[i].1,
        place: spot.place.child(i),
        name: format!("{}.{key}", spot.name),
        reading: spot.reading,
    })
}
