//! `keepalived:` of mpp.yaml for virtual servers over the pool `db`.

use super::site::{DIRECTOR, GATEWAY, Of, Way, v4};
use mpp::state::Role;
use std::net::SocketAddr;
use std::path::Path;

/// Between two runs of a check: often enough for a server to come in soon, and seldom enough for a guest, where a process is
/// expensive.
const DELAY_LOOP: &str = "500ms";

/// A virtual server.
#[derive(Clone, Debug)]
pub struct VirtualServer {
    pub role: Role,
    pub way: Way,
    /// Where clients find it.
    pub address: SocketAddr,
}

impl VirtualServer {
    /// `rw` and `ro`.
    pub fn pair(way: Way) -> Vec<VirtualServer> {
        let of = |(role, number)| VirtualServer { role, way, address: way.service(number) };
        [(Role::Rw, 1), (Role::Ro, 2)].map(of).into()
    }

    /// Called as its role.
    pub fn name(&self) -> &'static str {
        self.role.name()
    }

    /// Every node with its name.
    pub fn named_nodes(&self) -> impl Iterator<Item = (String, SocketAddr)> {
        self.way.nodes().into_iter().zip(1..).map(|(at, n)| (format!("db{n}"), at))
    }

    fn item(&self) -> String {
        format!(
            "    - {{ name: {0}, pool: db, role: {0}, address: \"{1}\", lvs_method: {2}, lvs_sched: wrr }}\n",
            self.name(),
            self.address,
            self.way.method()
        )
    }
}

/// For an agent in this folder; `more` is further lines.
pub fn section(folder: &Path, virtual_servers: &[VirtualServer], more: &str) -> String {
    let servers: String = virtual_servers.iter().map(VirtualServer::item).collect();
    let folder = folder.display();
    format!(
        "keepalived:\n  delay_loop: {DELAY_LOOP}\n  script_user: root\n  check_path: {folder}/mpp-check\n  \
         pid_file: {folder}/keepalived/pid\n  virtual_servers:\n{servers}{more}"
    )
}

/// What one of two directors, 0 or 1, needs at the top to hear the other one.
pub fn hears_the_other(n: u8) -> String {
    let [own, peer] = [DIRECTOR + n, DIRECTOR + 1 - n].map(|host| v4(Of::Lan, host));
    let name = 2 - n;
    format!(
        "web: {{ listen: [\"{own}:8780\"] }}\npeers: [ {{ name: lb{name}, url: \"http://{peer}:8780\" }} ]\n"
    )
}

/// The rest of it for one of two directors, 0 or 1: whose mppd is alive has the addresses, and keeps them.
pub fn one_of_two(n: u8, virtual_servers: &[VirtualServer]) -> String {
    let [own, peer, gateway] = [DIRECTOR + n, DIRECTOR + 1 - n, GATEWAY].map(|host| v4(Of::Lan, host));
    let services = virtual_servers.iter().map(|vs| format!(", \"{}/24 dev eth0\"", vs.address.ip()));
    let services: String = services.collect();
    format!(
        "  director:\n    vrrp_instances:\n    - name: site\n      interface: eth1\n      virtual_router_id: 18\n      \
         unicast_src_ip: \"{own}\"\n      unicast_peer: [\"{peer}\"]\n      \
         virtual_ipaddress: [\"{gateway}/24 dev eth1\"{services}]\n"
    )
}
