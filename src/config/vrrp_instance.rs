//! `keepalived.director.vrrp_instances[]`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::lvs::VrrpInstance;
use super::reading::Place;
use super::section::Spot;
use super::values::{ms, seconds};
use super::{extra, held};

/// Keys of an instance.
pub(super) const KEYS: &[&str] = &[
    "name",
    "interface",
    "virtual_router_id",
    "priority",
    "advert_int",
    "unicast_src_ip",
    "unicast_peer",
    "virtual_ipaddress",
    "extra",
];

/// What two instances must not share.
#[derive(Default)]
pub(super) struct Unique {
    names: HashMap<String, Place>,
    ids: HashMap<(String, u8, bool), Place>,
    /// Addresses that instances hold.
    pub(super) held: HashMap<IpAddr, Place>,
}

/// An instance, read: `None` if what it stands on is at fault. Without a list of addresses it has none yet.
pub(super) fn read(spot: &Spot<'_>, unique: &mut Unique) -> Option<VrrpInstance> {
    let section = spot.section(KEYS)?;
    let name = section.need("name", "give the instance one").and_then(|spot| name(&spot, unique));
    let device =
        section.need("interface", "name the one towards the other director").and_then(|s| interface(&s));
    let id = section.need("virtual_router_id", "write 1 to 255, the same on all directors");
    let id = id.and_then(|spot| byte(&spot, 1, 255).map(|id| (spot, id)));
    let source =
        section.need("unicast_src_ip", "write this director's own address").and_then(|spot| ip(&spot));
    let peers = section.need("unicast_peer", "list the other director's address");
    let (mut priority, mut advert_int) = (100, seconds(1));
    section.fill("priority", &mut priority, |spot| byte(spot, 1, 254));
    section.fill("advert_int", &mut advert_int, interval);
    let mut extra = Vec::new();
    section.fill("extra", &mut extra, |spot| extra::read(spot, extra::VRRP_INSTANCE, false));
    let addresses = section.get("virtual_ipaddress").map(|list| held::read(&list, unique));
    let (name, interface, (id_spot, id), source) = (name?, device?, id?, source?);
    let words = format!("{id} is another instance's on {interface}; choose a different one");
    id_spot.once(&mut unique.ids, (interface.clone(), id, source.is_ipv4()), words);
    Some(VrrpInstance {
        unicast_peer: peers.map(|list| peer_list(&list, source)).unwrap_or_default(),
        virtual_ipaddress: addresses.unwrap_or_default(),
        name,
        interface,
        virtual_router_id: id,
        priority,
        advert_int,
        unicast_src_ip: source,
        extra,
    })
}

fn name(spot: &Spot<'_>, unique: &mut Unique) -> Option<String> {
    let name = spot.name()?;
    let words = format!("\"{name}\" is another instance's name; choose a different one");
    spot.once(&mut unique.names, name.clone(), words);
    Some(name)
}

/// A network interface's name.
pub(super) fn interface(spot: &Spot<'_>) -> Option<String> {
    let name = spot.text()?;
    let good = name.len() <= 15 && !name.contains(['/', ':']) && name != "." && name != "..";
    if !good {
        spot.fault(format!("{} is no interface; write one as \"ip link\" shows it", spot.tree.shown()));
    }
    (good && spot.literal(name)).then(|| name.to_owned())
}

/// A whole number in one byte.
pub(super) fn byte(spot: &Spot<'_>, least: u8, most: u8) -> Option<u8> {
    spot.count(u32::from(least)..=u32::from(most)).and_then(|n| u8::try_from(n).ok())
}

/// Steps of VRRP version 3 are 10 ms, and it counts to 40.95 s.
fn interval(spot: &Spot<'_>) -> Option<Duration> {
    let interval = spot.duration(ms(10)..=seconds(40))?;
    let whole = interval.as_millis() % 10 == 0;
    if !whole {
        spot.fault(format!("{} is not in steps of 10ms; write 1s or 250ms", spot.tree.shown()));
    }
    whole.then_some(interval)
}

fn ip(spot: &Spot<'_>) -> Option<IpAddr> {
    let found = spot.text()?.parse::<IpAddr>();
    if found.is_err() {
        spot.fault(format!("{} is no IP address; write it like \"192.168.2.11\"", spot.tree.shown()));
    }
    found.ok()
}

fn peer_list(list: &Spot<'_>, source: IpAddr) -> Vec<IpAddr> {
    let mut peers = Vec::new();
    let mut any = false;
    for spot in list.items().into_iter().flatten() {
        any = true;
        match ip(&spot) {
            Some(peer) if peer == source => spot.fault("is this director's own address; write the other's"),
            Some(peer) if peer.is_ipv4() != source.is_ipv4() => {
                spot.fault(format!(
                    "{peer} is not of the family of unicast_src_ip ({source}); write one that is"
                ));
            }
            peer => peers.extend(peer),
        }
    }
    if !any {
        list.fault(
            "no peers, and then keepalived would speak to everybody; list the other director's address",
        );
    }
    peers
}
