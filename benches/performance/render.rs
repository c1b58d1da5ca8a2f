//! `mpp keepalived render` for a large director, from spawn to exit.

use super::figures::{Figures, Table, row};
use super::programs::{Program, by_turns};
use super::support::agent::program;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const NODES: usize = 1000;
const ROUNDS: usize = 60;
/// Seconds.
const WANTED: f64 = 0.2;

/// The table: reading the configuration alone, and rendering it.
pub fn measure() -> String {
    let dir = TempDir::new().expect("a directory");
    let config = dir.path().join("mpp.yaml");
    configure(&config);
    let mpp = |words: &[&str]| {
        let program = program("mpp").display().to_string();
        let config = config.display().to_string();
        Program::new(&[&[program.as_str(), "--config", &config], words].concat()).silent()
    };
    let (check, render) = (mpp(&["config", "check"]), mpp(&["keepalived", "render"]));
    let taken = by_turns(&[&check, &render], ROUNDS);
    let seconds: Vec<Figures> = taken.iter().map(|figures| figures.scaled(1e-6)).collect();
    let mut table = Table::new(&["program", "floor, s", "median", "worst", "runs", "wanted"]);
    table.row(row("`mpp config check`", &seconds[0], 3, ""));
    table.row(row("`mpp keepalived render`", &seconds[1], 3, &format!("at most {WANTED}")));
    table.markdown()
}

/// One pool of so many nodes, all of them behind each of three virtual servers.
fn configure(path: &Path) {
    let node = |i: usize| {
        format!("      - {{ name: node{i}, address: \"10.0.{}.{}:3306\" }}\n", i / 250, i % 250 + 1)
    };
    let nodes: String = (0..NODES).map(node).collect();
    let server = |(i, role): (usize, &str)| {
        format!("    - {{ name: v{i}, pool: db, role: {role}, address: \"192.168.2.{}:3306\" }}\n", i + 1)
    };
    let servers: String = ["rw", "ro", "geo"].into_iter().enumerate().map(server).collect();
    let head = "monitor: { user: mpp }\npools:\n  - name: db\n    nodes:\n";
    let keepalived = "keepalived:\n  target_version: \"2.2.7\"\n  virtual_servers:\n";
    fs::write(path, format!("{head}{nodes}{keepalived}{servers}")).expect("written");
}
