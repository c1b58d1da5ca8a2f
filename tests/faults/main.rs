//! The table of faults on real servers, in real time: each with the decision it must come to, and most of them once more
//! with the daemon killed at random moments, which changes nothing.

#[path = "../support/mod.rs"]
mod support;

mod active;
mod all;
mod handover;
mod monitor;
mod replication_of_active;
mod ring;
mod standby;

// These take longest, and tests begin in the order of their names: these are the first.
#[test]
fn a_daemon_killed_in_the_middle_of_handovers_loses_no_row_and_never_shows_two_writers() {
    handover::killed_in_the_middle(handover::Writable::Require);
}

#[test]
fn a_daemon_killed_in_the_middle_of_managed_handovers_never_has_two_servers_open_and_loses_no_order() {
    handover::killed_in_the_middle(handover::Writable::Manage);
}

#[test]
fn a_standby_that_was_broken_for_90_s_is_not_promoted() {
    standby::broken_for(support::Play::Plain, "", std::time::Duration::from_secs(90));
}
