//! What went wrong in a poll, as the answer it counts as, in words. The password is in none of them.

use super::fields::Odd;
use super::target::{Target, Tls};
use crate::core::observation::{Answer, Offline};
use crate::core::time::Short;
use ::mysql::{DriverError, Error, MySqlError};
use nix::errno::Errno;
use std::io::{self, ErrorKind};

/// Longest text of a server passed on, characters.
const LONGEST: usize = 150;

/// The monitor's own trouble: its user, its password, its privileges, its host, its limits; then what authentication
/// plugins say: not spoken, not loaded, wants a password; then an account locked (3118, MariaDB 4151), TLS demanded, an
/// account blocked after wrong passwords.
const DENIED: [u16; 16] =
    [1044, 1045, 1129, 1130, 1142, 1226, 1227, 1820, 1862, 1251, 1524, 1698, 3118, 4151, 3159, 3955];
/// The server is shutting down.
const SHUTDOWN: u16 = 1053;
/// Our connection was killed, or idle for too long: the server says so when we next use it.
const HUNG_UP: [u16; 2] = [1927, 4031];
/// What a poll was at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Connecting and logging in.
    Login,
    /// Asking.
    Query,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no password to log in with, and why.
    NoPassword(String),
    /// The authority's certificates cannot be read, and why.
    NoAuthority(String),
    /// The driver failed, or the server said no.
    Driver(Phase, Error),
    /// The server is too old, or answered something else than was asked for.
    Unexpected(Odd),
}

impl From<Odd> for Failure {
    fn from(odd: Odd) -> Failure {
        Failure::Unexpected(odd)
    }
}

impl Failure {
    /// Whether the other end had closed the connection, or left it in no state to be used. Not a timeout.
    pub(crate) fn is_hang_up(&self) -> bool {
        match self {
            Failure::Driver(_, Error::MySqlError(e)) => HUNG_UP.contains(&e.code),
            Failure::Driver(_, e) => io_error(e).is_none_or(|e| !is_timeout(e.kind())),
            _ => false,
        }
    }

    /// The answer it counts as. `late`: the deadline has passed, so that whatever the driver says was our
    /// doing.
    pub(crate) fn answer(&self, target: &Target, late: bool) -> Answer {
        match self {
            Failure::NoPassword(why) => Answer::Denied(format!("no password: {}", shorten(why))),
            Failure::NoAuthority(why) => Answer::Denied(format!("tls: {}", shorten(why))),
            Failure::Unexpected(odd) => Answer::Saturated(shorten(&odd.0)),
            Failure::Driver(_, Error::MySqlError(e)) => refusal(e),
            Failure::Driver(phase, e) => match io_error(e) {
                Some(e) if late || is_timeout(e.kind()) => timeout(*phase, target),
                Some(e) => broken(e, matches!(target.tls, Tls::Disabled)),
                None => driver(e, target),
            },
        }
    }
}

/// An error the server itself sent.
fn refusal(e: &MySqlError) -> Answer {
    let words = format!("{} {}", e.code, shorten(&e.message));
    match e.code {
        SHUTDOWN => Answer::offline(words),
        code if DENIED.contains(&code) => Answer::Denied(words),
        _ => Answer::Saturated(words),
    }
}

