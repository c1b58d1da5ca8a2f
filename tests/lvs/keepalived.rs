//! keepalived itself, in a director's network.

use crate::support::net::Net;
use crate::support::{processes, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);

/// What its checkers say last when they have read their configuration.
const READ: &str = "Activating BFD healthchecker";

/// A keepalived, running or not.
pub struct Keepalived {
    net: Arc<Net>,
    folder: PathBuf,
    child: Option<Child>,
}

impl Keepalived {
    /// Starts it with this configuration; its files are in a folder that is not there yet.
    ///
    /// # Panics
    /// If it does not like the configuration.
    pub fn start(net: &Arc<Net>, folder: &Path, conf: &str) -> Keepalived {
        fs::create_dir(folder).expect("a folder");
        let mut keepalived = Keepalived { net: Arc::clone(net), folder: folder.to_owned(), child: None };
        fs::write(keepalived.path("keepalived.conf"), conf).expect("the configuration written");
        let mut try_it = Command::new("keepalived");
        try_it.arg("-t").arg("-f").arg(keepalived.path("keepalived.conf"));
        let tried = net.inside(&try_it, None).output().expect("keepalived, from Debian's keepalived");
        assert!(tried.status.success(), "{}\n{conf}", String::from_utf8_lossy(&tried.stderr));
        keepalived.launch();
        keepalived
    }

    /// Starts it, for the first time or again.
    pub fn launch(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.path("log")).expect("a log");
        let mut command = Command::new("keepalived");
        command.args(["-n", "-l", "-D", "-G"]);
        for (option, file) in
            [("-f", "keepalived.conf"), ("-p", "pid"), ("-c", "checkers.pid"), ("-r", "vrrp.pid")]
        {
            command.arg(option).arg(self.path(file));
        }
        let mut command = self.net.inside(&command, None);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log again")).stderr(log);
        self.child = Some(processes::start(command).expect("keepalived started"));
    }

    /// Has it read its configuration again; back when its checkers have.
    pub fn reload(&self) {
        let before = self.log().matches(READ).count();
        let child = self.child.as_ref().expect("it runs");
        kill(Pid::from_raw(child.id().try_into().expect("a process id")), Signal::SIGHUP).expect("SIGHUP");
        self.wait_said(READ, before + 1);
    }

    /// Waits until it has said this so often since it was first started.
    #[track_caller]
    pub fn wait_said(&self, words: &str, times: usize) {
        wait_until(&format!("keepalived: {words}"), BOUND, || self.log().matches(words).count() >= times);
    }

    /// SIGTERM; back when it has ended.
    pub fn stop(&mut self) {
        self.end(Signal::SIGTERM);
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        self.end(Signal::SIGKILL);
    }

    fn end(&mut self, signal: Signal) {
        let Some(mut child) = self.child.take() else { return };
        // One that has died already has been told of where it did.
        _ = kill(Pid::from_raw(child.id().try_into().expect("a process id")), signal);
        _ = child.wait();
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Keepalived {
    fn drop(&mut self) {
        // Its children end with it.
        self.kill9();
    }
}
