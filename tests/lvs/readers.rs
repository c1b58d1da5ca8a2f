//! Who serves `ro` when its STANDBY node goes and comes.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use std::time::Instant;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    readers_go_to_the_active_node_while_there_is_no_other_and_nobody_is_refused_when_there_is_again,
}

fn readers_go_to_the_active_node_while_there_is_no_other_and_nobody_is_refused_when_there_is_again() {
    let mut pool = Pool::start(Way::Nat4);
    let reading = pool.client("ro");
    reading.wait_for_visits(10, "db2");

    let killed = Instant::now();
    pool.servers[1].kill9();
    pool.table().wait("ro", "db1=1");
    reading.wait_for_visits(10, "db1");

    let back = Instant::now();
    pool.servers[1].restart();
    let left = pool.table().wait("ro", "db2=1");
    reading.wait_for_visits(10, "db2");
    assert_eq!(pool.table().since(back, "ro"), ["db1=1", "db1=1 db2=1", "db2=1"], "make before break");
    assert_eq!(pool.table().since(killed, "rw"), ["db1=1"], "{}", pool.table());
    // Who is under way with a server that leaves is reset.
    let visits = reading.visits_since(back);
    let failed: Vec<_> = visits.iter().filter(|v| v.answer.is_err()).collect();
    println!("{} visits since the standby's return, cut short: {failed:?}", visits.len());
    assert!(failed.iter().all(|v| v.began <= left && v.ended >= left), "{failed:#?}\n{}", pool.table());
    assert!(!failed.iter().any(|v| v.was_refused()), "{failed:#?}");
}
