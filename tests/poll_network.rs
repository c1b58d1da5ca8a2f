//! Polls of servers that die, freeze or sit behind a broken network: what each fault looks like, how soon.

mod support;

use mpp::core::observation::{Answer, Observation, Offline};
use mpp::core::time::Duration;
use mpp::poll::{Asker, Target};
use std::net::SocketAddr;
use support::accounts::MONITOR;
use support::monitor::{asker, asker_of, facts, poll_until, target};
use support::{Mode, Options, Proxy, Server, wait_until};

const TIMEOUT: Duration = Duration::from_millis(500);

/// Polls with the product's own deadline.
fn impatient(address: SocketAddr) -> Asker {
    asker_of(Target { timeout: TIMEOUT, ..target(address) })
}

/// Far more than a poll may take beyond its deadline, far less than a dripping server would keep it.
#[track_caller]
fn within_the_deadline(observation: &Observation) {
    let took = observation.ended.since(observation.began);
    assert!(took < TIMEOUT + Duration::from_secs(10), "{took:?}: {observation:?}");
}

#[track_caller]
fn times_out(asker: &mut Asker, expected: &Answer) {
    let observation = asker.poll();
    within_the_deadline(&observation);
    // The kernel counts in milliseconds.
    assert!(observation.ended.since(observation.began) >= TIMEOUT * 9 / 10, "{observation:?}");
    assert_eq!(observation.answer, *expected);
}

fn timeout() -> Answer {
    Answer::offline("timeout after 500ms")
}

fn silent() -> Answer {
    Answer::Offline(Offline { reason: "accepts, but sends no greeting within 500ms".into(), silent: true })
}

#[test]
fn nobody_listening_is_connection_refused() {
    let mut server = Server::start(&Options::id(1));
    let mut asker = asker(server.address());
    facts(&mut asker);
    server.kill9();
    assert_eq!(asker.poll().answer, Answer::offline("connection refused"));
    server.restart();
    facts(&mut asker);
    server.stop_clean();
    assert_eq!(asker.poll().answer, Answer::offline("connection refused"));
}

#[test]
fn a_restart_between_two_polls_is_no_fault() {
    let mut server = Server::start(&Options::id(1));
    let mut asker = asker(server.address());
    facts(&mut asker);
    server.restart();
    facts(&mut asker);
}

#[test]
fn a_kept_connection_that_was_killed_is_replaced_within_the_same_poll() {
    let server = Server::start(&Options::id(1));
    let mut asker = asker(server.address());
    facts(&mut asker);
    server.sql(&format!("KILL USER {MONITOR}"));
    facts(&mut asker);
    server.sql("SET GLOBAL wait_timeout = 1");
    asker = support::monitor::asker(server.address());
    facts(&mut asker);
    wait_until("the server closes the idle connection", Duration::from_secs(30), || {
        server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE user='mpp'") == "0"
    });
    facts(&mut asker);
}

#[test]
fn a_frozen_server_times_out_and_is_asked_again_after_it_thaws() {
    let server = Server::start(&Options::id(1));
    let mut asker = impatient(server.address());
    poll_until(&mut asker, "the first answer", |o| o.answer.facts().is_some());
    server.freeze();
    times_out(&mut asker, &timeout());
    times_out(&mut asker, &silent());
    server.thaw();
    // A connection that timed out is never used again: its next answer would be the last question's.
    poll_until(&mut asker, "answers again", |o| o.answer.facts().is_some());
}

#[test]
fn a_path_that_swallows_packets_times_out() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let mut asker = impatient(proxy.address());
    poll_until(&mut asker, "the first answer", |o| o.answer.facts().is_some());
    proxy.set(Mode::Drop);
    times_out(&mut asker, &timeout());
    times_out(&mut asker, &timeout());
    proxy.set(Mode::Pass);
    poll_until(&mut asker, "answers again", |o| o.answer.facts().is_some());
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_silent() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    proxy.set(Mode::Silent);
    times_out(&mut impatient(proxy.address()), &silent());
}

#[test]
fn a_server_that_drips_one_byte_at_a_time_is_offline_at_the_deadline() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let mut asker = impatient(proxy.address());
    poll_until(&mut asker, "the first answer", |o| o.answer.facts().is_some());
    proxy.set(Mode::Drip(TIMEOUT / 4));
    // In the middle of an answer first, in the middle of a greeting then.
    times_out(&mut asker, &timeout());
    times_out(&mut asker, &silent());
    times_out(&mut asker, &silent());
    proxy.set(Mode::Pass);
    poll_until(&mut asker, "answers again", |o| o.answer.facts().is_some());
}

#[test]
fn a_dripping_server_does_not_cost_its_neighbours_their_connections() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let mut neighbour = asker(server.address());
    facts(&mut neighbour);
    let connected = || server.value("SELECT ID FROM information_schema.processlist WHERE user='mpp'");
    let before = connected();
    proxy.set(Mode::Drip(TIMEOUT / 4));
    times_out(&mut impatient(proxy.address()), &silent());
    wait_until("the dripping connection is gone", Duration::from_secs(30), || connected() == before);
    facts(&mut neighbour);
    assert_eq!(connected(), before);
}

#[test]
fn a_slow_but_timely_server_is_online() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let mut asker = asker(proxy.address());
    proxy.set(Mode::Delay(Duration::from_millis(50)));
    facts(&mut asker);
    assert!(facts(&mut asker).round_trip >= Duration::from_millis(50));
}

#[test]
fn a_path_that_refuses_or_hangs_up_is_offline_at_once() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    proxy.set(Mode::Refuse);
    assert_eq!(asker(proxy.address()).poll().answer, Answer::offline("connection refused"));
    proxy.set(Mode::HangUp);
    let answer = asker(proxy.address()).poll().answer;
    let words = ["server disconnected", "connection reset"].map(Answer::offline);
    assert!(words.contains(&answer), "{answer:?}");
}

#[test]
fn a_connection_cut_under_a_kept_one_is_replaced_within_the_same_poll() {
    let server = Server::start(&Options::id(1));
    let proxy = Proxy::before(server.address());
    let mut asker = asker(proxy.address());
    for accepted in 1..=5 {
        facts(&mut asker);
        assert_eq!(proxy.accepted(), accepted);
        proxy.cut();
    }
}
