//! What must survive a reboot, on disks that are full, that hang, that lie; and files that were spoilt.

mod support;

use nix::sys::stat::Mode;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use support::agent::nodes;
use support::disk::SmallDisk;
use support::{Agent, Server, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

fn memory(agent: &Agent) -> PathBuf {
    agent.path("state/memory.json")
}

fn former(agent: &Agent) -> PathBuf {
    agent.path("state/memory.json.former")
}

fn on_disk(agent: &Agent, words: &str) -> bool {
    fs::read_to_string(memory(agent)).is_ok_and(|text| text.contains(words))
}

fn told(agent: &Agent, words: &str) -> bool {
    agent.says(&["events"]).contains(words)
}

/// What a reboot does: the daemon dies, and /run with it.
fn reboot(agent: &mut Agent) {
    agent.kill9();
    fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
    agent.launch();
}

/// db2 is ACTIVE, and that is on disk.
fn db2_active() -> ([Server; 2], Agent) {
    let mut servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "    failback: manual\n");
    agent.wait_active("db1");
    wait_until("it is on disk", BOUND, || on_disk(&agent, "\"Held\":0"));
    servers[0].kill9();
    agent.wait_active("db2");
    wait_until("it is on disk", BOUND, || on_disk(&agent, "\"Held\":1"));
    servers[0].restart();
    (servers, agent)
}

#[test]
fn a_directory_that_cannot_be_made_is_told_and_delays_nothing() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "");
    fs::write(agent.path("state"), "in the way").expect("no directory can be made there");
    agent.launch();
    agent.wait_active("db1");
    wait_until("it is told", BOUND, || told(&agent, "event=persist"));
    servers[0].kill9();
    agent.wait_active("db2");
}

#[test]
fn a_full_disk_is_told_delays_nothing_and_is_written_again_when_there_is_room() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "");
    let disk = SmallDisk::over(&agent.path("state"));
    agent.launch();
    agent.wait_active("db1");
    wait_until("it is on disk", BOUND, || on_disk(&agent, "\"Held\":0"));
    disk.fill();
    servers[0].kill9();
    agent.wait_active("db2");
    wait_until("it is told", BOUND, || told(&agent, "a reboot now would bring back what was written last"));
    assert!(
        on_disk(&agent, "\"Held\":0") || fs::exists(former(&agent)).expect("looked"),
        "what was there is there"
    );
    disk.clear();
    wait_until("it is written again", BOUND, || on_disk(&agent, "\"Held\":1"));
    wait_until("that is told", BOUND, || told(&agent, "is written again"));
    reboot(&mut agent);
    assert_eq!(agent.active().as_deref(), Some("db2"));
    agent.stop();
}

#[test]
fn a_disk_that_hangs_is_told_and_delays_nothing() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "");
    fs::create_dir(agent.path("state")).expect("its directory");
    // Whoever opens a FIFO to write waits until somebody reads.
    let fifo = agent.path("state/memory.json.new");
    nix::unistd::mkfifo(&fifo, Mode::from_bits_truncate(0o600)).expect("a FIFO");
    agent.launch();
    agent.wait_active("db1");
    servers[0].kill9();
    agent.wait_active("db2");
    assert!(agent.up("rw", "db2"));
    wait_until("it is told", BOUND, || told(&agent, "hangs; a reboot now would bring back"));
    fs::remove_file(&fifo).expect("removed");
    agent.says(&["status"]);
}

#[test]
fn a_full_runtime_directory_stops_no_failover() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "", "");
    let disk = SmallDisk::over(&agent.path("run"));
    agent.launch();
    agent.wait_active("db1");
    disk.fill();
    servers[0].kill9();
    agent.wait_active("db2");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"), "what is decided is published");
    agent.stop();
}

