//! keepalived reads its configuration again, or starts again, while all is well and while a node is down.

use super::director::Setup;
use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use std::thread;
use std::time::{Duration, Instant};

in_a_guest! {
    #[ignore = "by make test-lvs"]
    a_keepalived_that_reloads_or_starts_again_lets_no_server_in_that_is_down,
}

/// What keepalived says when a check has said DOWN, and when it was tried again.
const CHECKED_DOWN: &str = "failed after 1 retry";
/// Some rounds of checks.
const AFTERWARDS: Duration = Duration::from_secs(2);

fn a_keepalived_that_reloads_or_starts_again_lets_no_server_in_that_is_down() {
    let mut pool = Pool::start_as(Way::Nat4, Setup { weight: 100, ..Setup::default() });
    // Until its check has said DOWN too, a reload lets a server in for an instant:
    // keepalived reads the files only after that.
    pool.director().keepalived.wait_said(CHECKED_DOWN, 2);
    let began = Instant::now();
    reload_twice(&mut pool);
    assert_eq!(pool.table().since(began, "rw"), ["db1=100"], "{}", pool.table());
    assert_eq!(pool.table().since(began, "ro"), ["db2=100"], "{}", pool.table());

    pool.servers[1].kill9();
    let gone = pool.table().wait("ro", "db1=100");
    pool.director().keepalived.wait_said(CHECKED_DOWN, 3);
    reload_twice(&mut pool);
    assert_eq!(pool.table().since(gone, "rw"), ["db1=100"], "{}", pool.table());
    assert_eq!(pool.table().since(gone, "ro"), ["db1=100"], "{}", pool.table());

    pool.director().keepalived.stop();
    for service in ["rw", "ro"] {
        pool.table().wait(service, "");
    }
    pool.director().keepalived.launch();
    for service in ["rw", "ro"] {
        pool.table().wait(service, "db1=100");
        assert_eq!(pool.table().since(gone, service), ["db1=100", "", "db1=100"], "{}", pool.table());
    }
}

/// The second time it has checked everything before.
fn reload_twice(pool: &mut Pool) {
    for _ in 0..2 {
        pool.director().keepalived.reload();
        thread::sleep(AFTERWARDS);
    }
}
