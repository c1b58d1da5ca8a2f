//! What stands where a site's LVS and its agents are: `mppd`, `mpp-web`, and the virtual server.
//!
//! The virtual server is nftables' NAT in place of IPVS, which this kernel may not have. Like keepalived it obeys
//! `mpp-check geo`; like IPVS with `expire_nodest_conn` it resets connections to a server that was taken out.

use super::network::{Network, SERVER, VIP, at_site};
use crate::support::net::Net;
use crate::support::{Agent, Background};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often `mpp-check` is asked, as keepalived does by default.
const DELAY_LOOP: Duration = Duration::from_millis(250);

/// The virtual server of a site: leads to its database server as long as that is UP for `geo`.
pub struct VirtualServer {
    works: Arc<AtomicBool>,
    _checks: Background<()>,
}

impl VirtualServer {
    /// Starts it.
    pub fn start(network: &Network, site: u8, agent: &Agent) -> VirtualServer {
        let (net, agent) = (Arc::clone(network.host(&format!("director{site}"))), agent.clone());
        let works = Arc::new(AtomicBool::new(true));
        let still = Arc::clone(&works);
        let (vip, server) = (at_site(site, VIP), at_site(site, SERVER));
        let checks = Background::start(move |stop| {
            let mut loaded = None;
            while !stop.load(Ordering::Relaxed) {
                let up = still.load(Ordering::Relaxed) && agent.up("geo", &format!("site{site}"));
                if loaded.replace(up) != Some(up) {
                    load(&net, vip, up.then_some(server));
                }
                thread::sleep(DELAY_LOOP);
            }
        });
        VirtualServer { works, _checks: checks }
    }

    /// It is there, or is gone, whatever the verdicts.
    pub fn set(&self, works: bool) {
        self.works.store(works, Ordering::Relaxed);
    }
}

fn load(net: &Net, vip: Ipv4Addr, server: Option<Ipv4Addr>) {
    let (lead, gone) = match server {
        Some(server) => (format!("ip daddr {vip} tcp dport 3306 dnat to {server}"), ""),
        None => (String::new(), "ct status dnat meta l4proto tcp reject with tcp reset"),
    };
    net.run(&format!(
        "nft -f - <<'END'\nflush ruleset\ntable ip lvs {{\n \
         chain pre {{ type nat hook prerouting priority dstnat; {lead}; }}\n \
         chain post {{ type nat hook postrouting priority srcnat; ct status dnat masquerade; }}\n \
         chain gone {{ type filter hook forward priority filter; {gone}; }}\n}}\nEND\n"
    ));
}
