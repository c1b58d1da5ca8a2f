//! What can go wrong between us and a server.

use std::io;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No connection could be made.
    Unreachable(io::Error),
    /// The connection broke, or the deadline has passed (a kind of timeout).
    Broken(io::Error),
    /// The server said no.
    Refused(Refusal),
    /// The server offers no TLS.
    NoTls,
    /// TLS did not come about, and why.
    Tls(String),
    /// The server wants an authentication that is not spoken here: the plugin's name.
    Plugin(String),
    /// What came is not what a MySQL server says, and why.
    Senseless(String),
}

/// An error that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its number.
    pub(crate) code: u16,
    /// Its SQLSTATE; empty before the login.
    pub(crate) state: String,
    /// In the server's words.
    pub(crate) message: String,
}

impl Fault {
    /// What came makes no sense, for this reason.
    pub(super) fn senseless(words: impl Into<String>) -> Fault {
        Fault::Senseless(words.into())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        // What TLS finds wrong is wrapped in an error of the stream.
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => Fault::Tls(tls.to_string()),
            None => Fault::Broken(error),
        }
    }
}
