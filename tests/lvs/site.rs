//! The network of a site in a guest: directors, database servers, and clients on either side of them.
//!
//! ```text
//!   outside ---- wan ---- director(s) ---- lan ---- db1, db2
//!                                           '------ inside
//! ```
//! Clients outside reach virtual addresses on the wan (NAT). Clients inside reach others, which director and servers have in
//! common, through the director, and the servers answer them directly (DR).

use crate::support::net::Net;
use crate::support::{Options, Server, Use, replicate};
use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Where servers listen, virtual ones too.
const PORT: u16 = 3306;
const SERVERS: u8 = 2;
/// How many virtual addresses there are of each kind: numbers 1 to this.
const SERVICES: u8 = 4;
/// Numbers of hosts on lan and wan.
const CLIENT: u8 = 100;
/// The first of them, and so on.
pub const DIRECTOR: u8 = 251;
pub const GATEWAY: u8 = 254;

/// The three networks: the middle of their addresses.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Of {
    Lan = 1,
    Wan = 2,
    /// Virtual addresses that director and servers have in common.
    Common = 3,
}

/// How clients reach the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Nat4,
    Dr4,
    Nat6,
    Dr6,
}

/// Every host of it.
pub struct Site {
    /// Where mppd and keepalived live.
    pub directors: Vec<Arc<Net>>,
    /// Where db1 and db2 live.
    pub nodes: Vec<Arc<Net>>,
    outside: Arc<Net>,
    inside: Arc<Net>,
    switch: Net,
}

impl Way {
    /// As keepalived calls it.
    pub fn method(self) -> &'static str {
        if self.is_nat() { "NAT" } else { "DR" }
    }

    fn is_nat(self) -> bool {
        matches!(self, Way::Nat4 | Way::Nat6)
    }

    fn address(self, of: Of, host: u8) -> SocketAddr {
        let is_v6 = matches!(self, Way::Nat6 | Way::Dr6);
        SocketAddr::new(if is_v6 { v6(of, host).into() } else { IpAddr::from(v4(of, host)) }, PORT)
    }

    /// The virtual server with this number, from 1.
    pub fn service(self, number: u8) -> SocketAddr {
        self.address(if self.is_nat() { Of::Wan } else { Of::Common }, number)
    }

    /// Every node, as directors find it.
    pub fn nodes(self) -> Vec<SocketAddr> {
        (1..=SERVERS).map(|host| self.address(Of::Lan, host)).collect()
    }
}

impl Site {
    /// With so many directors. A single one is the servers' gateway and has every virtual address; several have to find out
    /// who is.
    pub fn of(directors: u8) -> Site {
        let nets = |count| (0..count).map(|_| Arc::new(Net::new(None))).collect::<Vec<_>>();
        let mut clients = nets(2);
        let (outside, inside) = (clients.remove(0), clients.remove(0));
        let site = Site {
            switch: Net::new(None),
            directors: nets(directors),
            nodes: nets(SERVERS),
            outside,
            inside,
        };
        configure(&site.switch, &[], &site.cables());
        (DIRECTOR..).zip(&site.directors).for_each(|(host, net)| director(net, host, directors == 1));
        (1..).zip(&site.nodes).for_each(|(host, net)| node(net, host));
        configure(&site.outside, &[], &has(Of::Wan, CLIENT, "eth0"));
        configure(&site.inside, &[], &(has(Of::Lan, CLIENT, "eth0") + &to_common()));
        site
    }

    /// For the switch: two bridges, and a cable from one of them to each interface of everybody.
    fn cables(&self) -> String {
        let bridge = "up type bridge forward_delay 0 mcast_snooping 0";
        let bridges = format!("link add wan {bridge}\nlink add lan {bridge}\n");
        let directors = self.directors.iter().flat_map(|net| [(net, "eth0", "wan"), (net, "eth1", "lan")]);
        let nodes = self.nodes.iter().map(|net| (net, "eth0", "lan"));
        let all =
            directors.chain(nodes).chain([(&self.outside, "eth0", "wan"), (&self.inside, "eth0", "lan")]);
        let cable = |(n, (net, interface, bridge)): (usize, (&Arc<Net>, _, _))| {
            let pid = net.pid();
            format!(
                "link add port{n} type veth peer name {interface} netns {pid}\nlink set port{n} master {bridge} up\n"
            )
        };
        all.enumerate().map(cable).fold(bridges, |text, cable| text + &cable)
    }

