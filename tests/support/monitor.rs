//! Polling a test server as the product does.

use super::accounts::{MONITOR, MONITOR_PASSWORD};
use super::wait::wait_until;
use mpp::core::observation::{Answer, Channel, Facts, Observation};
use mpp::poll::{Asker, Poller, Target, Tls};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// As the monitor's account, unencrypted; the deadline is long enough for a busy machine.
pub fn target(address: SocketAddr) -> Target {
    Target {
        name: "db".into(),
        address,
        user: MONITOR.into(),
        tls: Tls::Disabled,
        timeout: Duration::from_secs(5),
        reconnect_every: Duration::from_secs(3600),
        password: Box::new(|| Ok(MONITOR_PASSWORD.into())),
    }
}

/// Polls this address when told to.
pub fn asker(address: SocketAddr) -> Asker {
    asker_of(target(address))
}

/// Polls this target when told to.
pub fn asker_of(target: Target) -> Asker {
    Asker::new(target)
}

/// The facts of one poll.
///
/// # Panics
/// If the answer is not `Online`.
#[track_caller]
pub fn facts(asker: &mut Asker) -> Facts {
    let answer = asker.poll().answer;
    answer.facts().unwrap_or_else(|| panic!("{answer:?}")).clone()
}

/// The only channel.
#[track_caller]
pub fn channel_of(asker: &mut Asker) -> Channel {
    let mut channels = facts(asker).channels;
    assert_eq!(channels.len(), 1, "{channels:?}");
    channels.remove(0)
}

/// `Denied`, in words that begin so; the password is in none of them.
#[track_caller]
pub fn denied(answer: &Answer, number: &str) {
    let Answer::Denied(words) = answer else { panic!("{answer:?}") };
    assert!(words.starts_with(number), "{words}");
    assert!(!words.contains(MONITOR_PASSWORD) && !words.contains("wrong-secret"), "{words}");
}

/// Polls until the answer is as wanted.
#[track_caller]
pub fn poll_until(
    asker: &mut Asker,
    what: &str,
    mut wanted: impl FnMut(&Observation) -> bool,
) -> Observation {
    let mut last = asker.poll();
    wait_until(what, Duration::from_secs(30), || {
        last = asker.poll();
        wanted(&last)
    });
    last
}

/// Polls from a thread of its own.
pub fn poller(target: Target, every: Duration) -> (Poller, Receiver<Observation>) {
    let (answers, observations) = channel();
    let deliver = Box::new(move |observation, _| answers.send(observation).is_ok());
    let crashed = Box::new(|words| panic!("it panicked: {words}"));
    (Poller::start(target, Duration::ZERO, every, deliver, crashed).expect("a thread"), observations)
}
