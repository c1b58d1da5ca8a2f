//! `writable: manage` and the write probe in the daemon, on real servers.

mod support;

use mysql::prelude::Queryable;
use std::time::Duration;
use support::accounts::let_manage;
use support::agent::nodes;
use support::disk::SmallDisk;
use support::doors::{Doors, open};
use support::stage::wait_well;
use support::writer::{self, Writer, finish_without_loss, goes_on_at};
use support::{
    Agent, Flavour, Options, Server, Use, on_servers, pair_master_master, pair_of, replicate, wait_until,
};

const BOUND: Duration = Duration::from_secs(60);
const MANAGED: &str = "    writable: manage\n    handover: 500ms\n    failback: manual\n";

const PROBED: &str = "    probe_write: { table: mpp.probe, every: 1s }\n    failback: manual\n";

on_servers! { installed, mysql_9: {
        managed_switchovers_under_writes_lose_no_row_and_never_have_two_servers_open,
        an_active_node_that_died_or_froze_is_replaced_and_closed_first_of_all_when_it_comes_back,
    }
}

/// Waits until db1 has been asked so many times more.
fn wait_polls(agent: &Agent, polls: usize) {
    for _ in 0..polls {
        let seen = agent.node(0).last_request;
        wait_until("another poll", BOUND, || agent.node(0).last_request != seen);
    }
}

/// Whose signs of life a server has.
fn signs(server: &Server) -> String {
    server.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM mpp.probe")
}

/// Both servers let the monitor manage them, and have the tables of the writers.
fn prepare(servers: &[Server]) {
    let_manage(&servers[0]);
    writer::prepare(&servers[0]);
    wait_until("db2 has it all", BOUND, || servers[1].try_sql("SELECT n FROM w.t").is_ok());
}

/// db1 ACTIVE and open, db2 STANDBY and closed.
fn start(flavour: Flavour) -> ([Server; 2], Agent) {
    let servers = pair_of(flavour, Use::Gtid);
    prepare(&servers);
    let agent = Agent::start(&nodes(&servers), MANAGED);
    wait_well(&agent, "db1");
    wait_until("db2 is closed", BOUND, || !open(&servers[1]));
    assert!(open(&servers[0]));
    (servers, agent)
}

fn managed_switchovers_under_writes_lose_no_row_and_never_have_two_servers_open(flavour: Flavour) {
    let (servers, agent) = start(flavour);
    let doors = Doors::watch(&servers);
    let writers = Writer::start_three(&agent.state_file(), "db");
    goes_on_at(&servers[0]);
    const SWITCHOVERS: usize = 4;
    for (to, place) in [("db2", 1), ("db1", 0)].into_iter().cycle().take(SWITCHOVERS) {
        let told = agent.switches_to(to);
        assert!(open(&servers[place]) && !open(&servers[1 - place]), "when it returns: {told}");
        assert!(agent.up("rw", to), "{told}");
        goes_on_at(&servers[place]);
    }
    finish_without_loss(writers, &servers);
    assert_eq!(doors.end(), SWITCHOVERS as u64, "{}", agent.log());
    assert!(!agent.told("opened").is_empty() && !agent.told("closed").is_empty(), "{}", agent.log());
}

fn an_active_node_that_died_or_froze_is_replaced_and_closed_first_of_all_when_it_comes_back(
    flavour: Flavour,
) {
    let (mut servers, agent) = start(flavour);
    servers[0].kill9();
    agent.wait_active("db2");
    wait_until("db2 is open", BOUND, || open(&servers[1]));
    // Its configuration has it start open.
    servers[0].restart();
    wait_until("db1 is closed", BOUND, || !open(&servers[0]));
    agent.wait_state(0, "FAIL_ONLINE");
    agent.says(&["recover", "db/db1"]);
    wait_well(&agent, "db2");
    servers[1].freeze();
    agent.wait_active("db1");
    wait_until("db1 is open", BOUND, || open(&servers[0]));
    servers[1].thaw();
    wait_until("db2 is closed", BOUND, || !open(&servers[1]));
    assert!(open(&servers[0]));
    let closed = agent.told("closed");
    assert!(closed.iter().any(|line| line.contains("node=db2")), "{}", agent.log());
}

#[test]
fn a_switchover_from_a_node_that_cannot_be_closed_is_given_up_with_the_reason_and_changes_nothing() {
    let (servers, agent) = start(Flavour::Installed);
    let mut holder = servers[0].admin().expect("a connection");
    holder.query_drop("LOCK TABLES w.t WRITE").expect("a lock");
    let output = agent.mpp(&["switchover", "db", "--to", "db2"]);
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("something holds a lock, or runs long: "), "{said}");
    wait_until("db1 has ACTIVE back", BOUND, || agent.up("rw", "db1"));
    assert!(open(&servers[0]) && !open(&servers[1]), "{said}");
    assert!(agent.told("gate_failed").iter().any(|line| line.contains("node=db1")), "{}", agent.log());
    drop(holder);
    wait_well(&agent, "db1");
    agent.switches_to("db2");
    assert!(open(&servers[1]) && !open(&servers[0]));
}

