//! A director: mppd, keepalived, and what IPVS has in its table.

use super::conf::{VirtualServer, one_of_two, section};
use super::keepalived::Keepalived;
use super::table::Table;
use crate::support::agent::{nodes_at, program};
use crate::support::net::Net;
use crate::support::{Agent, wait_until};
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);

/// How long mppd waits for an answer: as long as it may. A guest stands still now and then on a busy machine, and no server
/// is to fail by that.
const TIMEOUT: &str = "1s";

/// Everything on it.
pub struct Director {
    pub keepalived: Keepalived,
    pub table: Table,
    pub agent: Agent,
    net: Arc<Net>,
    service: SocketAddr,
}

impl Director {
    /// The only one.
    pub fn start(net: &Arc<Net>, virtual_servers: &[VirtualServer], pool_extra: &str) -> Director {
        Director::start_with(net, virtual_servers, pool_extra, "")
    }

    /// The first or the second, 0 or 1, of two that share the virtual addresses.
    pub fn start_one_of_two(n: u8, net: &Arc<Net>, virtual_servers: &[VirtualServer]) -> Director {
        Director::start_with(net, virtual_servers, "", &one_of_two(n, virtual_servers))
    }

    fn start_with(
        net: &Arc<Net>,
        virtual_servers: &[VirtualServer],
        pool_extra: &str,
        more: &str,
    ) -> Director {
        let nodes = nodes_at(virtual_servers[0].way.nodes());
        let pool_extra = format!("    monitor: {{ timeout: {TIMEOUT} }}\n{pool_extra}");
        let mut agent = Agent::prepare_in(Some(Arc::clone(net)), &nodes, &pool_extra, "");
        agent.configure(&nodes, &pool_extra, &(section(&agent.path(""), virtual_servers) + more));
        fs::copy(program("mpp-check"), agent.path("mpp-check"))
            .expect("mpp-check, where script security takes it");
        fs::create_dir_all(agent.path("run/track")).expect("the folder, as tmpfiles.d makes it");
        agent.launch();
        let conf = agent.says(&["keepalived", "render"]);
        Director {
            table: Table::watch(net, names(virtual_servers)),
            keepalived: Keepalived::start(net, &agent.path("keepalived"), &conf),
            agent,
            net: Arc::clone(net),
            service: virtual_servers[0].address,
        }
    }

    /// Whether it has the virtual addresses.
    pub fn leads(&self) -> bool {
        self.net.within(|| UdpSocket::bind((self.service.ip(), 0)).is_ok())
    }

    /// Waits until it has.
    #[track_caller]
    pub fn wait_until_it_leads(&self) {
        wait_until("the virtual addresses are here", BOUND, || self.leads());
    }
}

impl Drop for Director {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- IPVS ---\n{}", self.table);
            eprintln!("--- keepalived ---\n{}", self.keepalived.log());
            eprintln!("--- mppd ---\n{}", self.agent.log());
        }
    }
}

/// Virtual servers and nodes by their addresses.
fn names(virtual_servers: &[VirtualServer]) -> super::table::Names {
    let own = virtual_servers.iter().map(|vs| (vs.address, vs.name().to_owned()));
    let nodes = virtual_servers.iter().flat_map(VirtualServer::named_nodes).map(|(name, at)| (at, name));
    own.chain(nodes).collect()
}
