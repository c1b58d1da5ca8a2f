//! A planned change of the writer, looked at all the time.

use super::director::Setup;
use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use std::time::Instant;

in_a_guest! {
    a_switchover_over_and_back_never_has_two_writers_and_lets_nobody_in_to_the_old_one,
}

fn a_switchover_over_and_back_never_has_two_writers_and_lets_nobody_in_to_the_old_one() {
    // What is read back from the kernel ends the wait; without that it would last for so long.
    let setup = Setup { pool: "    handover: 60s\n", ..Setup::default() };
    let pool = Pool::start_as(Way::Nat4, setup);
    let writing = pool.client("rw");
    for (from, to) in [("db1", "db2"), ("db2", "db1")] {
        writing.wait_for_visits(10, from);
        let session = pool.session("rw");
        let ordered = Instant::now();
        pool.switch_over_to(to);
        let changed = pool.table().wait("rw", &format!("{to}=1"));
        println!("from the order to the changed table: {:?}", changed - ordered);

        session.wait_until_it_is_reset();
        writing.wait_for_visits(10, to);
        assert_eq!(pool.table().most("rw", ordered), 1, "{}", pool.table());
        let late = writing.visits_since(changed);
        assert!(late.iter().all(|v| v.answer.as_deref() == Ok(to)), "{late:#?}\n{}", pool.table());
    }
    let steps = pool.agent().told("handover_step");
    let consumed = steps.iter().filter(|step| step.contains("is DOWN for rw since "));
    assert!(consumed.clone().count() == 2 && !consumed.clone().any(|s| s.contains("since 1m")), "{steps:#?}");
    println!("{}\n{}\n{}", pool.table(), pool.agent().says(&["status"]), pool.agent().why());
}
