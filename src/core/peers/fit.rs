//! Configurations that do not fit together: peers that mean another server by a name, that would hand ACTIVE to and fro, or
//! that stand at another site than is thought.

use crate::core::event::Severity;
use crate::core::peer::{NodeView, View};
use crate::core::pool::Pool;
use crate::core::settings::{NodeSettings, PeerSettings};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Pool {
    /// Why a peer of this site is not heeded: it calls another server by the name of one of ours. Between sites the same
    /// address may well be two servers; so may loopback, on two directors that each stand on one of them.
    pub(super) fn mixed_up(&self, place: usize, view: &View) -> Option<String> {
        let peer = self.settings.peers.get(place).filter(|peer| peer.same_site)?;
        let nodes = &self.settings.nodes;
        let other = |theirs: &NodeView| {
            nodes.iter().find(|n| n.name != theirs.name && n.address() == theirs.address && !is_own(n))
        };
        let known = view.nodes.iter().filter(|theirs| self.named(&theirs.name).is_some());
        let (theirs, ours) = known.filter_map(|theirs| Some((theirs, other(theirs)?))).next()?;
        Some(format!(
            "{} calls {} {}, which is {} here: what it says of this pool is not heeded",
            peer.name, theirs.address, theirs.name, ours.name
        ))
    }

    /// A peer that would give ACTIVE back to another node than this agent, in words.
    pub(in crate::core) fn other_primary(&self) -> Option<String> {
        let theirs = |view: &View| self.named(&view.nodes.first()?.name).filter(|&first| first != 0);
        let (peer, first) = self.heard().find_map(|(_, peer, view)| Some((peer, theirs(view)?)))?;
        Some(format!(
            "{} has {} for PRIMARY, here it is {}: no automatic failback until both list their nodes in the same order",
            peer.name,
            self.name(first),
            self.name(0)
        ))
    }

    /// What does not fit in the configuration of a peer, and how much that matters.
    pub(in crate::core) fn misfit(&self) -> Option<(Severity, String)> {
        let mixed_up = self.peers.each.iter().find_map(|heard| heard.mixed_up.clone());
        let mixed_up = mixed_up.map(|words| (Severity::Alert, words));
        let other = || self.other_primary().or_else(|| self.other_site());
        mixed_up.or_else(|| other().map(|words| (Severity::Warning, words)))
    }

    /// A peer whose own site has other nodes than `same_site` would have it, in words.
    fn other_site(&self) -> Option<String> {
        self.heard().find_map(|(_, peer, view)| {
            view.nodes.iter().find_map(|theirs| {
                let ours = &self.settings.nodes[self.named(&theirs.name)?];
                misplaced(peer, ours, theirs)
            })
        })
    }
}

fn misplaced(peer: &PeerSettings, ours: &NodeSettings, theirs: &NodeView) -> Option<String> {
    let name = &ours.name;
    match (peer.same_site, ours.local, theirs.local) {
        (false, true, true) => Some(format!(
            "{name} is local here and at {} too, which is another site (same_site: false): it can stand at one only",
            peer.name
        )),
        (true, ours, theirs) if ours != theirs => {
            let (here, there) = if ours { ("is", "is not") } else { ("is not", "is") };
            Some(format!(
                "{name} {here} local here and {there} at {}: if that is another site, it wants same_site: false",
                peer.name
            ))
        }
        _ => None,
    }
}

/// It is asked over loopback as every machine has it.
fn is_own(node: &NodeSettings) -> bool {
    let ip = node.ip.parse();
    ip == Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) || ip == Ok(IpAddr::V6(Ipv6Addr::LOCALHOST))
}
