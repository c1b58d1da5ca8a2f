//! Virtual servers against the addresses of this machine and of their nodes.

use super::finding::{Judgement, Step};
use super::kernel::CONNTRACK;
use super::machine::{HERE, here, run};
use super::machine_facts::Director;
use super::rule::{ADDRESS_AWAY, DR_NODES, FAMILY, ONE_NETWORK, TUN_NODES};
use crate::config::{Method, VirtualServer};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// Everything about addresses.
pub(super) fn judge(director: &Director) -> Vec<Judgement> {
    let servers = &director.virtual_servers;
    let mut all: Vec<Judgement> = servers.iter().map(|vs| address(director, vs)).collect();
    all.extend(methods(director).filter_map(|(vs, real, method)| family(vs, real, method)));
    let by = |wanted| -> BTreeSet<SocketAddr> {
        methods(director).filter(|(_, _, method)| *method == wanted).map(|(vs, ..)| vs.address).collect()
    };
    all.extend(shares_a_network(director).then(|| one_network(director)));
    all.extend(by(Method::Dr).into_iter().map(direct));
    all.extend(by(Method::Tun).into_iter().map(tunnel));
    all
}

/// Every virtual server with each of its nodes' addresses, and how packets get there.
pub(super) fn methods(director: &Director) -> impl Iterator<Item = (&VirtualServer, IpAddr, Method)> {
    director.virtual_servers.iter().flat_map(|vs| {
        vs.real_servers.iter().map(move |real| (vs, real.address.ip(), real.method.unwrap_or(vs.method)))
    })
}

/// Whether a virtual address and a node behind it by NAT are of one network of this machine's.
pub(super) fn shares_a_network(director: &Director) -> bool {
    let within = |ip: IpAddr, net: IpAddr, length: u8| match (ip, net) {
        (IpAddr::V4(ip), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            ip.to_bits() & mask == net.to_bits() & mask
        }
        _ => false,
    };
    let nat = methods(director).filter(|(_, _, method)| *method == Method::Nat);
    nat.into_iter().any(|(vs, real, _)| {
        director.addresses.iter().any(|&(net, length)| {
            length < 32 && within(real, net, length) && within(vs.address.ip(), net, length)
        })
    })
}

fn address(director: &Director, vs: &VirtualServer) -> Judgement {
    let ip = vs.address.ip();
    let there = director.addresses.iter().any(|(own, _)| *own == ip);
    let words =
        format!("{ip} of virtual server {} is {}on this machine", vs.name, if there { "" } else { "not " });
    here(there, &ADDRESS_AWAY, words, || {
        run([format!("ip addr show to {ip}   # on both directors: one holds it")])
    })
}

fn family(vs: &VirtualServer, real: IpAddr, method: Method) -> Option<Judgement> {
    let same = vs.address.is_ipv4() == real.is_ipv4();
    let words = format!("virtual server {} at {}, a node at {real}, {}", vs.name, vs.address, method.word());
    let advice = || vec![Step::words(HERE, "use addresses of one family, or lvs_method TUN")];
    (method != Method::Tun).then(|| here(same, &FAMILY, words, advice))
}

fn one_network(director: &Director) -> Judgement {
    let conntrack = director.sysctls.get(CONNTRACK).map_or("not there", String::as_str);
    let words = format!("a virtual address and its nodes share a network (NAT); {CONNTRACK} is {conntrack}");
    here(false, &ONE_NETWORK, words, || {
        let route = "ip route replace NETWORK_OF_THE_CLIENTS via ADDRESS_OF_THE_DIRECTOR";
        let vips = methods(director).map(|(vs, ..)| vs.address).collect::<BTreeSet<_>>();
        let masquerade = vips.iter().map(|vip| {
            let match_it = format!("-m ipvs --vaddr {}/32 --vport {}", vip.ip(), vip.port());
            format!("iptables -t nat -A POSTROUTING {match_it} -j MASQUERADE")
        });
        let on = std::iter::once(format!("sysctl -w {CONNTRACK}=1"));
        vec![
            Step::shell("every node behind it", [route]),
            Step::words(HERE, "or, if nodes need not tell clients apart by their addresses:"),
            Step::shell(HERE, on.chain(masquerade)),
        ]
    })
}

fn direct(at: SocketAddr) -> Judgement {
    let ip = at.ip();
    let length = if ip.is_ipv4() { 32 } else { 128 };
    let lines = [
        "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2".to_owned(),
        format!("ip addr add {ip}/{length} dev lo"),
    ];
    let words = format!("nodes take packets for {ip} directly (DR)");
    here(false, &DR_NODES, words, || vec![Step::shell("every node behind it", lines)])
}

/// Clients are told to send shorter packets; an MTU of 1520 on the way to the nodes does as well.
fn tunnel(at: SocketAddr) -> Judgement {
    let ip = at.ip();
    let lines = [
        "modprobe ipip && ip link set tunl0 up".to_owned(),
        format!("ip addr add {ip}/32 dev tunl0"),
        "sysctl -w net.ipv4.conf.tunl0.rp_filter=0 net.ipv4.conf.all.rp_filter=0".to_owned(),
        "nft add table inet mpp".into(),
        "nft add chain inet mpp out '{ type route hook output priority 0; }'".into(),
        format!(
            "nft add rule inet mpp out tcp sport {} tcp flags syn tcp option maxseg size set 1440",
            at.port()
        ),
    ];
    let words = format!("nodes take packets for {ip} through a tunnel (TUN)");
    here(false, &TUN_NODES, words, || vec![Step::shell("every node behind it", lines)])
}
