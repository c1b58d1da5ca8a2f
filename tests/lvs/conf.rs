//! keepalived.conf for virtual servers over the pool `db`.

use super::site::{GATEWAY, Of, Way, v4};
use mpp::state::Role;
use std::net::SocketAddr;
use std::path::Path;

/// Seconds between two runs of a check: often enough for a server to come in soon, and seldom enough for a guest, where a
/// process is expensive.
const DELAY_LOOP: &str = "0.5";

/// A virtual server.
#[derive(Clone, Copy, Debug)]
pub struct VirtualServer {
    pub role: Role,
    pub way: Way,
    /// Where clients find it.
    pub address: SocketAddr,
}

/// `keepalived:` of mpp.yaml, in an agent's folder.
pub fn section(folder: &Path, virtual_servers: &[VirtualServer]) -> String {
    let servers = virtual_servers.iter().map(|vs| {
        format!(
            "    - {{ name: {0}, pool: db, role: {0}, address: \"{1}\", lvs_method: {2}, lvs_sched: rr }}\n",
            vs.name(),
            vs.address,
            vs.way.method()
        )
    });
    let servers: String = servers.collect();
    let folder = folder.display();
    format!(
        "keepalived:\n  delay_loop: 500ms\n  script_user: root\n  check_path: {folder}/mpp-check\n  \
         pid_file: {folder}/keepalived/pid\n  virtual_servers:\n{servers}"
    )
}

/// What keepalived's checks look at.
pub struct Places<'a> {
    /// mppd's runtime_dir.
    pub runtime: &'a Path,
    /// mpp-check, where root alone may write, as script security wants it.
    pub check: &'a Path,
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
}

impl Places<'_> {
    /// Three checkers for every real server: a file that says DOWN, a file that says the weight, and mpp-check.
    pub fn conf(&self, virtual_servers: &[VirtualServer]) -> String {
        let global = "global_defs {\n enable_script_security\n script_user root\n}\n".to_owned();
        virtual_servers
            .iter()
            .fold(global, |text, vs| text + &self.track_files(vs) + &self.virtual_server(vs))
    }

    /// For one of two directors: whose mppd is alive has the addresses, and keeps them.
    pub fn vrrp(&self, own: u8, peer: u8, virtual_servers: &[VirtualServer]) -> String {
        let alive =
            format!("{} --state {} alive", self.check.display(), self.runtime.join("state").display());
        let address = |vs: &VirtualServer| format!("  {}/24 dev wan\n", vs.address.ip());
        let addresses: String = virtual_servers.iter().map(address).collect();
        let [own_at, peer_at, gateway] = [own, peer, GATEWAY].map(|host| v4(Of::Lan, host));
        format!(
            "vrrp_script alive {{\n script \"{alive}\"\n interval 1\n timeout 1\n fall 2\n rise 1\n}}\n\
             vrrp_instance site {{\n state BACKUP\n nopreempt\n interface lan\n virtual_router_id 18\n \
             priority 100\n advert_int 1\n unicast_src_ip {own_at}\n unicast_peer {{\n  {peer_at}\n }}\n \
             virtual_ipaddress {{\n  {gateway}/24 dev lan\n{addresses} }}\n track_script {{\n  alive\n }}\n}}\n"
        )
    }

    fn track_files(&self, vs: &VirtualServer) -> String {
        let folder = self.runtime.join("track");
        let file =
            |name: String| format!("track_file {name} {{\n file \"{}\"\n}}\n", folder.join(&name).display());
        let both = |(node, _)| {
            file(format!("{}:{node}:down", vs.name())) + &file(format!("{}:{node}:weight-1", vs.name()))
        };
        vs.named_nodes().map(both).collect()
    }

    fn virtual_server(&self, vs: &VirtualServer) -> String {
        let real: String = vs.named_nodes().map(|(name, at)| self.real_server(vs, &name, at)).collect();
        format!(
            "virtual_server {} {} {{\n delay_loop {DELAY_LOOP}\n protocol TCP\n lvs_sched rr\n lvs_method {}\n \
             alpha\n{real}}}\n",
            vs.address.ip(),
            vs.address.port(),
            vs.way.method()
        )
    }

    fn real_server(&self, vs: &VirtualServer, node: &str, at: SocketAddr) -> String {
        let (name, check, state) = (vs.name(), self.check.display(), self.runtime.join("state"));
        format!(
            " real_server {} {} {{\n  weight 1\n  \
             FILE_CHECK {{\n   track_file {name}:{node}:down\n   weight 0\n  }}\n  \
             FILE_CHECK {{\n   track_file {name}:{node}:weight-1\n   weight 1\n  }}\n  \
             MISC_CHECK {{\n   misc_path \"{check} --state {} {} db {node}\"\n   misc_timeout 1\n   warmup 0\n  }}\n }}\n",
            at.ip(),
            at.port(),
            state.display(),
            vs.role.name()
        )
    }
}
