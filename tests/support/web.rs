//! Real web servers: Python's for http, OpenSSL's for https.

use super::processes::start;
use super::wait::wait_until;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A web server on loopback.
pub struct Web {
    child: Child,
    address: SocketAddr,
    dir: TempDir,
}

impl Web {
    /// Serves an empty folder.
    pub fn http() -> Web {
        Web::start(free(), |port, dir| {
            let mut command = Command::new("python3");
            command.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"]);
            command.arg(dir.join("served")).arg(port.to_string());
            command
        })
    }

    /// Serves one page, with this key and certificate.
    pub fn https(key: &Path, certificate: &Path) -> Web {
        Web::start(free(), |port, _| {
            let mut command = Command::new("openssl");
            command.args(["s_server", "-www", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-key"]);
            command.arg(key).arg("-cert").arg(certificate);
            command
        })
    }

    fn start(address: SocketAddr, command: impl FnOnce(u16, &Path) -> Command) -> Web {
        let dir = TempDir::new().expect("a folder");
        fs::create_dir(dir.path().join("served")).expect("a folder");
        let log = File::create(dir.path().join("log")).expect("a log");
        let mut command = command(address.port(), dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = start(command).expect("a web server");
        let web = Web { child, address, dir };
        wait_until("the web server listens", Duration::from_secs(60), || TcpStream::connect(address).is_ok());
        web
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked for something with this in it.
    pub fn asked(&self, words: &str) -> usize {
        let log = fs::read_to_string(self.log()).expect("its log");
        log.lines().filter(|line| line.contains(words)).count()
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A port of loopback on which nobody listens.
pub fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address")
}
