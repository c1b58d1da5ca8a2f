//! For a keepalived without FILE_CHECK: `mpp-check` alone tells UP, DOWN and the weight.

use super::director::Setup;
use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use std::thread;
use std::time::Duration;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    told_by_the_check_alone_an_old_keepalived_follows_a_failover_and_a_drain_and_a_reload_drains_nobody,
}

fn told_by_the_check_alone_an_old_keepalived_follows_a_failover_and_a_drain_and_a_reload_drains_nobody() {
    let old = Setup { weight: 100, keepalived: "  target_version: \"2.0.20\"\n", ..Setup::default() };
    let mut pool = Pool::start_as(Way::Nat4, old);
    pool.agent().orders(&["drain", "db/db2"]);
    pool.table().wait("ro", "db1=100 db2=0");
    pool.agent().orders(&["undrain", "db/db2"]);
    let settled = pool.table().wait("ro", "db2=100");
    reload(&mut pool);
    assert_eq!(pool.table().since(settled, "rw"), ["db1=100"], "{}", pool.table());
    assert_eq!(pool.table().since(settled, "ro"), ["db2=100"], "{}", pool.table());

    // Without files the two checks run when they run: for up to delay_loop the dead one may be there beside the other.
    pool.servers[0].kill9();
    let changed = pool.table().wait("rw", "db2=100");
    pool.client("rw").wait_for_visits(10, "db2");
    reload(&mut pool);
    assert_eq!(pool.table().since(changed, "rw"), ["db2=100"], "{}", pool.table());
}

fn reload(pool: &mut Pool) {
    pool.director().keepalived.reload();
    // Some rounds of checks.
    thread::sleep(Duration::from_secs(2));
}
