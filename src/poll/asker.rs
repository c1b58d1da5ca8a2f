//! One poll of one server: from the kept connection, or a fresh one, to the observation.

use super::connect;
use super::dialect::Dialect;
use super::failure::Failure;
use super::fields::Odd;
use super::target::Target;
use super::thread::Ask;
use crate::clock::now;
use crate::core::observation::{Answer, Facts, Observation};
use crate::core::time::{Duration, Moment};
use crate::mysql::Connection;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::{AsFd, BorrowedFd};

/// Polls one server, and keeps the connection in between.
pub struct Asker {
    target: Target,
    kept: Option<Connection>,
    /// So much earlier than later ones the first connection is replaced: those of a thousand nodes are made in one second,
    /// and need not be replaced in one.
    early: Duration,
    /// The server is remembered to do no TLS. Forgotten when it goes offline: it may come back with it.
    plain: bool,
    /// How the server greeted, and in which words it is asked. Forgotten after every failure.
    known: Option<(String, Dialect)>,
}

impl Asker {
    /// Connects to nothing yet.
    pub fn new(target: Target) -> Asker {
        let early = share(&target.name, target.reconnect_every);
        Asker { target, kept: None, early, plain: false, known: None }
    }

    /// Asks once; takes at most the target's timeout and some 10 ms.
    pub fn poll(&mut self) -> Observation {
        let began = now();
        let deadline = began + self.target.timeout;
        let answer = match self.question(deadline) {
            Ok(facts) => Answer::Online(Box::new(facts)),
            Err(failure) => failure.answer(&self.target, now() >= deadline),
        };
        self.plain &= !answer.is_offline();
        self.known.take_if(|_| answer.facts().is_none());
        Observation { began, ended: now(), answer }
    }

    /// A kept connection that turns out to be closed makes room for a fresh one: one poll, one answer.
    fn question(&mut self, deadline: Moment) -> Result<Facts, Failure> {
        if let Some(kept) = self.take_kept() {
            match self.ask_on(kept, deadline) {
                Err(failure) if failure.is_hang_up() && now() < deadline => {}
                result => return result,
            }
        }
        let fresh = connect::open(&mut self.target, &mut self.plain, deadline)?;
        self.ask_on(fresh, deadline)
    }

    /// The kept connection, unless it is too old. It is closed then, before the fresh one is made: never two
    /// at once.
    fn take_kept(&mut self) -> Option<Connection> {
        let kept = self.kept.take()?;
        if now().since(kept.opened()) + self.early < self.target.reconnect_every {
            return Some(kept);
        }
        self.early = Duration::ZERO;
        None
    }

    /// Keeps the connection only after a good answer: after any error it may be out of step with its answers.
    fn ask_on(&mut self, mut connection: Connection, deadline: Moment) -> Result<Facts, Failure> {
        let dialect = dialect(&mut connection, &mut self.known, deadline)?;
        let began = now();
        let sets = connection.sets(dialect.question(), deadline)?;
        let facts = dialect.facts(&sets, now().since(began))?;
        self.kept = Some(connection);
        Ok(facts)
    }
}

impl Ask for Asker {
    type Answer = Observation;

    fn ask(&mut self) -> Observation {
        self.poll()
    }

    fn kept(&self) -> Option<BorrowedFd<'_>> {
        self.kept.as_ref().map(AsFd::as_fd)
    }

    fn hang_up(&mut self) {
        self.kept = None;
    }
}

/// A part of the whole that is another for each name, and always the same.
fn share(name: &str, whole: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    whole * u32::try_from(hasher.finish() % 1000).unwrap_or(0) / 1000
}

/// In which words to ask. The server is asked for its version first, but not again on every connection.
pub(crate) fn dialect(
    connection: &mut Connection,
    known: &mut Option<(String, Dialect)>,
    deadline: Moment,
) -> Result<Dialect, Failure> {
    if let Some((_, dialect)) = known.as_ref().filter(|(greeting, _)| greeting == connection.greeting()) {
        return Ok(*dialect);
    }
    let rows = connection.rows("SELECT @@version", deadline)?;
    let version = rows.first().and_then(|row| row.at(0));
    let dialect = Dialect::of(version.ok_or_else(|| Odd("answers without version".into()))?)?;
    *known = Some((connection.greeting().to_owned(), dialect));
    Ok(dialect)
}
