//! The files that keepalived's FILE_CHECK watches, written by a real `mppd` over real servers; and what it says of a
//! kernel that does not follow.

mod support;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use support::agent::nodes;
use support::disk::SmallDisk;
use support::{Agent, Server, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);
const VIRTUAL_SERVERS: &str = "\
keepalived:
  pid_file: none
  virtual_servers:
    - { name: writer, pool: db, role: rw, address: \"127.100.0.1:3306\" }
    - { name: reader, pool: db, role: ro, address: \"127.100.0.2:3306\", real_servers: { db2: { weight: 50 } } }
";

struct Site {
    agent: Agent,
    _servers: [Server; 2],
}

/// A pair with db1 ACTIVE and db2 STANDBY, and the directory made beforehand, as tmpfiles.d does.
fn site(pool_extra: &str) -> Site {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), pool_extra, VIRTUAL_SERVERS);
    fs::create_dir_all(agent.path("run/track")).expect("the directory");
    agent.launch();
    wait_well(&agent);
    let site = Site { agent, _servers: servers };
    site.wait_files(&[("writer:db1:down", "0"), ("writer:db2:down", "1"), ("reader:db2:down", "0")]);
    site
}

fn wait_well(agent: &Agent) {
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    wait_until("no node has an error", BOUND, || (0..2).all(|n| agent.node(n).req == 0));
}

impl Site {
    fn file(&self, name: &str) -> PathBuf {
        self.agent.path("run/track").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default().trim_end().to_owned()
    }

    #[track_caller]
    fn wait_files(&self, wanted: &[(&str, &str)]) {
        let all = || wanted.iter().all(|(name, text)| self.text(name) == *text);
        wait_until(&format!("{wanted:?}"), BOUND, all);
    }

    #[track_caller]
    fn wait_told(&self, event: &str, words: &str) {
        let told = || self.agent.told(event).iter().any(|line| line.contains(words));
        wait_until(&format!("{event}: {words}"), BOUND, told);
    }
}

#[test]
fn each_real_server_has_its_verdict_and_its_weight_and_they_follow_a_switchover() {
    let site = site("");
    site.wait_files(&[
        ("reader:db1:down", "1"),
        ("writer:db1:weight-1", "0"),
        ("writer:db2:weight-1", "0"),
        ("reader:db2:weight-1", "49"),
    ]);
    site.agent.switches_to("db2");
    site.wait_files(&[
        ("writer:db1:down", "1"),
        ("writer:db2:down", "0"),
        ("reader:db1:down", "0"),
        ("reader:db2:down", "1"),
    ]);
    site.agent.orders(&["drain", "db/db1"]);
    site.wait_files(&[("reader:db1:down", "0"), ("reader:db1:weight-1", "-1"), ("writer:db1:down", "1")]);
    site.agent.orders(&["drain", "db/db1", "--now"]);
    site.wait_files(&[("reader:db1:down", "1"), ("reader:db2:down", "0")]);
}

#[test]
fn a_file_that_is_removed_or_spoilt_is_put_back_and_told() {
    let site = site("");
    fs::remove_file(site.file("writer:db2:down")).expect("removed");
    site.wait_files(&[("writer:db2:down", "1")]);
    site.wait_told("track", "writer:db2:down had been removed or changed; written again");
    fs::write(site.file("writer:db1:down"), "1\n").expect("spoilt");
    site.wait_files(&[("writer:db1:down", "0")]);
}

#[test]
fn with_the_disk_full_that_is_told_and_once_there_is_room_the_files_follow() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", VIRTUAL_SERVERS);
    let disk = SmallDisk::over(&agent.path("run"));
    fs::create_dir_all(agent.path("run/track")).expect("the directory");
    agent.launch();
    wait_well(&agent);
    let site = Site { agent, _servers: servers };
    site.wait_files(&[("writer:db1:down", "0"), ("writer:db2:down", "1")]);
    disk.fill();
    site.agent.switches_to("db2");
    site.wait_told("track", "can't write the track files");
    assert_eq!(site.text("writer:db1:down"), "0", "whole or not at all");
    assert!(site.agent.up("rw", "db2") && !site.agent.up("rw", "db1"), "the check says so all the same");
    disk.clear();
    site.wait_files(&[("writer:db1:down", "1"), ("writer:db2:down", "0")]);
    site.wait_told("track", "are written again");
    // Before the directory it lies over.
    drop(disk);
}

