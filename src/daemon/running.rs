//! One server: its poller, its probe, and how to reach it.

use super::message::{Haste, Mailbox, Message, PollerId, Sent};
use crate::config::{Access, Password};
use crate::core::observation::Observation;
use crate::core::time::Duration;
use crate::hand::{Probe, Watched};
use crate::poll::{Poller, Target};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A poller and what it was started with.
pub(super) struct Running {
    pub(super) id: PollerId,
    pub(super) access: Access,
    pub(super) poller: Poller,
    /// Who writes to its probe table; `None`: nobody.
    pub(super) probe: Option<Probe>,
    /// What these writes mean for the polls.
    pub(super) watched: Arc<Watched>,
    /// It panicked: nobody is asked any more.
    pub(super) lost: bool,
    /// `POOL/NODE`.
    name: String,
    timeout: Duration,
    secret: Arc<Mutex<Secret>>,
}

/// The password of a node.
struct Secret {
    password: Password,
    /// That it is at fault was told.
    told: bool,
}

impl Running {
    /// Starts the poller of the node `name`, its first poll after `first`, the next ones `every` from start to start.
    pub(super) fn start(
        name: String,
        access: &Access,
        timeout: Duration,
        (first, every): (Duration, Duration),
        mailbox: &Mailbox,
    ) -> io::Result<Running> {
        let secret = Secret { password: Password::of(&access.password), told: false };
        let (secret, watched) = (Arc::new(Mutex::new(secret)), Arc::<Watched>::default());
        let target = target(&name, access, timeout, &secret, mailbox);
        let (id, poller) = poll(target, (first, every), &watched, mailbox)?;
        let access = access.clone();
        Ok(Running { id, access, poller, probe: None, watched, lost: false, name, timeout, secret })
    }

    /// Starts a new poller in the place of one that is lost, its first poll at once.
    pub(super) fn restart(&mut self, every: Duration, mailbox: &Mailbox) -> io::Result<()> {
        let pace = (Duration::ZERO, every);
        (self.id, self.poller) = poll(self.target(mailbox), pace, &self.watched, mailbox)?;
        self.lost = false;
        Ok(())
    }

    /// For a connection beside the poller's.
    pub(super) fn target(&self, mailbox: &Mailbox) -> Target {
        target(&self.name, &self.access, self.timeout, &self.secret, mailbox)
    }

    /// Whether it asks in this way.
    pub(super) fn asks(&self, access: &Access, timeout: Duration) -> bool {
        !self.lost && self.access == *access && self.timeout == timeout
    }
}

fn poll(
    target: Target,
    (first, every): (Duration, Duration),
    watched: &Arc<Watched>,
    mailbox: &Mailbox,
) -> io::Result<(PollerId, Poller)> {
    let (id, watched) = (PollerId::fresh(), Arc::clone(watched));
    let (deliverer, reporter) = (mailbox.clone(), mailbox.clone());
    // A dropped observation is as good as none: the node is overdue then, and the decider says what was dropped.
    let deliver = move |mut observation: Observation, asked: bool| {
        observation.answer = watched.judge(observation.answer);
        // A good answer that nobody waits for tells that all is as it was.
        let is_news = asked || observation.answer.facts().is_none();
        let haste = if is_news { Haste::Urgent } else { Haste::Routine };
        deliverer.send_with(Message::Polled(id, observation), haste) != Sent::Gone
    };
    let crashed = move |words: String| reporter.insist(&|| Message::Crashed(id, words.clone()));
    Ok((id, Poller::start(target, first, every, Box::new(deliver), Box::new(crashed))?))
}

fn target(
    name: &str,
    access: &Access,
    timeout: Duration,
    secret: &Arc<Mutex<Secret>>,
    mailbox: &Mailbox,
) -> Target {
    let password = password(name.to_owned(), Arc::clone(secret), mailbox.clone());
    Target::of(name, access, timeout, Box::new(password))
}

/// The password of a node. A file that was good and is at fault for a moment must not blind the daemon: the last good
/// password serves on, and the fault is told once.
fn password(
    name: String,
    secret: Arc<Mutex<Secret>>,
    mailbox: Mailbox,
) -> impl FnMut() -> Result<String, String> {
    move || {
        let mut secret = secret.lock().unwrap_or_else(PoisonError::into_inner);
        match (secret.password.current(), secret.password.last_good().map(str::to_owned)) {
            (Ok(current), _) => {
                secret.told = false;
                Ok(current)
            }
            (Err(fault), None) => Err(fault.to_string()),
            (Err(fault), Some(last)) => {
                if !std::mem::replace(&mut secret.told, true) {
                    let text = format!("{name}: {fault}; the last good password serves on");
                    _ = mailbox.send(Message::Tell("password", "alert", text));
                }
                Ok(last)
            }
        }
    }
}
