//! `pools[].nodes[]`.

use std::net::SocketAddr;

use super::address::{self, Address};
use super::checkpoint::{self, Checkpoint};
use super::monitor::Written;
use super::section::{Section, Spot};
use super::settings::Access;
use super::tree::Tree;
use super::unique::Unique;
use super::values::{ms, seconds};
use crate::core::settings::{LagScale, NodeSettings};

/// Keys of a node.
pub(super) const KEYS: &[&str] =
    &["name", "address", "weight", "lag_full", "lag_zero", "promotable", "local", "checkpoints", "monitor"];

/// A node, how it is reached, and its checkpoints.
pub(super) type Node<'t> = (NodeSettings, Access, Vec<Checkpoint<'t>>);

/// A node, read: `None` if its name, address or monitor is at fault.
pub(super) fn read<'t>(spot: &Spot<'t>, above: &Written<'t>, unique: &mut Unique) -> Option<Node<'t>> {
    let section = spot.section(KEYS)?;
    let name = section.need("name", "give the node one").and_then(|spot| spot.name());
    let address = section.need("address", "write it like \"10.0.0.1:3306\"").and_then(|spot| find(&spot));
    let monitor = above.overridden(&section);
    let checkpoints = checkpoint::list(&section, monitor.timeout(), unique);
    let monitor = monitor.settle(spot);
    let (mut weight, mut promotable, mut local) = (1, true, false);
    section.fill("weight", &mut weight, |spot| spot.count(1..=253));
    section.fill("promotable", &mut promotable, |spot| spot.boolean());
    section.fill("local", &mut local, |spot| spot.boolean());
    let lag_scale = lag_scale(&section);
    let ((written, socket), monitor) = (address?, monitor?);
    let node = NodeSettings {
        weight: u8::try_from(weight).ok()?,
        promotable,
        local,
        lag_scale,
        pace: monitor.pace,
        on_denied: monitor.on_denied,
        ip: socket.ip().to_string(),
        ..NodeSettings::at(&name?, &written.host, written.port)
    };
    let access = Access {
        address: socket,
        user: monitor.user,
        password: monitor.password,
        tls: monitor.tls,
        reconnect_every: monitor.reconnect_every,
    };
    Some((node, access, checkpoints))
}

/// The address as written, and what it stands for.
fn find(spot: &Spot<'_>) -> Option<(Address, SocketAddr)> {
    let Tree::Text(text) = spot.tree else {
        spot.fault(format!("{} is not an address; write it like \"10.0.0.1:3306\"", spot.tree.shown()));
        return None;
    };
    let written = match address::parse(text) {
        Ok(written) => written,
        Err(why) => {
            spot.fault(format!("{} {why}", spot.tree.shown()));
            return None;
        }
    };
    let ip = match written.ip {
        Some(ip) => ip,
        None => match spot.reading.resolver.ip(&written.host) {
            Ok(ip) => ip,
            Err(why) => {
                spot.fault(format!("{} does not resolve ({why}); write its IP address", spot.tree.shown()));
                return None;
            }
        },
    };
    let socket = SocketAddr::new(ip, written.port);
    if written.ip.is_none() {
        spot.warn(format!(
            "{} is a host name, resolved now to {socket} and not again until reload; write that address, for DNS \
             must not decide a failover",
            spot.tree.shown()
        ));
    }
    Some((written, socket))
}

fn lag_scale(section: &Section<'_>) -> Option<LagScale> {
    let (full, zero) = match (section.get("lag_full"), section.get("lag_zero")) {
        (None, None) => return None,
        (Some(only), None) => return alone(&only, "lag_zero"),
        (None, Some(only)) => return alone(&only, "lag_full"),
        (Some(full), Some(zero)) => (full, zero),
    };
    let scale = LagScale {
        full: full.duration(ms(0)..=seconds(86_400))?,
        zero: zero.duration(ms(0)..=seconds(86_400))?,
    };
    if scale.full >= scale.zero {
        zero.fault("must be longer than lag_full: the weight falls from the one to the other");
        return None;
    }
    Some(scale)
}

fn alone(spot: &Spot<'_>, other: &str) -> Option<LagScale> {
    spot.fault(format!("needs {other} beside it; write both, or neither"));
    None
}
