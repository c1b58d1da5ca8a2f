//! Two directors: who has the virtual addresses.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::stage::wait_well;
use std::time::Instant;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    the_second_director_takes_over_when_mppd_on_the_first_is_dead_and_keeps_what_it_has,
}

fn the_second_director_takes_over_when_mppd_on_the_first_is_dead_and_keeps_what_it_has() {
    let mut pool = Pool::start_behind_two(Way::Nat4);
    let writing = pool.client("rw");
    writing.wait_for_visits(10, "db1");
    assert!(pool.directors[0].leads() && !pool.directors[1].leads());

    let killed = Instant::now();
    pool.directors[0].agent.kill9();
    pool.directors[1].wait_until_it_leads();
    println!("from the kill to the other director: {:?}", killed.elapsed());
    let answered = writing.wait_for_answer(Instant::now(), "db1");
    println!("from the kill to an answer through it: {:?}", answered - killed);
    assert!(!pool.directors[0].leads());

    pool.directors[0].agent.launch();
    wait_well(&pool.directors[0].agent, "db1");
    writing.wait_for_visits(10, "db1");
    assert!(pool.directors[1].leads() && !pool.directors[0].leads());
    for director in &pool.directors {
        director.table.wait("rw", "db1=1");
        director.table.wait("ro", "db2=1");
        assert_eq!(director.table.since(killed, "rw"), ["db1=1"], "{}", director.table);
        assert_eq!(director.table.since(killed, "ro"), ["db2=1"], "{}", director.table);
    }
}