#[test]
fn a_directory_that_is_missing_is_told_and_never_made() {
    let mut site = site("");
    fs::rename(site.agent.path("run/track"), site.agent.path("run/away")).expect("moved away");
    site.wait_told("track", "run/track is missing");
    site.agent.switches_to("db2");
    assert!(!site.agent.path("run/track").exists());
    site.agent.kill9();
    site.agent.launch();
    site.agent.wait_active("db2");
    assert!(!site.agent.path("run/track").exists());
    fs::create_dir(site.agent.path("run/track")).expect("made");
    site.wait_files(&[("writer:db1:down", "1"), ("writer:db2:down", "0")]);
    site.wait_told("track", "if it is a new directory, reload keepalived");
}

#[test]
fn another_directory_in_its_place_is_filled_and_told() {
    let site = site("");
    fs::create_dir(site.agent.path("run/other")).expect("made");
    fs::rename(site.agent.path("run/track"), site.agent.path("run/away")).expect("moved away");
    fs::rename(site.agent.path("run/other"), site.agent.path("run/track")).expect("in its place");
    site.wait_files(&[("writer:db1:down", "0"), ("writer:db2:down", "1")]);
    site.wait_told("track", "reload keepalived");
}

#[test]
fn what_stands_there_outlives_a_killed_daemon_and_is_not_written_again_by_the_next() {
    let mut site = site("");
    let written = || fs::metadata(site.file("writer:db1:down")).and_then(|m| m.modified()).expect("a time");
    let before = written();
    site.agent.kill9();
    site.agent.launch();
    site.agent.wait_active("db1");
    site.agent.orders(&["drain", "db/db2"]);
    site.wait_files(&[("reader:db2:weight-1", "-1"), ("writer:db1:down", "0")]);
    assert_eq!(
        fs::metadata(site.file("writer:db1:down")).and_then(|m| m.modified()).expect("a time"),
        before
    );
}

#[test]
fn a_reload_takes_up_new_virtual_servers_and_leaves_the_files_of_those_that_are_gone() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", VIRTUAL_SERVERS);
    fs::create_dir_all(agent.path("run/track")).expect("the directory");
    agent.launch();
    wait_well(&agent);
    let site = Site { agent, _servers: servers };
    site.wait_files(&[("writer:db1:down", "0"), ("reader:db2:down", "0")]);
    let renamed = VIRTUAL_SERVERS.replace("name: reader", "name: queries");
    site.agent.configure(&nodes(&site._servers), "", &renamed);
    site.agent.says(&["reload"]);
    site.wait_files(&[("queries:db1:down", "1"), ("queries:db2:down", "0"), ("queries:db2:weight-1", "49")]);
    assert_eq!(site.text("reader:db2:down"), "0", "missing would be UP; what it says is no worse");
    site.agent.switches_to("db2");
    site.wait_files(&[("queries:db1:down", "0"), ("writer:db2:down", "0")]);
}

/// The kernel of a build machine has no table of virtual servers.
#[test]
fn a_kernel_without_the_virtual_servers_is_told_in_status_why_and_once_in_an_alert() {
    let site = site("");
    site.wait_told("kernel", "the kernel's table of virtual servers can't be read");
    let status = site.agent.says(&["status"]);
    let row = status.lines().find(|l| l.starts_with("V  127.100.0.1:3306")).unwrap_or_default().to_owned();
    assert!(row.contains("FAIL") && row.contains("  rw  "), "{status}");
    let service = &site.agent.status()["pools"][0]["virtual_servers"][0];
    assert_eq!(service["real_servers"][0]["up"], true, "{service}");
    assert_eq!(service["real_servers"][0]["loaded_weight"], serde_json::Value::Null, "{service}");
    assert!(!service["faults"].as_array().expect("faults").is_empty(), "{service}");
    assert!(site.agent.why().contains("virtual server"), "{}", site.agent.why());
    let weights = site.agent.says(&["weights"]);
    let rows: Vec<Vec<&str>> = weights.lines().map(|l| l.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["writer", "db1", "1", "-", "-"]), "{weights}");
    assert!(rows.contains(&vec!["writer", "db2", "DOWN", "-", "-"]), "{weights}");
    let lines = site.agent.says(&["weights", "--ipvsadm"]);
    let node = |n: usize| site.agent.node(n).address;
    assert_eq!(
        lines.lines().collect::<Vec<_>>(),
        [
            "-A -t 127.100.0.1:3306 -s wlc".to_owned(),
            "-A -t 127.100.0.2:3306 -s wlc".to_owned(),
            format!("-a -t 127.100.0.1:3306 -r {} -m -w 1", node(0)),
            format!("-a -t 127.100.0.2:3306 -r {} -m -w 50", node(1)),
        ]
    );
    assert_eq!(site.agent.told("kernel").len(), 1, "{:?}", site.agent.told("kernel"));
}
