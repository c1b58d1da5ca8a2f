//! `virtual_ipaddress`: which addresses a VRRP instance holds.

use std::collections::HashSet;
use std::net::IpAddr;

use super::lvs::{VirtualAddress, VirtualServer, VrrpInstance};
use super::section::Spot;
use super::vrrp_instance::Unique;

/// The addresses of a list, in keepalived's form.
pub(super) fn read(list: &Spot<'_>, unique: &mut Unique) -> Vec<VirtualAddress> {
    let mut held = Vec::new();
    let mut any = false;
    for spot in list.items().into_iter().flatten() {
        any = true;
        let Some(address) = one(&spot) else { continue };
        spot.once(&mut unique.held, address.ip, format!("{} is held already; keep one", address.ip));
        held.push(address);
    }
    if !any {
        list.fault("no addresses; list some, or remove the key: then those of the virtual servers are held");
    }
    held
}

fn one(spot: &Spot<'_>) -> Option<VirtualAddress> {
    let text = spot.text()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(ip) = words.first().and_then(|word| address(word)) else {
        let form = "write it like \"192.168.2.1/24 dev eth0\"";
        spot.fault(format!("{} does not begin with an IP address; {form}", spot.tree.shown()));
        return None;
    };
    let words = words.join(" ");
    spot.literal(&words.replace(' ', "")).then_some(VirtualAddress { ip, words })
}

/// `192.168.2.1/24`, or without the length of its network.
fn address(word: &str) -> Option<IpAddr> {
    let (ip, length) = word.split_once('/').map_or((word, None), |(ip, length)| (ip, Some(length)));
    let ip: IpAddr = ip.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most)).then_some(ip)
}

/// Gives those without a list the virtual servers' addresses that nobody holds: of their family, and of the other
/// family where it has no instance. Warns of what is held by none then.
pub(super) fn fill(list: &Spot<'_>, instances: &mut [VrrpInstance], servers: &[VirtualServer]) {
    let mut left: Vec<IpAddr> = Vec::new();
    let mut seen: HashSet<IpAddr> =
        instances.iter().flat_map(|instance| &instance.virtual_ipaddress).map(|address| address.ip).collect();
    left.extend(servers.iter().map(|server| server.address.ip()).filter(|ip| seen.insert(*ip)));
    let families: HashSet<bool> =
        instances.iter().map(|instance| instance.unicast_src_ip.is_ipv4()).collect();
    for instance in instances.iter_mut().filter(|instance| instance.virtual_ipaddress.is_empty()) {
        let own = instance.unicast_src_ip.is_ipv4();
        let takes = |ip: &IpAddr| ip.is_ipv4() == own || !families.contains(&ip.is_ipv4());
        instance.virtual_ipaddress =
            left.iter().filter(|ip| takes(ip)).map(|ip| alone(*ip, &instance.interface)).collect();
        left.retain(|ip| !takes(ip));
    }
    wants_own_family(list, instances);
    for ip in left {
        list.warn(format!(
            "no instance holds {ip}, a virtual server's address; add it to a virtual_ipaddress"
        ));
    }
}

/// keepalived wants one at least: it is what its signs of life speak of.
fn wants_own_family(list: &Spot<'_>, instances: &[VrrpInstance]) {
    let lacks = |instance: &&VrrpInstance| {
        let own = instance.unicast_src_ip.is_ipv4();
        instance.virtual_ipaddress.iter().all(|address| address.ip.is_ipv4() != own)
    };
    if list.reading.faults() > 0 {
        // What it would hold may be what is at fault.
        return;
    }
    for instance in instances.iter().filter(lacks) {
        list.fault(format!(
            "{} holds no address of the family of {}, but keepalived wants one; list some in its virtual_ipaddress",
            instance.name, instance.unicast_src_ip
        ));
    }
}

fn alone(ip: IpAddr, interface: &str) -> VirtualAddress {
    let length = if ip.is_ipv4() { 32 } else { 128 };
    VirtualAddress { ip, words: format!("{ip}/{length} dev {interface}") }
}
