//! `mppd` itself, started on a directory of its own; and `mpp` and `mpp-check` to talk to it.

use super::accounts::{MONITOR, MONITOR_PASSWORD};
use super::net::Net;
use super::place::OwnDir;
use super::processes::start;
use super::server::Server;
use super::wait::wait_until;
use mpp::control::published;
use mpp::control::status::{Node, Pool};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// `mpp`'s exit code when it can't reach the daemon.
const UNREACHABLE: i32 = 69;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(30);

/// A running `mppd` with its directory: configuration, password, runtime and state directories, log. Its clones are
/// handles of the same one.
#[derive(Clone)]
pub struct Agent(Arc<Running>);

struct Running {
    dir: OwnDir,
    /// Where its runtime and state directories are.
    memory: OwnDir,
    child: Mutex<Option<Child>>,
    /// Where it lives, if not where the test does.
    net: Option<Arc<Net>>,
    /// It is killed now and then: who finds nobody tries again.
    tormented: AtomicBool,
}

/// A program of the package, built beside the one that runs.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("our own path");
    let folder = own.parent().and_then(Path::parent).expect("a build directory");
    folder.join(name)
}

/// The nodes of a pool as YAML: `db1` is the first server, and so on.
pub fn nodes<'a>(servers: impl IntoIterator<Item = &'a Server>) -> String {
    nodes_at(servers.into_iter().map(Server::address))
}

/// The same, where they are asked at other addresses than their own.
pub fn nodes_at(addresses: impl IntoIterator<Item = SocketAddr>) -> String {
    let node = |(n, at): (usize, SocketAddr)| format!("      - {{ name: db{}, address: \"{at}\" }}\n", n + 1);
    addresses.into_iter().enumerate().map(node).collect()
}

impl Agent {
    /// A directory with a configuration: one pool `db` over these nodes, `extra` keys for the pool and for the top.
    pub fn prepare(nodes: &str, pool_extra: &str, top_extra: &str) -> Agent {
        Agent::prepare_in(None, nodes, pool_extra, top_extra)
    }

