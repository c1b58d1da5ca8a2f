//! keepalived itself, in a director's network.

use crate::support::net::Net;
use crate::support::processes;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running keepalived.
pub struct Keepalived {
    folder: PathBuf,
    child: Child,
}

impl Keepalived {
    /// Starts it with this configuration; its files are in a folder that is not there yet.
    ///
    /// # Panics
    /// If it does not like the configuration.
    pub fn start(net: &Net, folder: &Path, conf: &str) -> Keepalived {
        fs::create_dir(folder).expect("a folder");
        fs::write(folder.join("keepalived.conf"), conf).expect("the configuration written");
        let path = |name| folder.join(name).display().to_string();
        let mut command = Command::new("keepalived");
        command.args(["-t", "-f", &path("keepalived.conf")]);
        let tried = net.inside(&command, None).output().expect("keepalived, from Debian's keepalived");
        assert!(tried.status.success(), "{}\n{conf}", String::from_utf8_lossy(&tried.stderr));

        let mut command = Command::new("keepalived");
        command.args(["-n", "-l", "-D", "-G", "-f", &path("keepalived.conf")]);
        command.args(["-p", &path("pid"), "-c", &path("checkers.pid"), "-r", &path("vrrp.pid")]);
        let log = File::create(folder.join("log")).expect("a log");
        let mut command = net.inside(&command, None);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log again")).stderr(log);
        Keepalived {
            folder: folder.to_owned(),
            child: processes::start(command).expect("keepalived started"),
        }
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Keepalived {
    fn drop(&mut self) {
        // Its children end with it.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
