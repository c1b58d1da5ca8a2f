//! The ACTIVE node is gone: who is in the table, and where clients come out.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use std::time::Instant;

in_a_guest! {
    after_the_death_of_the_writer_clients_reach_the_other_and_sessions_are_reset,
    #[ignore = "by make test-lvs"]
    a_session_with_a_frozen_writer_is_reset_and_not_left_hanging,
}

fn after_the_death_of_the_writer_clients_reach_the_other_and_sessions_are_reset() {
    let mut pool = Pool::start(Way::Nat4);
    let (writing, reading) = (pool.client("rw"), pool.client("ro"));
    writing.wait_for_visits(10, "db1");
    reading.wait_for_visits(10, "db2");
    let session = pool.session("rw");

    let killed = Instant::now();
    pool.servers[0].kill9();
    session.wait_until_it_is_reset();
    let changed = pool.table().wait("rw", "db2=1");
    let answered = writing.wait_for_answer(killed, "db2");
    println!("from the kill to the changed table: {:?}", changed - killed);
    println!("from the kill to the first answer of db2: {:?}", answered - killed);

    writing.wait_for_visits(10, "db2");
    reading.wait_for_visits(10, "db2");
    assert_eq!(pool.table().most("rw", killed), 1, "{}", pool.table());
}

fn a_session_with_a_frozen_writer_is_reset_and_not_left_hanging() {
    let pool = Pool::start(Way::Nat4);
    let session = pool.session("rw");
    pool.servers[0].freeze();
    pool.table().wait("rw", "db2=1");
    session.wait_until_it_is_reset();
}
