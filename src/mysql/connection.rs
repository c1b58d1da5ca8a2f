//! One session with a server.

use super::answer::sets;
use super::fault::Fault;
use super::login::{Login, log_in};
use super::packets::Packets;
use super::set::Set;
use super::tls;
use super::wire::Wire;
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use std::os::fd::{AsFd, BorrowedFd};

/// What a packet to the server begins with.
const QUIT: u8 = 1;
const QUERY: u8 = 3;
/// A goodbye fits into the socket.
const GOODBYE: Duration = Duration::from_millis(10);

/// A connection, logged in. Dropped, it says goodbye.
pub(crate) struct Connection {
    packets: Packets<Wire>,
    greeting: String,
    opened: Moment,
}

impl Connection {
    /// Logs in by the deadline.
    pub(crate) fn open(login: &Login<'_>, deadline: Moment) -> Result<Connection, Fault> {
        let session = login.tls.map(|tls| tls::session(tls, login.address.ip())).transpose()?;
        let mut packets = Packets::on(Wire::connect(login.address, deadline)?);
        let greeting = log_in(&mut packets, login, session)?;
        packets.rest();
        Ok(Connection { packets, greeting, opened: now() })
    }

    /// When it was opened.
    pub(crate) fn opened(&self) -> Moment {
        self.opened
    }

    /// The version that the server greeted with. MariaDB may say 5.5.5 first, whatever it is.
    pub(crate) fn greeting(&self) -> &str {
        &self.greeting
    }

    /// All rows of all statements of a question, by the deadline. After any error but a refusal the connection may be
    /// out of step with its answers: it is of no more use.
    pub(crate) fn sets(&mut self, question: &str, deadline: Moment) -> Result<Vec<Set>, Fault> {
        self.packets.stream.by(deadline);
        self.packets.ask(QUERY, question.as_bytes())?;
        let sets = sets(&mut self.packets);
        match (&sets, self.packets.rest()) {
            (Ok(_) | Err(Fault::Refused(_)), false) => Err(Fault::senseless("more than an answer")),
            _ => sets,
        }
    }

    /// The rows of a single statement.
    pub(crate) fn rows(&mut self, question: &str, deadline: Moment) -> Result<Set, Fault> {
        Ok(self.sets(question, deadline)?.pop().unwrap_or_default())
    }

    /// Has the server do something.
    pub(crate) fn order(&mut self, statement: &str, deadline: Moment) -> Result<(), Fault> {
        self.sets(statement, deadline).map(drop)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.packets.stream.as_fd()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A server counts who leaves without it. One that is gone needs none.
        self.packets.stream.by(now() + GOODBYE);
        let _ = self.packets.ask(QUIT, &[]);
    }
}
