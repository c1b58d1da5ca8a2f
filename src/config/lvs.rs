//! Settings of `keepalived:`: virtual servers over pools, and how keepalived is to be told. Never changed after load.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::core::words::{NodeId, Role};

/// As often as this a real server is checked, if there are few.
const SHORTEST_DELAY_LOOP: Duration = Duration::from_millis(250);
/// How many checks a second a director forks at most: each costs keepalived half a millisecond.
const CHECKS_A_SECOND: u32 = 200;
/// Delays are multiples of so many milliseconds.
const STEP: u32 = 50;

/// keepalived, its virtual servers and its directors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepalived {
    /// The version that fragments are made for; `None`: the one that is installed, else 2.2.7.
    pub target_version: Option<Version>,
    /// Between two checks of a real server, for virtual servers without their own; 50ms..=1h; `None`: so short that a
    /// director forks at most 200 checks a second, and at least 250ms.
    pub delay_loop: Option<Duration>,
    /// Whom checks run as.
    pub script_user: String,
    /// Where `mpp-check` is installed on the directors; absolute.
    pub check_path: PathBuf,
    /// Where keepalived writes its process id; absolute; `None`: no keepalived runs here.
    pub pid_file: Option<PathBuf>,
    /// In the order of the file; names and addresses are unique.
    pub virtual_servers: Vec<VirtualServer>,
    /// The VRRP part of a pair of directors.
    pub director: Option<Director>,
}

impl Default for Keepalived {
    fn default() -> Keepalived {
        Keepalived {
            target_version: None,
            delay_loop: None,
            script_user: "mpp".into(),
            check_path: "/usr/bin/mpp-check".into(),
            pid_file: Some("/run/keepalived.pid".into()),
            virtual_servers: Vec::new(),
            director: None,
        }
    }
}

impl Keepalived {
    /// Between two checks of a real server of this virtual server.
    pub fn delay_loop_of(&self, virtual_server: &VirtualServer) -> Duration {
        virtual_server.delay_loop.or(self.delay_loop).unwrap_or_else(|| self.usual_delay_loop())
    }

    fn usual_delay_loop(&self) -> Duration {
        let checks: usize = self.virtual_servers.iter().map(|vs| vs.real_servers.len()).sum();
        let checks = u32::try_from(checks).unwrap_or(u32::MAX);
        let ms = checks.saturating_mul(1000 / CHECKS_A_SECOND).div_ceil(STEP).saturating_mul(STEP);
        SHORTEST_DELAY_LOOP.max(Duration::from_millis(ms.into()))
    }
}

/// A version of keepalived: 2.2.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// The oldest that fragments are made for: the first that checks more often than once a second.
    pub const OLDEST: Version = Version(2, 0, 13);

    /// From `2.2.7`.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.split('.').map(|part| match part.as_bytes() {
            [b'0'..=b'9', ..] => part.parse().ok(),
            _ => None,
        });
        let version = Version(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(version)
    }
}

/// A virtual server: one address, one role of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualServer {
    /// Unique.
    pub name: String,
    /// Its pool, by its place in the settings.
    pub pool: usize,
    /// Which verdict decides who serves here.
    pub role: Role,
    /// Where clients connect; TCP; unique, and no node's own.
    pub address: SocketAddr,
    /// How packets reach real servers without their own method.
    pub method: Method,
    /// The kernel's name of a scheduler.
    pub scheduler: String,
    /// See [`Keepalived::delay_loop`].
    pub delay_loop: Option<Duration>,
    /// A client keeps its real server for this long; whole seconds.
    pub persistence_timeout: Option<Duration>,
    /// The sum of weights below which `sorry_server` serves; 1 to the number of real servers.
    pub quorum: Option<u32>,
    /// How far below `quorum` it may fall, and above it must rise again; less than `quorum`.
    pub hysteresis: Option<u32>,
    /// Who serves when nobody else does.
    pub sorry_server: Option<SocketAddr>,
    /// Lines of the operator's own, as they are.
    pub extra: Vec<String>,
    /// The nodes that may serve here, in the pool's order; at least one.
    pub real_servers: Vec<RealServer>,
}

/// A node behind a virtual server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealServer {
    /// Which node of the pool.
    pub node: NodeId,
    /// Its address.
    pub address: SocketAddr,
    /// The full weight here, 1..=253, in place of the node's.
    pub weight: Option<u8>,
    /// How packets reach it, in place of the virtual server's.
    pub method: Option<Method>,
    /// Lines of the operator's own, as they are.
    pub extra: Vec<String>,
}

/// How IPVS forwards packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Addresses are rewritten both ways.
    Nat,
    /// The real server answers the client itself; same port on both.
    Dr,
    /// The same, through an IP tunnel.
    Tun,
}

impl Method {
    /// Every method.
    pub const ALL: [Method; 3] = [Method::Nat, Method::Dr, Method::Tun];

    /// keepalived's word.
    pub fn word(self) -> &'static str {
        match self {
            Method::Nat => "NAT",
            Method::Dr => "DR",
            Method::Tun => "TUN",
        }
    }
}

/// The VRRP part of a pair of directors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Director {
    /// At least one; several go over together.
    pub vrrp_instances: Vec<VrrpInstance>,
    /// The interface over which directors tell each other of connections, with the first instance; and the sync id.
    pub lvs_sync_daemon: Option<(String, u8)>,
}

/// A set of addresses that one of the directors holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VrrpInstance {
    /// Unique.
    pub name: String,
    /// Where it speaks to the others.
    pub interface: String,
    /// 1..=255; the same on all directors.
    pub virtual_router_id: u8,
    /// 1..=254; the same on all directors, unless one of them is to take the addresses back whenever it can.
    pub priority: u8,
    /// Between two signs of life; 10ms..=40s, in steps of 10ms.
    pub advert_int: Duration,
    /// This director's own address.
    pub unicast_src_ip: IpAddr,
    /// The other directors', of the same family; at least one.
    pub unicast_peer: Vec<IpAddr>,
    /// The addresses it holds; no two instances hold the same.
    pub virtual_ipaddress: Vec<VirtualAddress>,
    /// Lines of the operator's own, as they are.
    pub extra: Vec<String>,
}

/// An address that moves between directors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualAddress {
    /// The address alone.
    pub ip: IpAddr,
    /// The same in keepalived's form: `192.168.2.1/24 dev eth0`.
    pub words: String,
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}