    /// Where clients are that come on this way.
    pub fn clients(&self, way: Way) -> &Arc<Net> {
        if way.is_nat() { &self.outside } else { &self.inside }
    }

    /// Starts db1 and db2, each the replica of the other.
    pub fn start_pair(&self) -> Vec<Server> {
        let servers = self.start_servers();
        replicate(&servers[0], &servers[1], Use::Gtid, "");
        replicate(&servers[1], &servers[0], Use::Gtid, "");
        servers
    }

    fn start_servers(&self) -> Vec<Server> {
        let options = |(host, net): (u8, &Arc<Net>)| {
            let options = net.server(host.into(), v4(Of::Lan, host));
            let options = Options { auto_increment: (SERVERS.into(), host.into()), ..options };
            // At virtual addresses too; and this kernel has no 8 TiB of addresses for it.
            options.arg("--bind-address=*").arg("--loose-innodb-buffer-pool-size-max=8M")
        };
        Server::start_all(&(1..).zip(&self.nodes).map(options).collect::<Vec<_>>())
    }
}

/// An address of those that are set aside for tests.
pub fn v4(of: Of, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, of as u8, host)
}

/// An address of those that are set aside for documentation.
fn v6(of: Of, host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, of as u16, 0, 0, 0, 0, host.into())
}

fn director(net: &Net, host: u8, is_alone: bool) {
    let own = has(Of::Lan, host, "eth1") + &has(Of::Wan, host, "eth0") + &common();
    let services = (1..=SERVICES).map(|host| has(Of::Wan, host, "eth0"));
    let shared: String = services.chain([has(Of::Lan, GATEWAY, "eth1")]).collect();
    let settings = [
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv6.conf.all.forwarding", "1"),
        ("net.ipv4.conf.all.send_redirects", "0"),
        ("net.ipv4.conf.default.send_redirects", "0"),
        ("net.ipv4.vs.expire_nodest_conn", "1"),
    ];
    configure(net, &settings, &(own + if is_alone { &shared } else { "" }));
}

fn node(net: &Net, host: u8) {
    let (gateway4, gateway6) = (v4(Of::Lan, GATEWAY), v6(Of::Lan, GATEWAY));
    let routes = format!("route add default via {gateway4}\nroute add default via {gateway6}\n");
    // Nobody but the director is to be told that the common addresses are here.
    let settings = [("net.ipv4.conf.all.arp_ignore", "1"), ("net.ipv4.conf.all.arp_announce", "2")];
    configure(net, &settings, &(has(Of::Lan, host, "eth0") + &common() + &routes));
}

/// For `ip -batch`: where the addresses are that director and servers have in common.
fn to_common() -> String {
    let (gateway4, gateway6) = (v4(Of::Lan, GATEWAY), v6(Of::Lan, GATEWAY));
    format!(
        "route add {}/24 via {gateway4}\nroute add {}/64 via {gateway6}\n",
        v4(Of::Common, 0),
        v6(Of::Common, 0)
    )
}

/// For `ip -batch`: both addresses of this host, on an interface that is up.
fn has(of: Of, host: u8, interface: &str) -> String {
    let (v4, v6) = (v4(of, host), v6(of, host));
    format!(
        "link set {interface} up\naddr add {v4}/24 dev {interface}\naddr add {v6}/64 dev {interface} nodad\n"
    )
}

/// The same of the addresses in common.
fn common() -> String {
    let both = |host| (v4(Of::Common, host), v6(Of::Common, host));
    let own = |(v4, v6)| format!("addr add {v4}/32 dev lo\naddr add {v6}/128 dev lo\n");
    (1..=SERVICES).map(both).map(own).collect()
}

/// Settings of the kernel as sysctl calls them, and commands for `ip -batch`. Every process costs a guest a tenth of a second:
/// this takes one.
pub fn configure(net: &Net, settings: &[(&str, &str)], commands: &str) {
    net.within(|| {
        for (name, value) in settings {
            let file = format!("/proc/sys/{}", name.replace('.', "/"));
            fs::write(file, value).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        let mut command = Command::new("ip");
        let mut ip = command.args(["-batch", "-"]).stdin(Stdio::piped()).spawn().expect("ip, from iproute2");
        let commands = format!("link set lo up\n{commands}");
        ip.stdin.take().expect("its input").write_all(commands.as_bytes()).expect("the commands written");
        assert!(ip.wait().expect("its end").success(), "{commands}");
    });
}
