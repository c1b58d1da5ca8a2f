//! wrk on a core of its own: how many requests a second a server on another core answers, and how late the slowest.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The server's core, and the load's.
const CORES: [&str; 2] = ["0", "1"];
/// Clients at a time.
const CLIENTS: u32 = 16;
/// Written by wrk at its end: requests, microseconds, errors, microseconds of the median and of 99 of 100.
const SCRIPT: &str = r#"done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("measured %d %d %d %d %d\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
"#;

/// A command that runs this program on the server's core.
pub fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", CORES[0]]).arg(program);
    command
}

/// wrk, ready to be run again and again.
pub struct Load {
    script: PathBuf,
    seconds: u32,
}

/// What one run came to.
#[derive(Clone, Copy)]
pub struct Run {
    /// Requests a second.
    pub rate: f64,
    /// Milliseconds: the median, and what 99 of 100 take at most.
    pub median: f64,
    pub p99: f64,
}

impl Load {
    /// Runs of so many seconds; its script lies in this directory.
    pub fn new(dir: &Path, seconds: u32) -> Load {
        let script = dir.join("measured.lua");
        fs::write(&script, SCRIPT).expect("written");
        Load { script, seconds }
    }

    /// One run, on kept connections or one a request.
    ///
    /// # Panics
    /// If a request failed, or nothing was answered.
    pub fn run(&self, to: SocketAddr, path: &str, kept: bool) -> Run {
        let mut command = Command::new("taskset");
        command.args(["-c", CORES[1], "wrk", "-t1", "-c"]).arg(CLIENTS.to_string());
        command.arg(format!("-d{}s", self.seconds)).arg("-s").arg(&self.script);
        if !kept {
            command.args(["-H", "Connection: close"]);
        }
        let output = command.arg(format!("http://{to}{path}")).output().expect("wrk");
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|l| l.strip_prefix("measured "));
        let line = line.unwrap_or_else(|| panic!("wrk said: {text}"));
        let numbers: Vec<f64> = line.split(' ').map(|n| n.parse().expect("a number")).collect();
        let [requests, took, errors, median, p99] = numbers[..] else { panic!("wrk said: {line}") };
        assert!(requests > 0.0 && errors == 0.0, "{errors} errors at {to}{path}: {text}");
        Run { rate: requests / took * 1e6, median: median / 1e3, p99: p99 / 1e3 }
    }
}
