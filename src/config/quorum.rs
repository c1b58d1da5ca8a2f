//! `quorum` and `hysteresis` of a virtual server: both must be such that they can be met.

use super::lvs::{RealServer, VirtualServer};
use super::section::Section;
use super::settings::Pool;
use crate::core::words::Role;

/// Notes what can never be met, and what keepalived would change by itself.
pub(super) fn check(section: &Section<'_>, server: &VirtualServer, pool: &Pool) {
    if server.real_servers.is_empty() {
        return;
    }
    check_hysteresis(section, server);
    let Some(spot) = section.get("quorum") else { return };
    let (quorum, hysteresis) = (server.quorum.unwrap_or(1), server.hysteresis.unwrap_or(0));
    let weights = server.real_servers.iter().map(|real| full_weight(real, pool));
    let count = u32::try_from(server.real_servers.len()).unwrap_or(u32::MAX);
    let (most, whose) = match server.role {
        Role::Rw => (weights.min().unwrap_or(1), "one node serves at a time, and one has this weight"),
        Role::Ro | Role::Geo => (weights.sum(), "this is the sum of all weights"),
    };
    if quorum.saturating_add(hysteresis) > most {
        let with = if hysteresis > 0 { format!(" with hysteresis {hysteresis}") } else { String::new() };
        spot.fault(format!("{quorum}{with} is more than {most}: {whose}; write less"));
    } else if quorum > count {
        spot.fault(format!(
            "{quorum} is more than keepalived lets it be, the number of real servers; write at most {count}"
        ));
    }
}

/// keepalived sets one that is too large to 0.
fn check_hysteresis(section: &Section<'_>, server: &VirtualServer) {
    let quorum = server.quorum.unwrap_or(1);
    if let (Some(spot), Some(hysteresis)) = (section.get("hysteresis"), server.hysteresis)
        && hysteresis > 0
        && hysteresis >= quorum
    {
        spot.fault(format!(
            "{hysteresis} must be less than quorum ({quorum}); write less, or a larger quorum"
        ));
    }
}

fn full_weight(real: &RealServer, pool: &Pool) -> u32 {
    u32::from(real.weight.unwrap_or(pool.decision.nodes[real.node].weight))
}
