//! The hosts of two sites and of the world between them, each in a namespace of its own; and every cable that can be cut.
//!
//! ```text
//!   db1, inner1, director1 --- lan1 --- router1 ---- VPN ---- router2 --- lan2 --- director2, inner2, db2
//!                                          '----- internet -----'
//!                                     dns, outside (two hosts to ask), client
//! ```
//! All cables end in one switch, which drops what a cut loses. Between the sites everything takes the VPN, but for the
//! directors' second addresses: these are reached over the internet.

use crate::support::net::Net;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Both sites.
pub const SITES: [u8; 2] = [1, 2];
/// Numbers of hosts in a site's network.
pub const VIP: u8 = 1;
/// A director's address that does not depend on the VPN.
pub const OUTSIDE: u8 = 2;
pub const SERVER: u8 = 11;
pub const INNER: u8 = 21;
pub const ROUTER: u8 = 254;
/// Numbers of hosts on the internet, where routers have their sites'.
pub const DNS: u8 = 53;
pub const CLIENT: u8 = 100;
pub const ASKED: [u8; 2] = [101, 102];

const VPN_NET: u8 = 100;
const INTERNET_NET: u8 = 200;
/// `mppd`, whose group is root's here, may send echoes.
const PINGS: &str = "echo 0 0 >/proc/sys/net/ipv4/ping_group_range\n";
const FORWARDS: &str = "echo 1 >/proc/sys/net/ipv4/ip_forward\n";

/// Every host and the switch between them.
pub struct Network {
    switch: Net,
    hosts: BTreeMap<String, Arc<Net>>,
}

/// What a cut cable loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loses {
    Everything,
    /// What the host at its end sends.
    Sent,
    /// What it would receive.
    Received,
}

/// An address in a site's network.
pub fn at_site(site: u8, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, site, host)
}

/// An address on the internet.
pub fn on_internet(host: u8) -> Ipv4Addr {
    at_site(INTERNET_NET, host)
}

impl Network {
    /// Everything plugged in.
    pub fn new() -> Network {
        let mut network = Network { switch: Net::new(None), hosts: BTreeMap::new() };
        let bridge =
            |name| format!("ip link add sw-{name} up type bridge forward_delay 0 mcast_snooping 0\n");
        network.switch.run(&["lan1", "lan2", "vpn", "internet"].map(bridge).concat());
        for site in SITES {
            let (lan, default) = (format!("lan{site}"), route("default", at_site(site, ROUTER)));
            let host = |numbers: &[u8]| addresses(site, numbers, "eth0") + &default;
            network.add(&format!("db{site}"), &[&lan], &host(&[SERVER]));
            network.add(&format!("inner{site}"), &[&lan], &host(&[INNER]));
            network.add(&format!("director{site}"), &[&lan], &(host(&[VIP, OUTSIDE]) + &director(site)));
            network.add(&format!("router{site}"), &[&lan, "vpn", "internet"], &router(site));
        }
        let to_sites: String = SITES.map(|site| route(&lan(site), on_internet(site))).concat();
        for (name, numbers) in [("dns", &[DNS][..]), ("outside", &ASKED), ("client", &[CLIENT])] {
            let script = addresses(INTERNET_NET, numbers, "eth0") + &to_sites;
            network.add(name, &["internet"], &script);
        }
        network
    }

    /// A host with a cable to each of these bridges. A cable is called like its host, and like its bridge besides if the host
    /// has several.
    fn add(&mut self, name: &str, bridges: &[&str], script: &str) {
        let net = Net::new(None);
        let cable = |(n, bridge): (usize, &&str)| {
            let port = if bridges.len() == 1 { name.to_owned() } else { format!("{name}-{}", &bridge[..3]) };
            let pid = net.pid();
            format!(
                "ip link add {port} type veth peer name eth{n} netns {pid}\nip link set {port} master sw-{bridge} up\n"
            )
        };
        self.switch.run(&bridges.iter().enumerate().map(cable).collect::<String>());
        net.run(&format!("ip link set lo up\n{script}"));
        self.hosts.insert(name.to_owned(), Arc::new(net));
    }

    /// A host by its name.
    pub fn host(&self, name: &str) -> &Arc<Net> {
        self.hosts.get(name).unwrap_or_else(|| panic!("no host {name}"))
    }

    /// From now on these cables are cut, and no others.
    pub fn cut<'a>(&self, cables: impl IntoIterator<Item = (&'a str, Loses)>) {
        let mut rules = String::new();
        for (port, loses) in cables {
            if loses != Loses::Received {
                _ = writeln!(rules, "iifname {port} drop");
            }
            if loses != Loses::Sent {
                _ = writeln!(rules, "oifname {port} drop");
            }
        }
        self.switch.run(&format!(
            "nft -f - <<'END'\nflush ruleset\ntable bridge cut {{\n chain forward {{\n  \
             type filter hook forward priority 0;\n{rules} }}\n}}\nEND\n"
        ));
    }
}

fn addresses(network: u8, numbers: &[u8], interface: &str) -> String {
    let add = |n: &u8| format!("ip addr add {}/24 dev {interface}\n", at_site(network, *n));
    numbers.iter().map(add).collect::<String>() + &format!("ip link set {interface} up\n")
}

fn lan(site: u8) -> String {
    format!("{}/24", at_site(site, 0))
}

fn route(to: &str, via: Ipv4Addr) -> String {
    format!("ip route add {to} via {via}\n")
}

/// What it sends to the other director's second address comes from its own, so that answers do not take the VPN either.
fn director(site: u8) -> String {
    let (other, own, gateway) = (at_site(3 - site, OUTSIDE), at_site(site, OUTSIDE), at_site(site, ROUTER));
    format!("ip route add {other} via {gateway} src {own}\n{FORWARDS}{PINGS}")
}

fn router(site: u8) -> String {
    let other = 3 - site;
    [
        FORWARDS.to_owned(),
        addresses(site, &[ROUTER], "eth0"),
        addresses(VPN_NET, &[site], "eth1"),
        addresses(INTERNET_NET, &[site], "eth2"),
        route(&lan(other), at_site(VPN_NET, other)),
        route(&at_site(other, OUTSIDE).to_string(), on_internet(other)),
    ]
    .concat()
}
