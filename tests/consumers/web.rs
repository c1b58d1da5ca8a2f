//! `mpp-web` itself, at an address of its own.

use crate::program::Program;
use crate::support::agent::program;
use crate::support::{Agent, wait_until};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

/// Where it listens; a Smart DNS asks every site at the same port.
pub const PORT: u16 = 8780;
const BOUND: Duration = Duration::from_secs(30);

/// A running one.
pub struct Web {
    program: Program,
    agent: Agent,
    at: SocketAddr,
}

/// A loopback address at which nobody listens at this port: 127.2.1.1 to 127.2.254.254, away from the servers.
pub fn free_address(port: u16) -> SocketAddr {
    let random = || {
        let random = RandomState::new().hash_one(0).to_ne_bytes();
        SocketAddr::from((Ipv4Addr::new(127, 2, 1 + random[0] % 254, 1 + random[1] % 254), port))
    };
    let free = |at: &SocketAddr| TcpListener::bind(at).is_ok() && UdpSocket::bind(at).is_ok();
    std::iter::repeat_with(random).find(free).expect("endless")
}

/// The configuration that has it listen there.
pub fn listening(at: SocketAddr) -> String {
    format!("web: {{ listen: [\"{at}\"] }}\n")
}

impl Web {
    /// Starts it on an agent's configuration, which has it listen there; back when it answers.
    pub fn start(agent: &Agent, at: SocketAddr) -> Web {
        let mut web = Web { program: run(agent), agent: agent.clone(), at };
        web.wait_until_it_answers();
        web
    }

    /// The same again, after its end.
    pub fn restart(&mut self) {
        self.program.kill9();
        self.program = run(&self.agent);
        self.wait_until_it_answers();
    }

    fn wait_until_it_answers(&mut self) {
        wait_until("mpp-web answers", BOUND, || self.get("/health").0 != 0 || self.program.panic_if_dead());
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// Its process.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// The status of its answer, 0 if there is none, and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: mpp\r\nConnection: close\r\n\r\n");
        let answer = ask(self.at, request.as_bytes()).unwrap_or_default();
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, body.to_owned())
    }
}

fn run(agent: &Agent) -> Program {
    let mut command = Command::new(program("mpp-web"));
    command.arg("--config").arg(agent.config());
    Program::start(command, &agent.path("web.log"))
}

/// Sends bytes, and takes whatever comes until the other side is done.
pub fn ask(at: SocketAddr, request: &[u8]) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&at, BOUND)?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
