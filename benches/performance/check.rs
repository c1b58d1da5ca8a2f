//! `mpp-check`, from spawn to exit, against an empty static C program and against a shell check, by turns.

use super::figures::{Figures, Table, row};
use super::programs::{Program, by_turns};
use super::state_support::{record, spec};
use super::support::accounts::{MONITOR, MONITOR_PASSWORD};
use super::support::agent::program;
use super::support::{Options, Server};
use mpp::clock::boottime_ns;
use mpp::state::{BOOT_ID_PATH, Writer, parse_boot_id};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const ROUNDS: usize = 3000;
const SHELL_ROUNDS: usize = 200;

/// The table, and the two ratios.
pub fn measure() -> String {
    let dir = TempDir::new().expect("a directory");
    let small = check_on(dir.path(), "two", 1);
    let large = check_on(dir.path(), "many", 5000);
    let empty = Program::new(&[empty_c(dir.path()).display().to_string()]);
    let against_c = by_turns(&[&empty, &small, &large], ROUNDS);
    let server = Server::start(&Options::id(1));
    let shell = shell_check(dir.path(), &server);
    let against_shell = by_turns(&[&shell, &small], SHELL_ROUNDS);
    let mut table = Table::new(&["program", "floor, us", "median", "worst", "runs", "wanted"]);
    let ratio = |a: &Figures, b: &Figures| a.median() / b.median();
    let times = format!("at most 0.45 x the C program: {:.2} x", ratio(&against_c[1], &against_c[0]));
    let large = format!("{:.2} x the C program", ratio(&against_c[2], &against_c[0]));
    let cheaper =
        format!("at least 30 x what mpp-check costs: {:.0} x", ratio(&against_shell[0], &against_shell[1]));
    table.row(row("empty static C program", &against_c[0], 0, ""));
    table.row(row("`mpp-check`, a pool of 2", &against_c[1], 0, &times));
    table.row(row("`mpp-check`, 5,000 pools of 2", &against_c[2], 0, &large));
    table.row(row(
        "shell check: `mariadb -e 'SELECT @@read_only'` into `grep`",
        &against_shell[0],
        0,
        &cheaper,
    ));
    table.markdown()
}

/// The check of the last node of a state of so many pools of two, which stays fresh for an hour.
fn check_on(dir: &Path, name: &str, pools: usize) -> Program {
    let names: Vec<String> = (0..pools).map(|n| format!("p{n}")).collect();
    let mut spec = spec(&names.iter().map(|n| (n.as_str(), 2)).collect::<Vec<_>>());
    let boot = fs::read(BOOT_ID_PATH.to_str().expect("a path")).expect("a boot");
    spec.boot_id = parse_boot_id(&boot).expect("its id");
    spec.stale_after = Duration::from_secs(3600);
    let path = dir.join(name);
    let mut writer = Writer::create(&path, &spec).expect("a state");
    for pool in 0..pools {
        writer.publish(pool, &record(1, 2)).expect("published");
    }
    writer.heartbeat(boottime_ns());
    writer.reveal().expect("revealed");
    let check = program("mpp-check").display().to_string();
    Program::new(&[&check, "--state", &path.display().to_string(), "rw", &names[pools - 1], "db2"])
}

fn empty_c(dir: &Path) -> PathBuf {
    let (source, binary) = (dir.join("empty.c"), dir.join("empty"));
    fs::write(&source, "int main(void) { return 0; }\n").expect("written");
    let built = Command::new("cc").args(["-O2", "-static", "-o"]).args([&binary, &source]).status();
    assert!(built.expect("cc").success(), "an empty static C program cannot be built");
    binary
}

/// What people write: the client, one question, grep.
fn shell_check(dir: &Path, server: &Server) -> Program {
    let script = dir.join("check.sh");
    let address = server.address();
    let text = format!(
        "#!/bin/sh\nmariadb --no-defaults -h {} -P {} -u {MONITOR} -p{MONITOR_PASSWORD} -N -B \
         -e 'SELECT @@read_only' | grep -qx 0\n",
        address.ip(),
        address.port()
    );
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its mode");
    Program::new(&[script.display().to_string()])
}
