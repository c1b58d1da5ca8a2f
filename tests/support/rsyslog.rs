//! A real rsyslogd on a socket of our own.

use super::processes::start;
use super::wait::wait_until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);

/// It, running; killed when this goes.
pub struct Rsyslog {
    child: Child,
    log: PathBuf,
}

impl Rsyslog {
    /// Starts it in this directory: it listens at `NAME.sock` and writes to `NAME.txt`.
    pub fn start(dir: &Path, name: &str) -> Rsyslog {
        let (socket, log) = (dir.join(format!("{name}.sock")), dir.join(format!("{name}.txt")));
        let config = dir.join(format!("{name}.conf"));
        let text = format!(
            "global(workDirectory=\"{}\" maxMessageSize=\"8k\")\nmodule(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket=\"{}\" RateLimit.Interval=\"0\")\n\
             *.* action(type=\"omfile\" file=\"{}\")\n",
            dir.display(),
            socket.display(),
            log.display()
        );
        fs::write(&config, text).expect("its configuration");
        let mut command = Command::new("rsyslogd");
        command.arg("-n").arg("-f").arg(&config).arg("-i").arg(dir.join(format!("{name}.pid")));
        let child = start(command).expect("rsyslogd, from Debian's rsyslog");
        wait_until("rsyslogd listens", BOUND, || socket.exists());
        Rsyslog { child, log }
    }

    /// What it has written, over all its lives.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has written this.
    #[track_caller]
    pub fn wait(&self, words: &str) {
        wait_until(&format!("{words} in syslog"), BOUND, || self.text().contains(words));
    }

    /// Ends it: whoever writes finds nobody.
    pub fn stop(mut self) {
        self.signal(Signal::SIGTERM);
    }

    fn signal(&mut self, signal: Signal) {
        if self.child.try_wait().expect("its end").is_none() {
            let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
            kill(pid, signal).expect("asked to stop");
            self.child.wait().expect("its end");
        }
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}