#[test]
fn what_somebody_opens_or_closes_by_hand_is_set_right_but_not_in_a_paused_pool() {
    let (servers, agent) = start(Flavour::Installed);
    servers[1].sql("SET GLOBAL read_only = 0");
    wait_until("db2 is closed", BOUND, || !open(&servers[1]));
    servers[0].sql("SET GLOBAL read_only = 1");
    wait_until("db1 is open", BOUND, || open(&servers[0]));
    agent.says(&["pause", "db"]);
    servers[0].sql("SET GLOBAL read_only = 1");
    wait_until("it is seen", BOUND, || agent.node(0).read_only == Some(true));
    wait_polls(&agent, 3);
    assert!(!open(&servers[0]));
    agent.says(&["resume", "db"]);
    wait_until("db1 is open", BOUND, || open(&servers[0]));
}

/// db1 writes its binary log to a small disk; both have what a probe needs. The disk goes before the server whose it is.
fn pair_on_a_small_disk() -> (Vec<Server>, SmallDisk) {
    let mut servers = Server::start_all(&[1, 2].map(Options::id));
    let folder = servers[0].dir().join("small");
    let disk = SmallDisk::over(&folder);
    servers[0].restart_with(&[format!("--log-bin={}/binlog", folder.display())]);
    replicate(&servers[0], &servers[1], Use::Gtid, "");
    replicate(&servers[1], &servers[0], Use::Gtid, "");
    prepare(&servers);
    (servers, disk)
}

#[test]
fn an_active_node_whose_binary_log_finds_its_disk_full_is_replaced() {
    let (servers, disk) = pair_on_a_small_disk();
    let agent = Agent::start(&nodes(&servers), PROBED);
    wait_well(&agent, "db1");
    wait_until("it is probed", BOUND, || signs(&servers[1]) == "1");
    disk.fill();
    agent.wait_active("db2");
    wait_until("db2 is probed", BOUND, || signs(&servers[1]) == "1,2");
}

#[test]
fn an_active_node_that_answers_and_cannot_write_is_replaced() {
    let servers = pair_master_master(Use::Gtid);
    prepare(&servers);
    let agent = Agent::start(&nodes(&servers), PROBED);
    wait_well(&agent, "db1");
    wait_until("it is probed", BOUND, || signs(&servers[1]) == "1");
    let mut backup = servers[0].admin().expect("a connection");
    backup.query_drop("FLUSH TABLES WITH READ LOCK").expect("a lock");
    agent.wait_active("db2");
    let told = agent.told("failover");
    assert!(told[0].contains("db1 failed: write probe: "), "{told:?}");
    wait_until("db2 is probed", BOUND, || signs(&servers[1]) == "1,2");
    drop(backup);
    agent.wait_state(0, "FAIL_ONLINE");
    // Nothing that was still out was written after all: it would be missing elsewhere.
    agent.says(&["recover", "db/db1"]);
    wait_well(&agent, "db2");
}

#[test]
fn a_write_probe_that_is_not_set_up_right_is_an_alert_and_no_failover() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "    probe_write: { table: mpp.probe, every: 100ms }\n");
    wait_well(&agent, "db1");
    wait_until("it is told", BOUND, || !agent.told("probe").is_empty());
    let told = agent.told("probe");
    assert!(told[0].starts_with("<1>") && told[0].contains("1142"), "{told:?}");
    wait_polls(&agent, 5);
    assert_eq!((agent.active().as_deref(), agent.epoch()), (Some("db1"), 1));
    assert_eq!(agent.told("probe").len(), 1, "told once");
    prepare(&servers);
    wait_until("it writes", BOUND, || agent.told("probe").iter().any(|line| line.contains("it writes now")));
}

#[test]
fn a_reload_takes_servers_in_hand_and_leaves_them_alone_again() {
    let servers = pair_master_master(Use::Gtid);
    prepare(&servers);
    let agent = Agent::start(&nodes(&servers), "");
    wait_well(&agent, "db1");
    assert!(open(&servers[1]));
    agent.configure(&nodes(&servers), &format!("{PROBED}    writable: manage\n"), "");
    agent.says(&["reload"]);
    wait_until("db2 is closed, and db1 is probed", BOUND, || !open(&servers[1]) && signs(&servers[1]) == "1");
    agent.configure(&nodes(&servers), "    writable: observe\n", "");
    agent.says(&["reload"]);
    let monitors = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'mpp'";
    wait_until("nobody writes any more", BOUND, || servers[0].value(monitors) == "1");
    servers[1].sql("SET GLOBAL read_only = 0");
    wait_polls(&agent, 3);
    assert!(open(&servers[1]));
}