#[test]
fn a_spoilt_file_is_told_and_what_was_written_before_is_taken_up() {
    let (_servers, mut agent) = db2_active();
    let whole = fs::read(memory(&agent)).expect("read");
    for (how, bytes) in
        [("half written", &whole[..whole.len() / 2]), ("empty", b""), ("nonsense", b"\0\x01{")]
    {
        wait_until("both are there", BOUND, || {
            fs::read_to_string(former(&agent)).is_ok_and(|text| text.contains("\"Held\":1"))
        });
        agent.kill9();
        fs::write(memory(&agent), bytes).expect("spoilt");
        fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
        agent.launch();
        assert_eq!(agent.active().as_deref(), Some("db2"), "{how}");
        wait_until("it is told", BOUND, || told(&agent, "taken up is what was written before"));
        wait_until("it is written anew", BOUND, || on_disk(&agent, "\"Held\":1"));
    }
}

#[test]
fn with_everything_spoilt_it_is_told_and_the_pool_starts_as_a_new_one() {
    let (servers, mut agent) = db2_active();
    agent.kill9();
    for file in [memory(&agent), former(&agent)] {
        fs::write(file, "{").expect("spoilt");
    }
    fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
    agent.launch();
    wait_until("it is told", BOUND, || told(&agent, "some of what was remembered is lost"));
    drop(servers);
}

#[test]
fn a_file_of_an_older_version_is_taken_up_and_one_of_a_newer_is_told() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::prepare(&nodes(&servers), "    failback: manual\n", "");
    fs::create_dir(agent.path("state")).expect("its directory");
    let memory_0_1 = fs::read_to_string("tests/cases/state/memory-0.1.json").expect("the golden memory");
    let mut pool: serde_json::Value = serde_json::from_str(&memory_0_1).expect("JSON");
    for (node, server) in servers.iter().enumerate() {
        pool["nodes"][node]["name"] = format!("db{}", node + 1).into();
        pool["nodes"][node]["address"] = server.address().to_string().into();
    }
    pool["seat"] = serde_json::json!({"Held": 1});
    pool["epoch"] = 7000.into();
    let then = pool["reign"]["seen"].clone();
    let record = serde_json::json!({"version": 1, "then": then, "pools": {"db": pool}});
    fs::write(memory(&agent), record.to_string()).expect("written");
    agent.launch();
    assert_eq!(agent.active().as_deref(), Some("db2"), "{}", agent.log());
    let epoch = agent.epoch();
    assert!(epoch >= 7000, "{epoch}");

    agent.kill9();
    fs::remove_dir_all(agent.path("run")).expect("the runtime directory removed");
    for file in [memory(&agent), former(&agent)] {
        fs::write(file, "{\"version\":9,\"then\":1,\"pools\":{}}").expect("written");
    }
    agent.launch();
    wait_until("it is told", BOUND, || told(&agent, "version 9, this mppd reads 1"));
    servers[0].kill9();
}

#[test]
fn the_mark_on_disk_is_ahead_of_every_epoch_that_was_used() {
    let servers = pair_master_master(Use::Gtid);
    let mut agent = Agent::start(&nodes(&servers), "    handover: 100ms\n    failback: manual\n");
    agent.wait_active("db1");
    wait_until("it is on disk", BOUND, || on_disk(&agent, "\"Held\":0"));
    let mut highest = 0;
    for _ in 0..3 {
        for (to, held) in [("db2", "\"Held\":1"), ("db1", "\"Held\":0")] {
            agent.switches_to(to);
            let epoch = agent.epoch();
            assert!(epoch > highest, "{epoch} after {highest}");
            highest = epoch;
            let text = fs::read_to_string(memory(&agent)).or_else(|_| fs::read_to_string(former(&agent)));
            let record: serde_json::Value = serde_json::from_str(&text.expect("a record")).expect("JSON");
            let mark = record["pools"]["db"]["epoch"].as_u64().expect("a mark");
            assert!(mark > epoch, "mark {mark}, used {epoch}");
            wait_until("it is on disk", BOUND, || on_disk(&agent, held));
        }
        reboot(&mut agent);
    }
}
