//! Many nodes: two real servers which replicate from each other and answer on every loopback address.

use super::published::Published;
use super::support::accounts::MONITOR;
use super::support::replication::replicate;
use super::support::{Agent, Options, Server, Use, wait_until};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(120);

/// How many pools of how many nodes.
#[derive(Clone, Copy)]
pub struct Shape {
    pub pools: usize,
    pub nodes: usize,
}

/// The two servers: the first is every pool's PRIMARY, the second all the others.
pub struct Servers(pub Vec<Server>);

/// An `mppd` with its crowd of nodes, every pool with an ACTIVE node.
pub struct Crowd {
    pub agent: Agent,
    pub published: Published,
    pub shape: Shape,
}

impl Shape {
    /// Every pool and node by their places.
    pub fn places(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.pools).flat_map(move |pool| (0..self.nodes).map(move |node| (pool, node)))
    }

    /// How many nodes in all.
    pub fn total(self) -> usize {
        self.pools * self.nodes
    }
}

impl Servers {
    /// Starts them, with room for so many connections each, and these arguments besides.
    pub fn start(connections: usize, extra: &[&str]) -> Servers {
        let options = [1, 2].map(|id| {
            let options = Options::id(id).everywhere(free_port());
            let options = options.arg(format!("--max-connections={connections}")).arg("--thread-stack=192K");
            extra.iter().fold(options, |options, arg| options.arg(*arg))
        });
        let servers = Server::start_all(&options);
        replicate(&servers[0], &servers[1], Use::Gtid, "");
        replicate(&servers[1], &servers[0], Use::Gtid, "");
        Servers(servers)
    }

    /// Where a node is: an address of its own, the port of its server.
    pub fn address(&self, shape: Shape, (pool, node): (usize, usize)) -> SocketAddr {
        let number = (pool * shape.nodes + node) as u32;
        let ip =
            Ipv4Addr::new(127, 2 + (number >> 14) as u8, (number >> 7 & 127) as u8, 1 + (number & 127) as u8);
        SocketAddr::new(ip.into(), self.0[node.min(1)].address().port())
    }
}

impl Crowd {
    /// Starts `mppd` on so many nodes; `first` is where the first of all is asked instead. Back when every pool has its
    /// ACTIVE node.
    pub fn start(servers: &Servers, shape: Shape, first: impl Fn(SocketAddr) -> SocketAddr) -> Crowd {
        let mut pools = String::new();
        for (pool, node) in shape.places() {
            if node == 0 {
                pools += &format!("  - name: p{pool}\n    nodes:\n");
            }
            let mut address = servers.address(shape, (pool, node));
            if (pool, node) == (0, 0) {
                address = first(address);
            }
            pools += &format!("      - {{ name: db{node}, address: \"{address}\" }}\n");
        }
        let agent = start_agent(&pools, ", tls: disabled");
        let mut published = Published::open(&agent.state_file());
        wait_until("every pool has its ACTIVE node", BOUND, || {
            published.refresh();
            (0..shape.pools).all(|pool| published.is_up(pool, 0))
        });
        Crowd { agent, published, shape }
    }
}

/// An `mppd` with these pools, and `monitor` keys besides; back when its state is published.
pub fn start_agent(pools: &str, monitor: &str) -> Agent {
    let mut agent = Agent::prepare("", "", "");
    let dir = agent.path("");
    let dir = dir.display();
    let text = format!(
        "runtime_dir: {dir}run\nstate_dir: {dir}state\nalerts: {{ syslog: {{ address: {dir}log.sock }} }}\n\
         monitor: {{ user: {MONITOR}, password_file: {dir}password{monitor} }}\npools:\n{pools}"
    );
    std::fs::write(agent.config(), text).expect("the configuration written");
    agent.launch();
    agent
}

/// A port nobody listens on, at any address, and which the kernel gives to nobody by itself.
fn free_port() -> u16 {
    let random = || 20_000 + (RandomState::new().hash_one(0) % 10_000) as u16;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    std::iter::repeat_with(random).find(free).expect("endless")
}
