//! A director: mppd, keepalived, and what IPVS has in its table.

use super::conf::{VirtualServer, hears_the_other, one_of_two, section};
use super::keepalived::Keepalived;
use super::table::Table;
use crate::support::agent::{nodes_at, program};
use crate::support::net::Net;
use crate::support::processes::start;
use crate::support::{Agent, wait_until};
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
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
    /// By which the other director hears it.
    web: Option<Web>,
    /// So much of what mppd has told is no news.
    heard: usize,
    net: Arc<Net>,
    service: SocketAddr,
}

/// `mpp-web`; killed when this goes.
struct Web(Child);

impl Drop for Web {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is not as it usually is.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Further keys of the pool, as lines.
    pub pool: &'static str,
    /// Further keys of each node, as `, key: value`.
    pub node: &'static str,
    /// The nodes' weight.
    pub weight: u8,
    /// Further keys under `keepalived`, as lines.
    pub keepalived: &'static str,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup { pool: "", node: "", weight: 1, keepalived: "" }
    }
}

impl Director {
    /// The only one.
    pub fn start(net: &Arc<Net>, virtual_servers: &[VirtualServer], setup: Setup) -> Director {
        Director::start_with(net, virtual_servers, setup, setup.keepalived, "")
    }

    /// The first or the second, 0 or 1, of two that share the virtual addresses.
    pub fn start_one_of_two(n: u8, net: &Arc<Net>, virtual_servers: &[VirtualServer]) -> Director {
        let of_keepalived = one_of_two(n, virtual_servers);
        let mut director =
            Director::start_with(net, virtual_servers, Setup::default(), &of_keepalived, &hears_the_other(n));
        let mut command = Command::new(program("mpp-web"));
        command.arg("--config").arg(director.agent.path("mpp.yaml"));
        let mut command = net.inside(&command, None);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        director.web = Some(Web(start(command).expect("mpp-web started")));
        director
    }

    fn start_with(
        net: &Arc<Net>,
        virtual_servers: &[VirtualServer],
        setup: Setup,
        of_keepalived: &str,
        top: &str,
    ) -> Director {
        let keys = format!(", weight: {}{} }}", setup.weight, setup.node);
        let nodes = nodes_at(virtual_servers[0].way.nodes()).replace(" }", &keys);
        let pool = format!("    monitor: {{ timeout: {TIMEOUT} }}\n{}", setup.pool);
        let mut agent = Agent::prepare_in(Some(Arc::clone(net)), &nodes, &pool, "");
        let keepalived = section(&agent.path(""), virtual_servers, of_keepalived);
        agent.configure(&nodes, &pool, &format!("{keepalived}{top}"));
        fs::copy(program("mpp-check"), agent.path("mpp-check"))
            .expect("mpp-check, where script security takes it");
        fs::create_dir_all(agent.path("run/track")).expect("the folder, as tmpfiles.d makes it");
        agent.launch();
        let conf = agent.says(&["keepalived", "render"]);
        Director {
            table: Table::watch(net, names(virtual_servers)),
            keepalived: Keepalived::start(net, &agent.path("keepalived"), &conf),
            agent,
            web: None,
            heard: 0,
            net: Arc::clone(net),
            service: virtual_servers[0].address,
        }
    }

    /// Runs a program here, which is given this; what it said, and whether it was content.
    pub fn run(&self, command: &mut Command, input: &str) -> (String, bool) {
        self.net.within(|| {
            let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = piped.spawn().expect("the program");
            child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("its input taken");
            let output = child.wait_with_output().expect("its end");
            let said = [output.stdout, output.stderr].concat();
            (String::from_utf8_lossy(&said).into_owned(), output.status.success())
        })
    }

    /// `ipvsadm`, which must be content.
    pub fn ipvsadm(&self, args: &[&str], input: &str) {
        let (said, content) = self.run(Command::new("ipvsadm").args(args), input);
        assert!(content, "ipvsadm {args:?}: {said}\n{input}");
    }

    /// From now on what mppd has told until now is no news.
    pub fn listen(&mut self) {
        self.heard = self.agent.log().len();
    }

    /// Waits until mppd tells this in an event of this kind.
    #[track_caller]
    pub fn wait_told(&self, event: &str, words: &str) {
        let kind = format!("event={event} ");
        let news = |line: &str| line.contains(&kind) && line.contains(words);
        wait_until(&format!("{event}: {words}"), BOUND, || self.agent.log()[self.heard..].lines().any(news));
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
