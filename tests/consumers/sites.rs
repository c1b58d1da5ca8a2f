//! Two sites on one machine: in each a director with `mppd` and `mpp-web`, both over the same two servers.

use crate::dns;
use crate::support::stage::wait_well;
use crate::support::{Agent, Server, Use, pair_master_master, wait_until};
use crate::web::{PORT, Web, free_address, listening};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

/// Generous: a busy machine is no fault.
pub const BOUND: Duration = Duration::from_secs(60);
/// The longest from one look of those who ask to the next.
const ROUND: Duration = Duration::from_secs(2);
/// What both sites are asked.
pub const SITE: &str = "/v1/pools/db/site";

/// A site: its director.
pub struct Site {
    /// Its `mppd`.
    pub agent: Agent,
    /// Its `mpp-web`, at the address that clients are given too.
    pub web: Web,
}

/// Both, and the servers: the first belongs to the first.
pub struct Sites {
    /// Two directors.
    pub sites: [Site; 2],
    /// `db1`, `db2`.
    pub servers: Vec<Server>,
}

impl Sites {
    /// All is well, and the first site has the ACTIVE node.
    pub fn start() -> Sites {
        let servers: Vec<Server> = pair_master_master(Use::Gtid).into();
        let sites = [0, 1].map(|own| Site::start(&servers, own));
        for site in &sites {
            wait_well(&site.agent, "db1");
        }
        let sites = Sites { sites, servers };
        sites.wait_up([true, false]);
        sites
    }

    /// What a client is given who is sent to this site.
    pub fn address(&self, site: usize) -> Ipv4Addr {
        match self.sites[site].web.at().ip() {
            IpAddr::V4(address) => address,
            IpAddr::V6(address) => panic!("{address} is no loopback of ours"),
        }
    }

    /// Waits until the sites say this of themselves.
    #[track_caller]
    pub fn wait_up(&self, up: [bool; 2]) {
        wait_until(&format!("the sites are {up:?}"), BOUND, || self.up() == up.map(Some));
    }

    /// What the sites say of themselves, if they do.
    fn up(&self) -> [Option<bool>; 2] {
        [0, 1].map(|site: usize| match self.sites[site].web.get(SITE).0 {
            200 => Some(true),
            503 => Some(false),
            _ => None,
        })
    }

    /// Kills the first site's server at a random moment of the name server's round; when both sites have said so, and when the name server has, after the kill.
    pub fn fail_over(&mut self, server: SocketAddr, name: &str) -> (Duration, Duration) {
        let moved = self.address(1);
        thread::sleep(at_random(ROUND));
        let began = Instant::now();
        self.servers[0].kill9();
        self.wait_up([false, true]);
        let detected = began.elapsed();
        wait_for(server, name, moved);
        (detected, began.elapsed())
    }
}

impl Site {
    fn start(servers: &[Server], own: usize) -> Site {
        let at = free_address(PORT);
        let node = |(n, server): (usize, &Server)| {
            let local = if n == own { ", local: true" } else { "" };
            format!("      - {{ name: db{}, address: \"{}\"{local} }}\n", n + 1, server.address())
        };
        let nodes: String = servers.iter().enumerate().map(node).collect();
        let mut agent = Agent::prepare(&nodes, "", &listening(at));
        agent.launch();
        let web = Web::start(&agent, at);
        Site { agent, web }
    }
}

/// Waits until a name server gives this address, and no other.
#[track_caller]
pub fn wait_for(server: SocketAddr, name: &str, address: Ipv4Addr) {
    let mut said = Vec::new();
    wait_until(&format!("{name} is {address}"), BOUND, || {
        said = dns::addresses(server, name);
        said.iter().map(|answer| answer.0).eq([address])
    });
    println!("{name} is {address}, TTL {}", said[0].1);
}

/// A moment within so long.
pub fn at_random(within: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1000;
    within.mul_f64(random as f64 / 1000.0)
}
