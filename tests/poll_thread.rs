//! When a node's thread polls: its pace, its being asked, its watch over the idle connection.

mod support;

use mpp::clock::now;
use mpp::core::observation::{Answer, Observation};
use mpp::core::time::{Duration, Moment};
use mpp::poll::Target;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use support::accounts::MONITOR;
use support::monitor::{poller, target};
use support::{Mode, Options, Proxy, Server, wait_until};

const NEVER: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(30);

#[track_caller]
fn next(observations: &Receiver<Observation>) -> Observation {
    observations.recv_timeout(PATIENCE).expect("an observation")
}

/// Nothing comes, for a span in which it would have.
#[track_caller]
fn nothing(observations: &Receiver<Observation>) {
    let came = observations.recv_timeout(Duration::from_millis(700));
    assert_eq!(came, Err(RecvTimeoutError::Timeout));
}

fn online(observation: &Observation) -> bool {
    observation.answer.facts().is_some()
}

#[test]
fn polls_keep_their_pace_from_start_to_start() {
    let server = Server::start(&Options::id(1));
    let every = Duration::from_millis(100);
    let (_poller, observations) = poller(target(server.address()), every);
    let began: Vec<Moment> =
        (0..20).map(|_| next(&observations)).inspect(|o| assert!(online(o))).map(|o| o.began).collect();
    assert!(began.windows(2).all(|w| w[1] > w[0]), "{began:?}");
    // Not faster than the pace; how much slower depends on the machine.
    assert!(began[19].since(began[0]) >= every * 18, "{began:?}");
}

#[test]
fn a_poll_asked_for_begins_after_the_asking() {
    let server = Server::start(&Options::id(1));
    let (poller, observations) = poller(target(server.address()), NEVER);
    next(&observations);
    nothing(&observations);
    for _ in 0..5 {
        let asked = now();
        poller.ask();
        assert!(next(&observations).began >= asked);
    }
    nothing(&observations);
}

#[test]
fn a_poll_in_flight_does_not_count_for_the_asking() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let fresh = Target { reconnect_every: Duration::ZERO, ..target(proxy.address()) };
    let (poller, observations) = poller(fresh, NEVER);
    next(&observations);
    proxy.set(Mode::Silent);
    poller.ask();
    wait_until("the poll is in flight", PATIENCE, || proxy.accepted() == 2);
    let asked = now();
    poller.ask();
    poller.ask();
    proxy.set(Mode::Pass);
    assert!(next(&observations).began < asked);
    assert!(next(&observations).began >= asked);
    nothing(&observations);
}

#[test]
fn a_faster_pace_takes_effect_at_once_and_a_slower_one_too() {
    let server = Server::start(&Options::id(1));
    let (poller, observations) = poller(target(server.address()), NEVER);
    next(&observations);
    nothing(&observations);
    poller.pace(Duration::from_millis(50));
    for _ in 0..5 {
        next(&observations);
    }
    poller.pace(NEVER);
    // One may have been under way.
    while observations.recv_timeout(Duration::from_millis(300)).is_ok() {}
    nothing(&observations);
}

#[test]
fn a_server_that_dies_while_idle_is_noticed_at_once() {
    let mut server = Server::start(&Options::id(1));
    let (_poller, observations) = poller(target(server.address()), NEVER);
    assert!(online(&next(&observations)));
    server.kill9();
    // Refused; or let in and reset, where the kernel closes our connection before the socket it came in by.
    let noticed = next(&observations).answer;
    assert!(noticed.is_offline(), "{noticed:?}");
}

#[test]
fn a_shutdown_is_noticed_at_once() {
    let mut server = Server::start(&Options::id(1));
    let (_poller, observations) = poller(target(server.address()), NEVER);
    assert!(online(&next(&observations)));
    server.stop_clean();
    // Its connections end before its socket does: it may still let us in.
    let noticed = next(&observations).answer;
    assert!(!matches!(noticed, Answer::Denied(_)), "{noticed:?}");
}

#[test]
fn an_idle_connection_that_was_killed_costs_one_poll_and_no_fault() {
    let server = Server::start(&Options::id(1));
    let (_poller, observations) = poller(target(server.address()), NEVER);
    next(&observations);
    server.sql(&format!("KILL USER {MONITOR}"));
    assert!(online(&next(&observations)));
    // A second hang-up within the pace waits for the pace.
    server.sql(&format!("KILL USER {MONITOR}"));
    nothing(&observations);
}

#[test]
fn a_path_that_hangs_up_after_each_answer_is_not_polled_in_a_circle() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let every = Duration::from_millis(500);
    let (_poller, observations) = poller(target(proxy.address()), every);
    let first = next(&observations);
    let mut polls = 0;
    let last = loop {
        proxy.cut();
        let observation = next(&observations);
        polls += 1;
        if observation.began.since(first.began) >= every * 6 {
            break observation;
        }
    };
    let paces = last.began.since(first.began).as_millis() / every.as_millis();
    assert!(polls <= 2 * (paces + 1), "{polls} polls in {paces} paces");
}

#[test]
fn a_poller_that_was_dropped_ends_and_closes_its_connection() {
    let server = Server::start(&Options::id(1));
    let (poller, observations) = poller(target(server.address()), NEVER);
    next(&observations);
    drop(poller);
    assert_eq!(observations.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    wait_until("the server sees us leave", PATIENCE, || {
        server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE user='mpp'") == "0"
    });
}

#[test]
fn a_thread_whose_answers_nobody_wants_ends() {
    let server = Server::start(&Options::id(1));
    let (_poller, observations) = poller(target(server.address()), Duration::from_millis(50));
    next(&observations);
    drop(observations);
    wait_until("the server sees us leave", PATIENCE, || {
        server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE user='mpp'") == "0"
    });
}
