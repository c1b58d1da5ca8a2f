//! `mpp-web` beside an `mppd`, on an address of its own.

use super::agent::{Agent, program};
use super::processes::start;
use super::wait::wait_until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(30);

/// A running `mpp-web`; killed when this goes.
pub struct MppWeb {
    child: Child,
    address: SocketAddr,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// 200 and so on.
    pub code: u16,
    /// Status line and headers.
    pub head: String,
    /// What follows.
    pub body: String,
}

impl MppWeb {
    /// Starts it with these keys of `web` more, such as `max_connections: 64`; back when it listens.
    pub fn beside(agent: &Agent, keys: &str) -> MppWeb {
        MppWeb::run(agent, keys, Command::new(program("mpp-web")))
    }

    /// The same, started by this command.
    pub fn run(agent: &Agent, keys: &str, command: Command) -> MppWeb {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let run = agent.path("run");
        let keys = if keys.is_empty() { String::new() } else { format!(", {keys}") };
        let text = format!("runtime_dir: {}\nweb: {{ listen: [\"{address}\"]{keys} }}\n", run.display());
        fs::write(agent.path("web.yaml"), text).expect("the configuration written");
        MppWeb { child: launch(agent, command, address), address }
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        self.child.kill().expect("our child can be signalled");
        self.child.wait().expect("its end");
    }

    /// Starts it again, where it was.
    pub fn launch(&mut self, agent: &Agent) {
        self.child = launch(agent, Command::new(program("mpp-web")), self.address);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// What it, and others on the same directory, wrote to standard error.
    pub fn log(agent: &Agent) -> String {
        fs::read_to_string(agent.path("web.log")).unwrap_or_default()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("our child can be signalled");
    }

    /// SIGTERM, and waits for the end; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.child.wait().expect("its end").code()
    }

    /// What curl has of it: the body, and behind it the code.
    pub fn curl(&self, args: &[&str], path: &str) -> String {
        let mut command = Command::new("curl");
        command.args(["-s", "-S", "--max-time", "30", "-w", "%{http_code}"]).args(args);
        let scheme = if args.contains(&"--cacert") { "https" } else { "http" };
        let output = command.arg(format!("{scheme}://{}{path}", self.address)).output().expect("curl");
        let (said, error) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { said.into_owned() } else { error.into_owned() }
    }

    /// A connection to it, on which nothing waits without end.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(BOUND)).expect("a bound");
        stream
    }

    /// Asks once, on a connection of its own, with this header `Accept`.
    pub fn get(&self, path: &str, accept: &str) -> Answer {
        let mut stream = self.connect();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a code");
        Answer { code, head: head.to_owned(), body: body.to_owned() }
    }
}

fn launch(agent: &Agent, mut command: Command, address: SocketAddr) -> Child {
    let log = OpenOptions::new().create(true).append(true).open(agent.path("web.log")).expect("a log");
    command.arg("--config").arg(agent.path("web.yaml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let child = start(command).expect("mpp-web started");
    wait_until("mpp-web listens", BOUND, || TcpStream::connect(address).is_ok());
    child
}

impl Drop for MppWeb {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