    /// The same, for an `mppd` that lives in another network.
    pub fn prepare_in(net: Option<Arc<Net>>, nodes: &str, pool_extra: &str, top_extra: &str) -> Agent {
        let (dir, memory) = (OwnDir::private("agent"), OwnDir::in_memory("agent"));
        let running =
            Running { dir, memory, child: Mutex::default(), net, tormented: AtomicBool::new(false) };
        let agent = Agent(Arc::new(running));
        let password = agent.path("password");
        fs::write(&password, MONITOR_PASSWORD).expect("the password written");
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).expect("its mode");
        agent.configure(nodes, pool_extra, top_extra);
        agent
    }

    /// The same, and started.
    pub fn start(nodes: &str, pool_extra: &str) -> Agent {
        let mut agent = Agent::prepare(nodes, pool_extra, "");
        agent.launch();
        agent
    }

    /// Writes the configuration.
    pub fn configure(&self, nodes: &str, pool_extra: &str, top_extra: &str) {
        let (dir, run, state) = (self.0.dir.display(), self.path("run"), self.path("state"));
        let (run, state) = (run.display(), state.display());
        let text = format!(
            "runtime_dir: {run}\nstate_dir: {state}\n{top_extra}\
             alerts: {{ syslog: {{ address: {dir}/log.sock }} }}\n\
             monitor: {{ user: {MONITOR}, password_file: {dir}/password }}\n\
             pools:\n  - name: db\n{pool_extra}    nodes:\n{nodes}"
        );
        fs::write(self.config(), text).expect("the configuration written");
    }

    /// Starts `mppd`; back when its state is published.
    pub fn launch(&mut self) {
        self.spawn();
        self.wait_until_it_answers();
    }

    /// Starts `mppd`, and waits for nothing.
    pub fn spawn(&self) {
        let log = OpenOptions::new().create(true).append(true).open(self.path("log")).expect("a log");
        let mut command = Command::new(program("mppd"));
        command.arg("--config").arg(self.config());
        if let Some(net) = &self.0.net {
            command = net.inside(&command, None);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        *self.child() = Some(start(command).expect("mppd started"));
    }

    pub(super) fn wait_until_it_answers(&self) {
        wait_until("mppd answers", BOUND, || self.run(&["status"]).status.success() || self.panic_if_dead());
    }

    fn panic_if_dead(&self) -> bool {
        if let Some(Ok(Some(status))) = self.child().as_mut().map(Child::try_wait) {
            panic!("mppd ended: {status}\n{}", self.log());
        }
        false
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on somebody else kills and starts it, or no longer does.
    pub(super) fn set_tormented(&self, tormented: bool) {
        self.0.tormented.store(tormented, Ordering::Relaxed);
    }

    /// A file in its directory. `run` and `state` are in memory: how long a busy disk takes is nobody's fault.
    pub fn path(&self, name: &str) -> PathBuf {
        let in_memory = ["run", "state"].iter().any(|own| Path::new(name).starts_with(own));
        if in_memory { self.0.memory.join(name) } else { self.0.dir.join(name) }
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("mpp.yaml")
    }

    /// The published state.
    pub fn state_file(&self) -> PathBuf {
        self.path("run/state")
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        let id = self.child().as_ref().expect("mppd runs").id();
        Pid::from_raw(i32::try_from(id).expect("a process id"))
    }

    /// Runs `mpp`; again, if the daemon is killed now and then and was dead just now.
    pub fn mpp(&self, args: &[&str]) -> Output {
        self.insist(args).0
    }

    /// An order that must be obeyed. If the daemon was killed in the middle of one, it may have been already.
    pub fn orders(&self, args: &[&str]) {
        let (output, interrupted) = self.insist(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || interrupted, "mpp {args:?}: {error}\n{}", self.log());
    }

    /// Runs `mpp` until somebody is there to answer it; and says whether it had to be run again.
    fn insist(&self, args: &[&str]) -> (Output, bool) {
        let began = Instant::now();
        let mut again = false;
        loop {
            let output = self.run(args);
            let gone = output.status.code() == Some(UNREACHABLE) && self.0.tormented.load(Ordering::Relaxed);
            if !gone || began.elapsed() > BOUND {
                return (output, again);
            }
            again = true;
        }
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(program("mpp")).arg("--config").arg(self.config()).args(args).output().expect("mpp ran")
    }

    /// Standard output of an `mpp` that must succeed.
    pub fn says(&self, args: &[&str]) -> String {
        let output = self.mpp(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mpp {args:?}: {error}\n{}", self.log());
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// `mpp status --json`.
    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.says(&["status", "--json"])).expect("JSON")
    }

    /// `db`, as it is published: what `mpp-check` goes by. Who waits for something looks here: `mpp status` takes a process
    /// each time, which the others then lack. A state that is just being made is waited for.
    #[track_caller]
    pub fn published(&self) -> Pool {
        let began = Instant::now();
        loop {
            match published::last(&self.state_file()) {
                Ok((mut status, _)) => return status.pools.swap_remove(0),
                Err(e) => assert!(began.elapsed() < BOUND, "{e}\n{}", self.log()),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// STATE of a node of `db`, by its place.
    pub fn state(&self, node: usize) -> String {
        self.published().nodes[node].state.clone()
    }

    /// The ACTIVE node of `db`.
    pub fn active(&self) -> Option<String> {
        self.published().active
    }

    /// A node of `db` as it is published, by its place.
    pub fn node(&self, node: usize) -> Node {
        self.published().nodes.swap_remove(node)
    }

    /// The epoch of `db`.
    pub fn epoch(&self) -> u64 {
        self.published().epoch
    }

    /// Whether `db` has this flag.
    pub fn flagged(&self, flag: &str) -> bool {
        self.published().flags.iter().any(|f| f == flag)
    }

    /// `mpp why db`.
    pub fn why(&self) -> String {
        self.says(&["why", "db"])
    }

    /// What it has told of this kind since the test began, over all its lives.
    pub fn told(&self, event: &str) -> Vec<String> {
        // What is published is told a moment later: before the daemon answers again.
        self.run(&["status"]);
        let word = format!("event={event} ");
        self.log().lines().filter(|line| line.contains(&word)).map(str::to_owned).collect()
    }

    /// Runs `mpp-check`; its exit code.
    pub fn check(&self, args: &[&str]) -> i32 {
        let mut command = Command::new(program("mpp-check"));
        command.arg("--state").arg(self.state_file()).args(args);
        command.output().expect("mpp-check ran").status.code().unwrap_or(-1)
    }

    /// Whether a role of a node of `db` is UP.
    pub fn up(&self, role: &str, node: &str) -> bool {
        self.check(&[role, "db", node]) == 0
    }

    /// An order that is carried out in the end. Refused or given up, for a machine that is busy for a moment, it is given
    /// once more.
    #[track_caller]
    pub fn done(&self, order: &[&str]) -> Output {
        let mut output = self.mpp(order);
        wait_until(&format!("{order:?} is done"), BOUND, || {
            let done = output.status.success();
            if !done {
                output = self.mpp(order);
            }
            done
        });
        output
    }

    /// Hands ACTIVE over to this node, and what was told.
    #[track_caller]
    pub fn switches_to(&self, node: &str) -> String {
        String::from_utf8(self.done(&["switchover", "db", "--to", node]).stdout).expect("UTF-8")
    }

    /// Waits until a node of `db` is ACTIVE.
    pub fn wait_active(&self, node: &str) {
        wait_until(&format!("{node} is ACTIVE"), BOUND, || self.active().as_deref() == Some(node));
    }

    /// Waits until a node of `db`, by its place, is in a STATE.
    pub fn wait_state(&self, node: usize, state: &str) {
        wait_until(&format!("node {node} is {state}"), BOUND, || self.state(node) == state);
    }

    /// Waits until `mpp why db` says this.
    #[track_caller]
    pub fn wait_why(&self, words: &str) {
        let mut why = String::new();
        let began = Instant::now();
        while !why.contains(words) {
            assert!(began.elapsed() < BOUND, "waited in vain for {words:?}:\n{why}\n{}", self.log());
            why = self.why();
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        self.end(Signal::SIGKILL);
    }

    /// SIGTERM, and waits for the end; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.end(Signal::SIGTERM)
    }

    /// What a reboot of the director comes to: mppd dies, and `runtime_dir` with it.
    pub fn reboot(&mut self) {
        self.kill9();
        fs::remove_dir_all(self.path("run")).expect("the runtime directory removed");
        self.launch();
    }

    /// Sends a signal, and waits for the end; the exit code.
    pub(super) fn end(&self, signal: Signal) -> Option<i32> {
        self.0.end(signal)
    }
}

impl Running {
    fn end(&self, signal: Signal) -> Option<i32> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        // One that has died already has been told of where it did.
        _ = kill(pid, signal);
        child.wait().expect("its end").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(Signal::SIGKILL);
    }
}
