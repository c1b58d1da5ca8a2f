//! A pool behind HAProxy, which asks `mpp-web` for each server.

use crate::clients::answering;
use crate::program::Program;
use crate::recipe::{block, filled, write};
use crate::sites::BOUND;
use crate::support::agent::nodes;
use crate::support::stage::wait_well;
use crate::support::writer::prepare;
use crate::support::{Agent, OwnDir, Server, Use, pair_master_master, replication, wait_until};
use crate::web::{PORT, Web, free_address, listening};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::process::Command;

/// Two servers, a director that is HAProxy's machine too.
pub struct Proxied {
    /// HAProxy, if started.
    pub haproxy: Option<Haproxy>,
    /// `mpp-web`.
    pub web: Web,
    /// `mppd`.
    pub agent: Agent,
    /// `db1`, `db2`.
    pub servers: Vec<Server>,
}

/// It, running.
pub struct Haproxy {
    _program: Program,
    dir: OwnDir,
    /// Where writers connect.
    pub rw: SocketAddr,
    /// Where readers connect.
    pub ro: SocketAddr,
}

impl Proxied {
    /// Everything but HAProxy; `db1` is ACTIVE, and the account of `support::writer` is on both.
    pub fn start(pool_extra: &str) -> Proxied {
        let servers: Vec<Server> = pair_master_master(Use::Gtid).into();
        prepare(&servers[0]);
        replication::wait_until_caught_up(&servers[0], &servers[1]);
        let at = free_address(PORT);
        let mut agent = Agent::prepare(&nodes(&servers), pool_extra, &listening(at));
        agent.launch();
        wait_well(&agent, "db1");
        let web = Web::start(&agent, at);
        Proxied { haproxy: None, web, agent, servers }
    }

    /// The page's configuration for this pool, with further words replaced.
    pub fn configuration(
        &self,
        dir: &OwnDir,
        rw: SocketAddr,
        ro: SocketAddr,
        change: &[(&str, &str)],
    ) -> String {
        let own = [
            ("/run/haproxy", dir.display().to_string()),
            ("bind 10.0.0.10:3306", format!("bind {rw}")),
            ("bind 10.0.0.10:3307", format!("bind {ro}")),
            ("10.0.0.1:3306", self.servers[0].address().to_string()),
            ("10.0.0.2:3306", self.servers[1].address().to_string()),
            ("addr 127.0.0.1 port 8780", format!("addr {} port {PORT}", self.web.at().ip())),
        ];
        let mut words: Vec<(&str, &str)> = change.to_vec();
        words.extend(own.iter().map(|(from, to)| (*from, to.as_str())));
        filled("haproxy", &words)
    }

    /// Starts HAProxy; back when writers reach a server.
    pub fn proxy(&mut self) -> &Haproxy {
        self.haproxy = None;
        let haproxy = Haproxy::start(self, &[]);
        wait_until("a client reaches the ACTIVE node", BOUND, || answering(haproxy.rw).is_some());
        self.haproxy.insert(haproxy)
    }
}

impl Haproxy {
    /// Starts it with the page's configuration, these words replaced; it asks for nothing to be true.
    pub fn start(pool: &Proxied, change: &[(&str, &str)]) -> Haproxy {
        let (dir, rw, ro) = (OwnDir::private("haproxy"), free_address(3306), free_address(3306));
        write(&dir.join("haproxy.cfg"), &pool.configuration(&dir, rw, ro, change));
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(dir.join("haproxy.cfg"));
        let program = Program::start(command, &dir.join("log"));
        Haproxy { _program: program, dir, rw, ro }
    }

    /// What it thinks of a server: `UP`, `DOWN`, and why: `L7OK/200`.
    pub fn state(&self, listener: &str, server: &str) -> Option<(String, String)> {
        let mut socket = UnixStream::connect(self.dir.join("admin.sock")).ok()?;
        socket.write_all(b"show stat\n").ok()?;
        let mut said = String::new();
        socket.read_to_string(&mut said).ok()?;
        let mut rows = said.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let heads = rows.next()?;
        let row = rows.find(|row| row.first() == Some(&listener) && row.get(1) == Some(&server))?;
        let value = |name| {
            heads.iter().position(|head| *head == name).and_then(|n| row.get(n)).map(|v| (*v).to_owned())
        };
        Some((value("status")?, format!("{}/{}", value("check_status")?, value("check_code")?)))
    }

    /// Waits until it thinks this of the servers, in the listener for writers; why.
    #[track_caller]
    pub fn wait(&self, wanted: [&str; 2]) -> Vec<String> {
        let mut whys = Vec::new();
        wait_until(&format!("HAProxy has db1 and db2 {wanted:?}"), BOUND, || {
            let states: Vec<_> =
                ["db1", "db2"].iter().filter_map(|server| self.state("mysql-rw", server)).collect();
            whys = states.iter().map(|state| state.1.clone()).collect();
            states.iter().map(|state| state.0.as_str()).eq(wanted)
        });
        whys
    }
}

#[test]
fn haproxy_takes_the_configuration_of_the_page_as_it_stands() {
    let dir = OwnDir::private("haproxy");
    write(&dir.join("haproxy.cfg"), &block("haproxy"));
    let checked = Command::new("haproxy").arg("-c").arg("-f").arg(dir.join("haproxy.cfg")).output();
    let checked = checked.expect("haproxy, from Debian's haproxy");
    let said = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
    assert!(checked.status.success() && !said.contains("WARNING"), "{said}");
}
