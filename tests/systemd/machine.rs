//! The machine in the guest: what systemd says and does there, and MPP on it with two servers and keepalived.

use crate::support::accounts::MONITOR_PASSWORD;
use crate::support::{Background, Options, Server, Use, agent, replicate, wait_until};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Output};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(90);
/// Between two looks: here every program takes a tenth of a second of the only processor.
const PAUSE: Duration = Duration::from_millis(200);

/// The configuration.
const CONFIG: &str = "/etc/mpp/mpp.yaml";

/// What must not change by anything that happens to the daemon.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    active: Value,
    epoch: Value,
    /// keepalived watches this very directory.
    track: u64,
    keepalived: String,
}

/// Runs a program; what it said, and its exit code.
pub fn run(program: &str, args: &[&str]) -> (String, i32) {
    let Output { status, stdout, stderr } = Command::new(program).args(args).output().expect(program);
    let said = [stdout, stderr].concat();
    (String::from_utf8_lossy(&said).into_owned(), status.code().unwrap_or(-1))
}

/// Runs a program that must be content; what it said.
#[track_caller]
pub fn must(program: &str, args: &[&str]) -> String {
    let (said, code) = run(program, args);
    assert_eq!(code, 0, "{program} {args:?}: {said}");
    said
}

/// A property of a unit.
pub fn property(unit: &str, name: &str) -> String {
    must("systemctl", &["show", unit, "--value", "--property", name]).trim().to_owned()
}

/// What a unit has said since the machine was booted.
pub fn journal(unit: &str) -> String {
    must("journalctl", &["--boot", "--output=cat", "--unit", unit])
}

/// Looks now and then whether this is so.
#[track_caller]
pub fn wait(what: &str, condition: impl Fn() -> bool) {
    let look = || {
        let is_so = condition();
        if !is_so {
            thread::sleep(PAUSE);
        }
        is_so
    };
    wait_until(what, BOUND, look);
}

/// Waits until a unit has said these words.
#[track_caller]
pub fn wait_said(unit: &str, words: &str) {
    wait(&format!("{unit}: {words}"), || journal(unit).contains(words));
}

/// Adds to a unit.
pub fn drop_in(unit: &str, name: &str, text: &str) {
    let folder = format!("/etc/systemd/system/{unit}.d");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(format!("{folder}/{name}.conf"), text).expect("a drop-in written");
    must("systemctl", &["daemon-reload"]);
}

/// Puts the servers there, and MPP and keepalived as an operator does.
pub fn set_up() -> [Server; 2] {
    let servers = start_pair();
    fs::create_dir_all("/etc/mpp").expect("a folder");
    configure(&servers, "");
    fs::write("/etc/mpp/password", MONITOR_PASSWORD).expect("the password written");
    fs::set_permissions("/etc/mpp/password", fs::Permissions::from_mode(0o600)).expect("its mode");
    drop_in("mppd.service", "password", "[Service]\nLoadCredential=monitor:/etc/mpp/password\n");
    must("mpp", &["keepalived", "render", "--dir", "/etc/keepalived"]);
    fs::write("/etc/keepalived/keepalived.conf", "include /etc/keepalived/mpp.conf\n").expect("written");
    servers
}

/// Each the replica of the other.
fn start_pair() -> [Server; 2] {
    // Everybody is root here; and this kernel has no 8 TiB of addresses for a buffer pool.
    let options = |id| Options { auto_increment: (2, id), ..Options::id(id) }.arg("--user=root");
    let options = [1, 2].map(|id| options(id).arg("--loose-innodb-buffer-pool-size-max=8M"));
    let servers: [Server; 2] = Server::start_all(&options).try_into().unwrap_or_else(|_| unreachable!());
    replicate(&servers[0], &servers[1], Use::Gtid, "");
    replicate(&servers[1], &servers[0], Use::Gtid, "");
    servers
}

/// Writes the configuration, with further keys of the pool.
pub fn configure(servers: &[Server], pool: &str) {
    let text = format!(
        "monitor: {{ user: mpp, credential: monitor, timeout: 1s }}\n\
         pools:\n  - name: db\n{pool}    nodes:\n{}\
         keepalived:\n  delay_loop: 500ms\n  virtual_servers:\n    \
         - {{ name: rw, pool: db, role: rw, address: \"198.18.2.1:3306\", lvs_sched: wrr }}\n",
        agent::nodes(servers)
    );
    fs::write(CONFIG, text).expect("the configuration written");
}

/// A configuration that has a fault in line 1.
pub fn misconfigure() {
    fs::write(CONFIG, "moniter: { user: mpp }\n").expect("the configuration written");
}

/// `mpp status --json`, or null where nobody answers.
pub fn status() -> Value {
    let (said, code) = run("mpp", &["status", "--json"]);
    if code == 0 { serde_json::from_str(&said).expect("JSON") } else { Value::Null }
}

/// Waits until db1 is ACTIVE, db2 STANDBY, and both answer.
#[track_caller]
pub fn wait_well() {
    wait("all is well", || {
        let nodes = &status()["pools"][0]["nodes"];
        let is = |n: usize, state: &str| nodes[n]["state"] == state && nodes[n]["req"] == 0;
        is(0, "ACTIVE") && is(1, "STANDBY")
    });
}

/// Where the kernel leads writers to.
pub fn led_to() -> Vec<String> {
    let table = must("ipvsadm", &["--save", "--numeric"]);
    let real =
        |line: &str| Some(line.strip_prefix("-a -t 198.18.2.1:3306 -r ")?.split(' ').next()?.to_owned());
    table.lines().filter_map(real).collect()
}

/// As it is now.
pub fn kept() -> Kept {
    let pool = &status()["pools"][0];
    Kept {
        active: pool["active"].clone(),
        epoch: pool["epoch"].clone(),
        track: fs::metadata("/run/mpp/track").expect("the track files' directory").ino(),
        keepalived: property("keepalived.service", "MainPID"),
    }
}

/// From now on keepalived's question is asked all the time: db1 is UP for rw, and db2 is not.
pub fn watch_verdicts() -> Background<usize> {
    Background::start(|stop| {
        let mut asked = 0;
        while !stop.load(Ordering::Relaxed) {
            for (node, code) in [("db1", 0), ("db2", 1)] {
                let (said, answer) = run("mpp-check", &["rw", "db", node]);
                assert_eq!((answer, &*said), (code, ""), "rw db {node} after {asked} answers");
                asked += 1;
            }
            thread::sleep(PAUSE);
        }
        asked
    })
}
