//! Virtual servers and their real servers as one flat list, and what is decided for each of them.

use super::track;
use crate::config::{Method, Settings};
use crate::core::words::{NodeId, Role};
use crate::state::{self, asked};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// All virtual servers of a configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the configuration.
    pub services: Vec<Service>,
    /// The real servers of all services, service by service.
    pub reals: Vec<Real>,
    /// Where keepalived writes its process id; `None`: no keepalived runs here.
    pub pid_file: Option<PathBuf>,
}

/// A virtual server.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The place of its pool.
    pub pool: usize,
    /// Which verdict counts.
    pub role: Role,
    /// Where clients connect.
    pub address: SocketAddr,
    /// Who may stand there when nobody else does.
    pub sorry_server: Option<SocketAddr>,
    /// The kernel's name of its scheduler.
    pub scheduler: String,
    /// A client keeps its real server for this long; whole seconds.
    pub persistence_timeout: Option<Duration>,
    /// Between two checks of a real server.
    pub delay_loop: Duration,
    /// Its real servers, by their places in the plan.
    pub reals: Range<usize>,
}

/// A node behind a virtual server.
#[derive(Debug, PartialEq, Eq)]
pub struct Real {
    /// Its name.
    pub name: String,
    /// Its place in the pool.
    pub node: NodeId,
    /// Its address.
    pub address: SocketAddr,
    /// How packets reach it.
    pub method: Method,
    /// The full weight here, and the node's own.
    full: (u8, u8),
    /// Where the mark of its checks is, in bytes.
    pub mark: u64,
    /// The track file that says UP or DOWN.
    pub down_file: String,
    /// The track file that says the weight.
    pub weight_file: String,
}

/// What is decided for a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// UP or DOWN.
    pub up: bool,
    /// The weight it has, or would have if it were UP; 0..=253.
    pub weight: u8,
}

/// All that is decided at one moment.
#[derive(Debug, Default)]
pub struct Decided {
    /// Rises with every change.
    pub generation: u64,
    /// For whom.
    pub plan: Arc<Plan>,
    /// By the places in the plan.
    pub wanted: Vec<Wanted>,
}

impl Plan {
    /// The plan of a configuration.
    pub fn of(settings: &Settings) -> Plan {
        let mut plan = Plan { pid_file: settings.keepalived.pid_file.clone(), ..Plan::default() };
        for vs in &settings.keepalived.virtual_servers {
            let nodes = &settings.pools[vs.pool].decision.nodes;
            let first = plan.reals.len();
            let nodes_before: usize = settings.pools[..vs.pool].iter().map(|p| p.access.len()).sum();
            plan.reals.extend(vs.real_servers.iter().map(|r| {
                let node = &nodes[r.node];
                Real {
                    name: node.name.clone(),
                    node: r.node,
                    address: r.address,
                    method: r.method.unwrap_or(vs.method),
                    full: (r.weight.unwrap_or(node.weight), node.weight),
                    mark: asked::offset((nodes_before + r.node) as u64, published(vs.role)),
                    down_file: track::down(&vs.name, &node.name),
                    weight_file: track::weight(&vs.name, &node.name),
                }
            }));
            plan.services.push(Service {
                name: vs.name.clone(),
                pool: vs.pool,
                role: vs.role,
                address: vs.address,
                sorry_server: vs.sorry_server,
                scheduler: vs.scheduler.clone(),
                persistence_timeout: vs.persistence_timeout,
                delay_loop: settings.keepalived.delay_loop_of(vs),
                reals: first..plan.reals.len(),
            });
        }
        plan
    }
}

/// A role, as the published state has it.
fn published(role: Role) -> state::Role {
    match role {
        Role::Rw => state::Role::Rw,
        Role::Ro => state::Role::Ro,
        Role::Geo => state::Role::Geo,
    }
}

impl Real {
    /// What a weight of the node comes to behind this virtual server: 0 stays 0, and nothing else becomes 0.
    pub fn weight(&self, of_node: u8) -> u8 {
        let (here, own) = (u16::from(self.full.0), u16::from(self.full.1.max(1)));
        u8::try_from((u16::from(of_node) * here).div_ceil(own)).unwrap_or(self.full.0)
    }
}

#[cfg(test)]
impl Plan {
    /// One virtual server `vs` for `rw`, 192.0.2.1:3306, over nodes `db0`, `db1`... at 192.0.2.10, .11 and so on.
    pub(super) fn sample(nodes: u8) -> Plan {
        let reals = (0..nodes).map(|n| real(n, (1, 1))).collect();
        let service = Service {
            name: "vs".into(),
            pool: 0,
            role: Role::Rw,
            address: ([192, 0, 2, 1], 3306).into(),
            sorry_server: None,
            scheduler: "wlc".into(),
            persistence_timeout: None,
            delay_loop: Duration::from_millis(250),
            reals: 0..nodes.into(),
        };
        Plan { services: vec![service], reals, pid_file: None }
    }
}

#[cfg(test)]
fn real(n: u8, full: (u8, u8)) -> Real {
    let name = format!("db{n}");
    Real {
        node: n.into(),
        address: ([192, 0, 2, 10 + n], 3306).into(),
        method: Method::Nat,
        full,
        mark: u64::from(n) * 24,
        down_file: track::down("vs", &name),
        weight_file: track::weight("vs", &name),
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(here: u8, own: u8) -> Real {
        super::real(0, (here, own))
    }

    #[test]
    fn a_weight_of_its_own_is_scaled_as_the_node_is_and_never_to_nothing() {
        assert_eq!(real(1, 1).weight(1), 1);
        assert_eq!(real(50, 100).weight(100), 50);
        assert_eq!(real(253, 100).weight(100), 253);
        assert_eq!(real(50, 253).weight(1), 1);
        assert_eq!(real(50, 100).weight(0), 0);
    }
}