fn io_error(e: &Error) -> Option<&io::Error> {
    match e {
        Error::IoError(e) => Some(e),
        Error::CodecError(e) => std::error::Error::source(e)?.downcast_ref(),
        _ => None,
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn timeout(phase: Phase, target: &Target) -> Answer {
    let span = Short(target.timeout);
    match phase {
        Phase::Login => Answer::Offline(Offline {
            reason: format!("accepts, but sends no greeting within {span}"),
            silent: true,
        }),
        Phase::Query => Answer::offline(format!("timeout after {span}")),
    }
}

/// A connection that broke while it was used.
fn broken(e: &io::Error, plain: bool) -> Answer {
    match e.kind() {
        ErrorKind::InvalidData if !plain => Answer::Denied(format!("tls: {}", shorten(&e.to_string()))),
        ErrorKind::ConnectionReset => Answer::offline("connection reset"),
        ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => Answer::offline("server disconnected"),
        _ => Answer::offline(shorten(&e.to_string())),
    }
}

fn driver(e: &Error, target: &Target) -> Answer {
    match e {
        Error::DriverError(DriverError::ConnectTimeout | DriverError::Timeout) => {
            Answer::offline(format!("timeout after {}", Short(target.timeout)))
        }
        Error::DriverError(DriverError::CouldNotConnect(Some((_, text, kind)))) => unreachable(text, *kind),
        Error::DriverError(DriverError::TlsNotSupported) => {
            Answer::Denied("the server offers no TLS, but `tls` demands it".into())
        }
        Error::DriverError(DriverError::UnknownAuthPlugin(plugin)) => {
            Answer::Denied(format!("unknown authentication plugin `{}`: wrong user?", shorten(plugin)))
        }
        Error::DriverError(
            DriverError::OldMysqlPasswordDisabled
            | DriverError::CleartextPluginDisabled
            | DriverError::InvalidParsecSalt,
        ) => Answer::Denied(shorten(&e.to_string())),
        Error::TlsError(e) => Answer::Denied(format!("tls: {}", shorten(&e.to_string()))),
        _ => Answer::offline(format!("no MySQL server answers: {}", shorten(&e.to_string()))),
    }
}

/// No connection. A machine that has run out of sockets is the monitor's own trouble.
fn unreachable(text: &str, kind: ErrorKind) -> Answer {
    let ours = [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM, Errno::EADDRNOTAVAIL];
    if ours.iter().any(|errno| text.ends_with(&format!("(os error {})", *errno as i32))) {
        return Answer::Denied(format!("this machine cannot open a connection: {}", shorten(text)));
    }
    Answer::offline(plain_words(kind).map_or_else(|| shorten(text), str::to_owned))
}

/// The field's own words for what happens to connections.
pub(super) fn plain_words(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::ConnectionRefused => Some("connection refused"),
        ErrorKind::HostUnreachable => Some("no route to host"),
        ErrorKind::NetworkUnreachable => Some("network unreachable"),
        ErrorKind::ConnectionReset => Some("connection reset"),
        _ => None,
    }
}

/// One line, of at most 150 characters, nothing in it that a terminal would act on.
pub(crate) fn shorten(text: &str) -> String {
    if text.len() <= LONGEST && !text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        // A name, as nearly always.
        return text.to_owned();
    }
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    let cut: String = words.chars().take(LONGEST - 3).collect();
    format!("{}...", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Duration;

    fn target(tls: Tls) -> Target {
        Target {
            name: "db1".into(),
            address: "127.0.0.1:3306".parse().expect("an address"),
            user: "mpp".into(),
            tls,
            timeout: Duration::from_millis(500),
            reconnect_every: Duration::from_secs(5),
            password: Box::new(|| Ok("secret".into())),
        }
    }

    fn answer(error: impl Into<Error>) -> Answer {
        Failure::Driver(Phase::Query, error.into()).answer(&target(Tls::Preferred), false)
    }

    fn said(code: u16) -> Answer {
        answer(MySqlError { state: "HY000".into(), message: "no".into(), code })
    }

    #[test]
    fn what_the_server_says_is_sorted_by_its_number() {
        for code in DENIED {
            assert_eq!(said(code), Answer::Denied(format!("{code} no")));
        }
        assert_eq!(said(1053), Answer::offline("1053 no"));
        for code in [1040, 1203, 1317, 1290, 3032, 1927] {
            assert_eq!(said(code), Answer::Saturated(format!("{code} no")));
        }
    }

    #[test]
    fn a_connection_that_cannot_be_made_says_why() {
        let no = |errno: Errno| {
            let e = io::Error::from(errno);
            answer(DriverError::CouldNotConnect(Some(("a".into(), e.to_string(), e.kind()))))
        };
        assert_eq!(no(Errno::ECONNREFUSED), Answer::offline("connection refused"));
        assert_eq!(no(Errno::EHOSTUNREACH), Answer::offline("no route to host"));
        assert_eq!(no(Errno::ENETUNREACH), Answer::offline("network unreachable"));
        assert_eq!(answer(DriverError::ConnectTimeout), Answer::offline("timeout after 500ms"));
        assert!(matches!(no(Errno::EMFILE), Answer::Denied(words) if words.contains("Too many open files")));
    }

    #[test]
    fn tls_and_authentication_plugins_are_our_own_trouble() {
        let bad_tls = io::Error::new(ErrorKind::InvalidData, "received fatal alert");
        let troubles = [
            Error::DriverError(DriverError::TlsNotSupported),
            Error::DriverError(DriverError::UnknownAuthPlugin("sha256_password".into())),
            Error::CodecError(bad_tls.into()),
        ];
        for trouble in troubles {
            let words = trouble.to_string();
            assert!(matches!(answer(trouble), Answer::Denied(_)), "{words}");
        }
    }

    #[test]
    fn past_the_deadline_any_broken_connection_is_a_timeout() {
        let failure = |phase| Failure::Driver(phase, Error::server_disconnected());
        let target = target(Tls::Disabled);
        assert_eq!(failure(Phase::Query).answer(&target, false), Answer::offline("server disconnected"));
        assert_eq!(failure(Phase::Query).answer(&target, true), Answer::offline("timeout after 500ms"));
        let silent = Offline { reason: "accepts, but sends no greeting within 500ms".into(), silent: true };
        assert_eq!(failure(Phase::Login).answer(&target, true), Answer::Offline(silent));
    }

    #[test]
    fn a_long_text_is_cut_to_one_line() {
        assert_eq!(shorten(" a\nb\t\u{1b}[31mc "), "a b [31mc");
        let cut = shorten(&"wörter ".repeat(50));
        assert!(cut.chars().count() <= LONGEST && cut.ends_with("..."), "{cut}");
    }
}
