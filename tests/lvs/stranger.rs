//! A server in the table that is none of the pool's; and a table that mpp writes itself.

use super::director::Director;
use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::agent::program;
use std::fs;
use std::process::Command;
use std::time::Instant;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    a_stranger_in_the_table_is_told_until_he_is_gone,
    #[ignore = "by make test-lvs"]
    without_keepalived_the_table_is_brought_to_what_is_decided_by_ipvsadm,
}

/// Nobody.
const STRANGER: &str = "198.18.1.99:3306";

fn a_stranger_in_the_table_is_told_until_he_is_gone() {
    let mut pool = Pool::start(Way::Nat4);
    let service = pool.address("rw").to_string();
    pool.director().ipvsadm(&["-a", "-t", &service, "-r", STRANGER, "-m", "-w", "0"], "");
    let words = format!("{STRANGER} serves beside the pool's nodes");
    pool.director().wait_told("kernel", &words);
    let faults = pool.agent().status()["pools"][0]["virtual_servers"][0]["faults"].to_string();
    assert!(faults.contains(&words), "{faults}");

    pool.director().ipvsadm(&["-d", "-t", &service, "-r", STRANGER], "");
    pool.director().wait_told("kernel", &format!("no longer so: virtual server rw {service}: {words}"));
    pool.table().wait("rw", "db1=1");
}

fn without_keepalived_the_table_is_brought_to_what_is_decided_by_ipvsadm() {
    let mut pool = Pool::start(Way::Nat4);
    let (said, content) = weights_for_ipvsadm(pool.director());
    assert!(!content && said.contains("keepalived runs here"), "{said}");

    pool.director().keepalived.stop();
    pool.table().wait("rw", "");
    let text = fs::read_to_string(pool.agent().config()).expect("the configuration");
    let pid_file = text.lines().find(|line| line.contains("pid_file: ")).expect("its line");
    fs::write(pool.agent().config(), text.replace(pid_file, "  pid_file: none")).expect("written");
    pool.agent().orders(&["reload"]);
    load(pool.director());
    pool.wait_until_led_to("db1", "db2");
    let (lines, _) = weights_for_ipvsadm(pool.director());
    assert_eq!(lines, "", "all is as decided");

    let ordered = Instant::now();
    pool.switch_over_to("db2");
    pool.agent().wait_active("db2");
    load(pool.director());
    pool.table().wait("rw", "db2=1");
    pool.client("rw").wait_for_visits(10, "db2");
    assert_eq!(pool.table().most("rw", ordered), 1, "{}", pool.table());
}

fn load(director: &Director) {
    let (lines, content) = weights_for_ipvsadm(director);
    assert!(content && !lines.is_empty(), "{lines}");
    director.ipvsadm(&["-R"], &lines);
}

fn weights_for_ipvsadm(director: &Director) -> (String, bool) {
    let mut mpp = Command::new(program("mpp"));
    director.run(mpp.arg("--config").arg(director.agent.config()).args(["weights", "--ipvsadm"]), "")
}
