//! A network of a test's own, made of namespaces without a name: they are gone with the processes in them.
//!
//! Needs root, or else a kernel that lets everybody have user namespaces.

use super::options::Options;
use super::place::server_user;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Uid, User};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::fs::PermissionsExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use tempfile::NamedTempFile;

/// A network namespace, with a view of the files of its own; there as long as this is.
#[derive(Debug)]
pub struct Net {
    /// Keeps it open; ends when its standard input does, which is at the latest when this process dies.
    holder: Child,
}

/// What happens to the packets that reach a node from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packets {
    /// Nobody ever hears of them again.
    Dropped,
    /// Answered with a TCP reset.
    Reset,
    /// Answered with "host unreachable".
    Unreachable,
    /// Taken in.
    Accepted,
}

/// A director and nodes, each in a namespace of its own, on one bridge.
pub struct Lan {
    director: Arc<Net>,
    nodes: Vec<Arc<Net>>,
}

impl Net {
    /// A new one, with nothing in it. `beside` another one if they are to be joined by a cable.
    pub fn new(beside: Option<&Net>) -> Net {
        let keep = ["sh", "-c", "echo ready; exec cat"];
        let mut command = match beside {
            None if Uid::effective().is_root() => Command::new("unshare"),
            None => with(Command::new("unshare"), &["--map-root-user"]),
            Some(net) => with(net.enter(), &["unshare"]),
        };
        command.args(["--net", "--mount"]).args(keep).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().expect("unshare, from Debian's util-linux");
        let mut said = String::new();
        let output = holder.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut said).expect("its output");
        assert_eq!(said, "ready\n", "a network namespace: be root, or allow unprivileged user namespaces");
        Net { holder }
    }

    /// A file of /proc as those in it see it.
    pub fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.pid()).join(file)
    }

    /// The process that holds it open.
    pub fn pid(&self) -> String {
        self.holder.id().to_string()
    }

    /// Does something in a thread that lives here. What that opens belongs here for good. For root only.
    pub fn within<T: Send>(&self, doing: impl FnOnce() -> T + Send) -> T {
        let here = File::open(self.proc("ns/net")).expect("the namespace");
        let doing = || {
            setns(&here, CloneFlags::CLONE_NEWNET).expect("in the namespace");
            doing()
        };
        thread::scope(|scope| scope.spawn(doing).join().unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// How the server that has this address here is started.
    pub fn server(self: &Arc<Net>, server_id: u32, address: Ipv4Addr) -> Options {
        let inside = Some((Arc::clone(self), SocketAddrV4::new(address, 3306)));
        let options = Options { inside, ..Options::id(server_id) };
        // Where it seems to be root, without the host's users, it wants to be told that this is meant.
        if server_user().is_some() { options } else { options.arg("--user=root") }
    }

    fn enter(&self) -> Command {
        let own_user: &[_] =
            if Uid::effective().is_root() { &[] } else { &["--user", "--preserve-credentials"] };
        let mut command = with(Command::new("nsenter"), &["--net", "--mount"]);
        command.args(own_user).arg("--target").arg(self.pid()).arg("--");
        command
    }

    /// The same command, in this namespace and as this user. Killed when this process dies: the kernel forgets about
    /// that when the user changes, so it is said again.
    pub fn inside(&self, command: &Command, user: Option<&User>) -> Command {
        let mut inside = with(self.enter(), &["setpriv", "--pdeathsig=KILL"]);
        if let Some(user) = user {
            inside.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid));
            inside.arg("--clear-groups");
        }
        inside.arg("--").arg(command.get_program()).args(command.get_args());
        command.get_current_dir().map(|dir| inside.current_dir(dir));
        inside
    }

    /// From now on these are the names of hosts there are.
    fn know(&self, hosts: &Path) {
        self.run(&format!("mount --bind {} /etc/hosts", hosts.display()));
    }

    /// Runs a shell script in it.
    pub fn run(&self, script: &str) {
        let mut command = with(self.enter(), &["sh", "-eu"]);
        let mut shell = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell");
        shell.stdin.take().expect("its input").write_all(script.as_bytes()).expect("the script written");
        let output = shell.wait_with_output().expect("its end");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        _ = self.holder.kill();
        _ = self.holder.wait();
    }
}

impl Lan {
    /// A director and so many nodes.
    pub fn of(nodes: u8) -> Lan {
        let director = Net::new(None);
        director.run("ip link add lan type bridge; ip addr add 198.18.0.254/24 dev lan; ip link set lan up");
        let nodes: Vec<_> = (0..nodes).map(|n| Arc::new(plugged_in(&director, n))).collect();
        let hosts = hosts(nodes.len());
        nodes.iter().for_each(|node| node.know(hosts.path()));
        Lan { director: Arc::new(director), nodes }
    }

    /// Where `mppd` lives.
    pub fn director(&self) -> Arc<Net> {
        Arc::clone(&self.director)
    }

    /// How a node's server is started there.
    pub fn options(&self, node: u8) -> Options {
        self.nodes[usize::from(node)].server(u32::from(node) + 1, address(node))
    }

    /// Has a node's server block the director's address (1129), by connections that it gives up before the handshake is
    /// over. The server must resolve names (`--skip-name-resolve=0`) and stand for few of them (`--max-connect-errors`).
    pub fn spoil_handshakes(&self, node: u8, times: u32) {
        let to = format!("/dev/tcp/{}/3306", address(node));
        self.director.run(&format!("bash -c 'for n in $(seq {times}); do : 3<>{to}; done'"));
    }

    /// From now on this happens to the packets that come to a node.
    pub fn set(&self, node: usize, packets: Packets) {
        let verdict = match packets {
            Packets::Dropped => "drop",
            Packets::Reset => "meta l4proto tcp reject with tcp reset",
            Packets::Unreachable => "reject with icmp host-unreachable",
            Packets::Accepted => "accept",
        };
        self.nodes[node].run(&format!(
            "nft -f - <<'END'\nflush ruleset\ntable inet mpp {{\n chain input {{\n  \
             type filter hook input priority 0;\n  {verdict}\n }}\n}}\nEND\n"
        ));
    }
}

fn with(mut command: Command, args: &[&str]) -> Command {
    command.args(args);
    command
}

/// Of the addresses that are set aside for tests.
fn address(node: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, 0, node + 1)
}

/// Everybody's names: a server counts the handshakes of hosts only whose name and address agree.
fn hosts(nodes: usize) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    let nodes = (0..nodes).map(|n| format!("198.18.0.{} node{n}\n", n + 1));
    let text: String = nodes.chain(["127.0.0.1 localhost\n198.18.0.254 director\n".to_owned()]).collect();
    file.write_all(text.as_bytes()).expect("written");
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).expect("its mode");
    file
}

fn plugged_in(director: &Net, node: u8) -> Net {
    let (net, address) = (Net::new(Some(director)), address(node));
    director.run(&format!(
        "ip link add node{node} type veth peer name eth0 netns {}; ip link set node{node} master lan up",
        net.pid()
    ));
    net.run(&format!("ip link set lo up; ip addr add {address}/24 dev eth0; ip link set eth0 up"));
    // Each packet that is rejected is to be answered, not one a second.
    net.run("echo 0 >/proc/sys/net/ipv4/icmp_ratelimit");
    net
}
