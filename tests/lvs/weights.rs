//! Weights: of a promoted node, of one that lags, of one that is drained.

use super::director::Setup;
use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::replication::wait_until_caught_up;
use mysql::prelude::Queryable;
use std::time::Instant;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    a_node_that_was_down_when_keepalived_started_gets_its_full_weight_when_it_is_promoted,
    #[ignore = "by make test-lvs"]
    the_weight_of_a_lagging_standby_falls_in_steps_and_comes_back,
    #[ignore = "by make test-lvs"]
    a_drained_standby_keeps_its_sessions_and_gets_no_new_ones_until_it_is_undrained,
}

fn a_node_that_was_down_when_keepalived_started_gets_its_full_weight_when_it_is_promoted() {
    let mut pool = Pool::start_as(Way::Nat4, Setup { weight: 100, ..Setup::default() });
    let keepalived = &mut pool.director().keepalived;
    keepalived.stop();
    keepalived.launch();
    pool.wait_until_led_to("db1", "db2");

    let ordered = Instant::now();
    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
    pool.client("rw").wait_for_visits(10, "db2");
    let writers = pool.table().since(ordered, "rw");
    assert!(writers.iter().all(|w| ["db1=100", "", "db2=100"].contains(&w.as_str())), "{}", pool.table());
}

fn the_weight_of_a_lagging_standby_falls_in_steps_and_comes_back() {
    let pool = Pool::start_as(
        Way::Nat4,
        Setup { weight: 10, node: ", lag_full: 1s, lag_zero: 11s", ..Setup::default() },
    );
    let [db1, db2] = &pool.servers[..] else { panic!("two servers") };
    db1.sql("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)");
    wait_until_caught_up(db1, db2);
    let locked = Instant::now();
    // Nothing is applied while it is locked, and how far behind it is grows.
    let mut lock = db2.admin().expect("a connection");
    lock.query_drop("FLUSH TABLES WITH READ LOCK").expect("the lock");
    db1.sql("INSERT INTO d.t VALUES (1)");
    pool.table().wait("ro", "db1=10 db2=0");
    let falling = pool.table().since(locked, "ro");
    assert!(falling.len() > 4, "in steps: {falling:?}");
    let weights: Vec<i64> = falling.iter().map(|servers| weight_of("db2", servers)).collect();
    assert!(weights.is_sorted_by(|before, after| before >= after), "{falling:?}");

    drop(lock);
    pool.table().wait("ro", "db2=10");
    assert_eq!(pool.table().since(locked, "rw"), ["db1=10"], "{}", pool.table());
}

fn weight_of(name: &str, servers: &str) -> i64 {
    let weight =
        servers.split_whitespace().find_map(|s| s.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    weight.unwrap_or_else(|| panic!("{name} in {servers:?}"))
}

fn a_drained_standby_keeps_its_sessions_and_gets_no_new_ones_until_it_is_undrained() {
    let pool = Pool::start(Way::Nat4);
    let reading = pool.client("ro");
    reading.wait_for_visits(10, "db2");
    let mut session = pool.session("ro");
    assert_eq!(session.ask().expect("an answer"), "db2");

    pool.agent().orders(&["drain", "db/db2"]);
    pool.table().wait("ro", "db1=1 db2=0");
    reading.wait_for_visits(50, "db1");
    assert_eq!(session.ask().expect("it goes on"), "db2");

    let undrained = Instant::now();
    pool.agent().orders(&["undrain", "db/db2"]);
    pool.table().wait("ro", "db2=1");
    reading.wait_for_visits(10, "db2");
    assert_eq!(session.ask().expect("it goes on"), "db2");
    assert_eq!(pool.table().since(undrained, "ro"), ["db1=1 db2=0", "db1=1 db2=1", "db2=1"]);
}
