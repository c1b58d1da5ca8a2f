//! mppd or keepalived is away: what the table holds meanwhile, and what is told.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::stage::wait_well;
use nix::sys::signal::{Signal, kill};
use std::thread;
use std::time::{Duration, Instant};

in_a_guest! {
    #[ignore = "by make test-lvs"]
    a_daemon_that_is_dead_or_stands_still_or_starts_again_leaves_the_table_as_it_is,
    #[ignore = "by make test-lvs"]
    a_keepalived_that_was_killed_is_told_and_takes_up_what_is_decided_when_it_is_started_again,
}

/// Longer than `stale.after`.
const LONG: Duration = Duration::from_secs(8);

fn a_daemon_that_is_dead_or_stands_still_or_starts_again_leaves_the_table_as_it_is() {
    let mut pool = Pool::start(Way::Nat4);
    let began = Instant::now();
    let agent = &mut pool.director().agent;
    agent.kill9();
    thread::sleep(LONG);
    agent.launch();
    wait_well(agent, "db1");
    kill(agent.pid(), Signal::SIGSTOP).expect("stopped");
    thread::sleep(LONG);
    kill(agent.pid(), Signal::SIGCONT).expect("it goes on");
    wait_well(agent, "db1");
    agent.stop();
    agent.launch();
    wait_well(agent, "db1");
    assert_eq!(pool.table().since(began, "rw"), ["db1=1"], "{}", pool.table());
    assert_eq!(pool.table().since(began, "ro"), ["db2=1"], "{}", pool.table());

    pool.switch_over_to("db2");
    pool.table().wait("rw", "db2=1");
    pool.client("rw").wait_for_visits(10, "db2");
}

fn a_keepalived_that_was_killed_is_told_and_takes_up_what_is_decided_when_it_is_started_again() {
    let mut pool = Pool::start(Way::Nat4);
    let killed = Instant::now();
    pool.director().keepalived.kill9();
    pool.director().wait_told("kernel", "keepalived is not running");
    // What is left of it is told that it is alone, and clears the table.
    pool.table().wait("rw", "");
    pool.table().wait("ro", "");
    pool.switch_over_to("db2");

    pool.director().keepalived.launch();
    pool.wait_until_led_to("db2", "db1");
    pool.director().wait_told("kernel", "no longer so: keepalived is not running");
    assert_eq!(pool.table().since(killed, "rw"), ["db1=1", "", "db2=1"], "{}", pool.table());
    pool.client("rw").wait_for_visits(10, "db2");
}
