//! `mpp-check`, the program that keepalived runs: replaced, not to be run, gone, slow.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::agent::program;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

in_a_guest! {
    #[ignore = "by make test-lvs"]
    a_check_that_is_replaced_or_cannot_be_run_leaves_the_table_to_the_files_and_is_told,
    #[ignore = "by make test-lvs"]
    with_a_check_that_takes_three_seconds_a_switchover_is_late_and_nothing_else,
}

fn a_check_that_is_replaced_or_cannot_be_run_leaves_the_table_to_the_files_and_is_told() {
    let mut pool = Pool::start(Way::Nat4);
    let writing = pool.client("rw");
    let began = Instant::now();
    let check = |name: &str| pool.agent().path(name);
    let [check, fresh] = ["mpp-check", "mpp-check.new"].map(check);
    fs::copy(&check, &fresh).expect("a new one");
    fs::rename(&fresh, &check).expect("in its place");
    thread::sleep(Duration::from_secs(2));
    fs::set_permissions(&check, Permissions::from_mode(0o000)).expect("not to be run");
    pool.director().wait_told("kernel", "keepalived has not run its check of db2");
    assert_eq!(pool.table().since(began, "rw"), ["db1=1"], "{}", pool.table());
    assert_eq!(pool.table().since(began, "ro"), ["db2=1"], "{}", pool.table());

    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
    writing.wait_for_visits(10, "db2");
    // keepalived takes a check that it cannot run for UP: the file alone decides.
    fs::remove_file(&check).expect("gone");
    pool.switch_over_to("db1");
    pool.wait_until_led_to("db1", "db2");
    assert_eq!(pool.table().most("rw", began), 1, "{}", pool.table());

    fs::copy(program("mpp-check"), &check).expect("there again");
    pool.director().wait_told("kernel", "no longer so: virtual server rw");
}

/// Who comes in waits for his check; who goes out does not.
fn with_a_check_that_takes_three_seconds_a_switchover_is_late_and_nothing_else() {
    let pool = Pool::start(Way::Nat4);
    let began = Instant::now();
    let check = |name: &str| pool.agent().path(name);
    let [check, own, fresh] = ["mpp-check", "mpp-check.own", "mpp-check.new"].map(check);
    fs::copy(&check, &own).expect("it itself");
    fs::write(&fresh, format!("#!/bin/sh\nsleep 3\nexec {} \"$@\"\n", own.display())).expect("written");
    fs::set_permissions(&fresh, Permissions::from_mode(0o755)).expect("to be run");
    fs::rename(&fresh, &check).expect("in its place");
    thread::sleep(Duration::from_secs(8));
    assert_eq!(pool.table().since(began, "rw"), ["db1=1"], "{}", pool.table());

    let ordered = Instant::now();
    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
    assert_eq!(pool.table().most("rw", ordered), 1, "{}", pool.table());
}
