//! One site: its database server, and its director.

use super::director::VirtualServer;
use super::network::{ASKED, INNER, Network, OUTSIDE, ROUTER, SERVER, SITES, VIP, at_site, on_internet};
use crate::support::agent::program;
use crate::support::processes::start;
use crate::support::{Agent, Options};
use std::fs;
use std::process::{Child, Command, Stdio};

/// Where mpp-web listens.
pub const WEB: u16 = 8780;

/// Whether the sites' agents talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    None,
    Named,
}

/// What belongs to a site.
pub struct Site {
    pub number: u8,
    web: Option<Child>,
    web_command: Box<dyn Fn() -> Command + Send + Sync>,
    pub virtual_server: VirtualServer,
    pub agent: Agent,
}

/// How a site's database server is started.
pub fn server(network: &Network, site: u8) -> Options {
    let options = network.host(&format!("db{site}")).server(site.into(), at_site(site, SERVER));
    // A source that is cut off without a word is noticed after so many seconds.
    options.arg("--slave-net-timeout=4")
}

impl Site {
    /// Its agents and its virtual server, started.
    pub fn start(network: &Network, number: u8, peers: Peers) -> Site {
        let net = network.host(&format!("director{number}"));
        let (nodes, pool, top) = (nodes(number), pool(), top(number, peers));
        let mut agent = Agent::prepare_in(Some(net.clone()), &nodes, &pool, &top);
        agent.launch();
        let virtual_server = VirtualServer::start(network, number, &agent);
        let (inside, config, log) = (net.clone(), agent.config(), agent.path("web.log"));
        let web_command = Box::new(move || {
            let mut command = Command::new(program("mpp-web"));
            command.arg("--config").arg(&config);
            let mut command = inside.inside(&command, None);
            let log = fs::File::options().create(true).append(true).open(&log).expect("a log");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
            command
        });
        let mut site = Site { number, web: None, web_command, virtual_server, agent };
        site.start_web();
        site
    }

    fn start_web(&mut self) {
        self.web = Some(start((self.web_command)()).expect("mpp-web started"));
    }

    fn kill_web(&mut self) {
        if let Some(mut web) = self.web.take() {
            _ = web.kill();
            _ = web.wait();
        }
    }

    /// Its director loses its power.
    pub fn power_off(&mut self) {
        self.virtual_server.set(false);
        self.kill_web();
        self.agent.kill9();
    }

    /// And has it again.
    pub fn power_on(&mut self) {
        self.agent.reboot();
        self.start_web();
        self.virtual_server.set(true);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill_web();
        if std::thread::panicking() {
            let web = fs::read_to_string(self.agent.path("web.log")).unwrap_or_default();
            eprintln!("--- mppd of site {} ---\n{}\n--- mpp-web ---\n{web}", self.number, self.agent.log());
        }
    }
}

/// The server here is asked itself, the other one through the other site's virtual server. What is near a node tells where
/// the way to it is cut.
fn nodes(own: u8) -> String {
    let node = |site| {
        let (host, local) = if site == own { (SERVER, ", local: true") } else { (VIP, "") };
        let near = [("internal", INNER), ("edge", ROUTER)];
        let checkpoints =
            near.map(|(reach, host)| format!("\"{reach}:icmp:{}:default\"", at_site(site, host)));
        format!(
            "      - {{ name: site{site}, address: \"{}:3306\"{local}, checkpoints: [{}] }}\n",
            at_site(site, host),
            checkpoints.join(", ")
        )
    };
    SITES.map(node).concat()
}

/// As docs/two-sites.md has it, but for a quicker pace. Only what lies beyond the router tells that this site is not cut off.
fn pool() -> String {
    let outside = ASKED.map(|host| format!("\"external:icmp:{}:default\"", on_internet(host))).join(", ");
    format!(
        "    failback: manual\n    monitor: {{ interval: 500ms, timeout: 500ms }}\n    checkpoints: [{outside}]\n"
    )
}

fn top(own: u8, peers: Peers) -> String {
    let web = format!(
        "web: {{ listen: [\"{}:{WEB}\", \"{}:{WEB}\"], open: [health, verdicts, status] }}\n",
        at_site(own, VIP),
        at_site(own, OUTSIDE)
    );
    let other = 3 - own;
    let peer = format!(
        "peers: [{{ name: site{other}, url: \"http://{}:{WEB}\", same_site: false }}]\n",
        at_site(other, OUTSIDE)
    );
    if peers == Peers::Named { web + &peer } else { web }
}
