//! `mppd` itself, started on a directory of its own; and `mpp` and `mpp-check` to talk to it.

use super::accounts::{MONITOR, MONITOR_PASSWORD};
use super::server::Server;
use super::wait::wait_until;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(30);

/// A running `mppd` with its directory: configuration, password, runtime and state directories, log.
pub struct Agent {
    dir: TempDir,
    child: Option<Child>,
}

/// A program of the package, built beside the one that runs.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("our own path");
    let folder = own.parent().and_then(Path::parent).expect("a build directory");
    folder.join(name)
}

/// The nodes of a pool as YAML: `db1` is the first server, and so on.
pub fn nodes<'a>(servers: impl IntoIterator<Item = &'a Server>) -> String {
    let node =
        |(n, s): (usize, &Server)| format!("      - {{ name: db{}, address: \"{}\" }}\n", n + 1, s.address());
    servers.into_iter().enumerate().map(node).collect()
}

impl Agent {
    /// A directory with a configuration: one pool `db` over these nodes, `extra` keys for the pool and for the top.
    pub fn prepare(nodes: &str, pool_extra: &str, top_extra: &str) -> Agent {
        let dir = tempfile::Builder::new().prefix("mpp-").tempdir().expect("a directory");
        let agent = Agent { dir, child: None };
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
        let dir = self.dir.path().display();
        let text = format!(
            "runtime_dir: {dir}/run\nstate_dir: {dir}/state\n{top_extra}\
             alerts: {{ syslog: {{ address: {dir}/log.sock }} }}\n\
             monitor: {{ user: {MONITOR}, password_file: {dir}/password }}\n\
             pools:\n  - name: db\n{pool_extra}    nodes:\n{nodes}"
        );
        fs::write(self.config(), text).expect("the configuration written");
    }

    /// Starts `mppd`; back when its state is published.
    pub fn launch(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.path("log")).expect("a log");
        self.launch_with(log);
    }

    fn launch_with(&mut self, log: File) {
        let mut command = Command::new(program("mppd"));
        command.arg("--config").arg(self.config()).stderr(log);
        // SAFETY: between fork and exec this makes one system call and touches no memory of the parent's.
        unsafe { command.pre_exec(|| set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)) };
        let child = command.spawn().expect("mppd started");
        self.child = Some(child);
        wait_until("mppd answers", BOUND, || {
            self.mpp(&["status"]).status.success() || panic_if_dead(self.child.as_mut(), &self.dir)
        });
    }

    /// A file in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
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
        let child = self.child.as_ref().expect("mppd runs");
        Pid::from_raw(i32::try_from(child.id()).expect("a process id"))
    }

    /// Runs `mpp`.
    pub fn mpp(&self, args: &[&str]) -> Output {
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

    /// STATE of a node of `db`, by its place.
    pub fn state(&self, node: usize) -> String {
        self.status()["pools"][0]["nodes"][node]["state"].as_str().unwrap_or_default().to_owned()
    }

    /// The ACTIVE node of `db`.
    pub fn active(&self) -> Option<String> {
        self.status()["pools"][0]["active"].as_str().map(str::to_owned)
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

    /// Waits until a node of `db` is ACTIVE.
    pub fn wait_active(&self, node: &str) {
        wait_until(&format!("{node} is ACTIVE"), BOUND, || self.active().as_deref() == Some(node));
    }

    /// Waits until a node of `db`, by its place, is in a STATE.
    pub fn wait_state(&self, node: usize, state: &str) {
        wait_until(&format!("node {node} is {state}"), BOUND, || self.state(node) == state);
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        self.signal_and_wait(Signal::SIGKILL);
    }

    /// SIGTERM, and waits for the end; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.signal_and_wait(Signal::SIGTERM)
    }

    fn signal_and_wait(&mut self, signal: Signal) -> Option<i32> {
        let mut child = self.child.take()?;
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        // One that has died already has been told of where it did.
        _ = kill(pid, signal);
        child.wait().expect("its end").code()
    }
}

fn panic_if_dead(child: Option<&mut Child>, dir: &TempDir) -> bool {
    if let Some(Ok(Some(status))) = child.map(Child::try_wait) {
        panic!("mppd ended: {status}\n{}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }
    false
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.signal_and_wait(Signal::SIGKILL);
    }
}
