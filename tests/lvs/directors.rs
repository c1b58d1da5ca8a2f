//! Two directors: who has the virtual addresses.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::stage::{BOUND, wait_well};
use crate::support::{Agent, wait_until};
use std::time::Instant;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    the_second_director_takes_over_when_mppd_on_the_first_is_dead_and_keeps_what_it_has,
    #[ignore = "by make test-lvs"]
    what_is_said_to_the_director_that_stands_by_holds_at_both_and_a_takeover_changes_nothing,
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

fn hears_its_peer(agent: &Agent) -> bool {
    agent.status()["peers"][0]["reachable"] == true
}

fn what_is_said_to_the_director_that_stands_by_holds_at_both_and_a_takeover_changes_nothing() {
    let mut pool = Pool::start_behind_two(Way::Nat4);
    for director in &pool.directors {
        wait_until("the directors hear each other", BOUND, || hears_its_peer(&director.agent));
    }
    let writing = pool.client("rw");
    writing.wait_for_visits(10, "db1");

    let said = pool.directors[1].agent.says(&["switchover", "db", "--to", "db2"]);
    assert!(said.contains("lb1: done too"), "{said}");
    for director in &pool.directors {
        director.table.wait("rw", "db2=1");
        director.table.wait("ro", "db1=1");
    }
    writing.wait_for_visits(10, "db2");
    let epochs = || pool.directors.iter().map(|d| d.agent.epoch()).collect::<Vec<_>>();
    assert_eq!(epochs()[0], epochs()[1]);
    let said = pool.directors[0].agent.says(&["pause", "db", "--reason", "kernel update"]);
    assert!(said.contains("lb2: done too"), "{said}");
    assert!(pool.directors[1].agent.flagged("paused"));

    let killed = Instant::now();
    pool.directors[0].agent.kill9();
    pool.directors[1].wait_until_it_leads();
    let answered = writing.wait_for_answer(Instant::now(), "db2");
    println!("from the kill to an answer through the other director: {:?}", answered - killed);
    pool.directors[0].agent.launch();
    wait_until("it hears the other again", BOUND, || hears_its_peer(&pool.directors[0].agent));
    writing.wait_for_visits(10, "db2");
    for director in &pool.directors {
        assert_eq!(director.agent.active().as_deref(), Some("db2"));
        assert!(director.agent.flagged("paused"));
        assert_eq!(director.table.since(killed, "rw"), ["db2=1"], "{}", director.table);
        assert_eq!(director.table.since(killed, "ro"), ["db1=1"], "{}", director.table);
    }
}
