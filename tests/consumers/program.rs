//! A program that runs beside the test, and what it says.

use crate::support::processes::{freeze, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// It, running; killed when this goes, and when the test dies.
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it prints is added to this file.
    pub fn start(mut command: Command, log: &Path) -> Program {
        let file = OpenOptions::new().create(true).append(true).open(log).expect("a log");
        command.stdin(Stdio::null()).stderr(file.try_clone().expect("again")).stdout(file);
        let words = format!("{command:?}: tests/support/install.sh installs it");
        Program { child: start(command).unwrap_or_else(|e| panic!("{words}: {e}")), log: log.to_owned() }
    }

    /// What it has printed, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Fails the test if it has ended; false.
    pub fn panic_if_dead(&mut self) -> bool {
        if let Some(status) = self.child.try_wait().expect("our child") {
            panic!("it ended: {status}\n{}", self.log());
        }
        false
    }

    /// SIGSTOP: whoever connects gets no answer.
    pub fn freeze(&self) {
        freeze(self.pid());
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        kill(self.pid(), Signal::SIGCONT).expect("our child can be signalled");
    }

    /// SIGKILL; returns when it is gone.
    pub fn kill9(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            eprintln!("--- {} ---\n{}", self.log.display(), self.log());
        }
    }
}
