//! What went wrong in a poll, as the answer it counts as, in words. The password is in none of them.

use super::fields::Odd;
use super::target::Target;
use crate::core::observation::{Answer, Offline};
use crate::core::time::Short;
use crate::mysql::{Fault, Refusal};
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
    /// The connection failed, or the server said no.
    Client(Phase, Fault),
    /// The server is too old, or answered something else than was asked for.
    Unexpected(Odd),
}

impl From<Fault> for Failure {
    /// Once logged in, which is nearly always.
    fn from(fault: Fault) -> Failure {
        Failure::Client(Phase::Query, fault)
    }
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
            Failure::Client(_, Fault::Refused(refusal)) => HUNG_UP.contains(&refusal.code),
            Failure::Client(_, Fault::Broken(e)) => !is_timeout(e.kind()),
            Failure::Client(..) => true,
            _ => false,
        }
    }

    /// The answer it counts as. `late`: the deadline has passed, so that whatever broke was our doing.
    pub(crate) fn answer(&self, target: &Target, late: bool) -> Answer {
        match self {
            Failure::NoPassword(why) => Answer::Denied(format!("no password: {}", shorten(why))),
            Failure::Unexpected(odd) => Answer::Saturated(shorten(&odd.0)),
            Failure::Client(phase, fault) => of(fault, *phase, target, late),
        }
    }
}

fn of(fault: &Fault, phase: Phase, target: &Target, late: bool) -> Answer {
    match fault {
        Fault::Refused(refusal) => refused(refusal),
        Fault::Unreachable(e) => unreachable(e, target),
        Fault::Broken(e) if late || is_timeout(e.kind()) => timeout(phase, target),
        Fault::Broken(e) => broken(e),
        Fault::NoTls => Answer::Denied("the server offers no TLS, but `tls` demands it".into()),
        Fault::Tls(why) => Answer::Denied(format!("tls: {}", shorten(why))),
        Fault::Plugin(plugin) => {
            Answer::Denied(format!("unknown authentication plugin `{}`: wrong user?", shorten(plugin)))
        }
        Fault::Senseless(why) => Answer::offline(format!("no MySQL server answers: {}", shorten(why))),
    }
}

/// An error the server itself sent.
fn refused(refusal: &Refusal) -> Answer {
    let words = format!("{} {}", refusal.code, shorten(&refusal.message));
    match refusal.code {
        SHUTDOWN => Answer::offline(words),
        code if DENIED.contains(&code) => Answer::Denied(words),
        _ => Answer::Saturated(words),
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn timeout(phase: Phase, target: &Target) -> Answer {
    match phase {
        Phase::Login => Answer::Offline(Offline {
            reason: format!("accepts, but sends no greeting within {}", Short(target.timeout)),
            silent: true,
        }),
        Phase::Query => no_answer(target),
    }
}

fn no_answer(target: &Target) -> Answer {
    Answer::offline(format!("timeout after {}", Short(target.timeout)))
}

/// A connection that broke while it was used.
fn broken(e: &io::Error) -> Answer {
    match e.kind() {
        ErrorKind::ConnectionReset => Answer::offline("connection reset"),
        ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => Answer::offline("server disconnected"),
        _ => Answer::offline(shorten(&e.to_string())),
    }
}

/// No connection. A machine that has run out of sockets is the monitor's own trouble.
fn unreachable(e: &io::Error, target: &Target) -> Answer {
    let ours = [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM, Errno::EADDRNOTAVAIL];
    if ours.iter().any(|errno| e.raw_os_error() == Some(*errno as i32)) {
        return Answer::Denied(format!("this machine cannot open a connection: {}", shorten(&e.to_string())));
    }
    if is_timeout(e.kind()) {
        return no_answer(target);
    }
    Answer::offline(plain_words(e.kind()).map_or_else(|| shorten(&e.to_string()), str::to_owned))
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
    use super::super::target::Tls;
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

    fn answer(fault: Fault) -> Answer {
        Failure::Client(Phase::Query, fault).answer(&target(Tls::Preferred), false)
    }

    fn said(code: u16) -> Answer {
        answer(Fault::Refused(Refusal { code, state: "HY000".into(), message: "no".into() }))
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
        let no = |errno: Errno| answer(Fault::Unreachable(errno.into()));
        assert_eq!(no(Errno::ECONNREFUSED), Answer::offline("connection refused"));
        assert_eq!(no(Errno::EHOSTUNREACH), Answer::offline("no route to host"));
        assert_eq!(no(Errno::ENETUNREACH), Answer::offline("network unreachable"));
        assert_eq!(no(Errno::ETIMEDOUT), Answer::offline("timeout after 500ms"));
        assert!(matches!(no(Errno::EMFILE), Answer::Denied(words) if words.contains("Too many open files")));
    }

    #[test]
    fn tls_and_authentication_plugins_are_our_own_trouble() {
        let bad_tls = io::Error::new(ErrorKind::InvalidData, rustls::Error::DecryptError);
        for trouble in [Fault::NoTls, Fault::Plugin("sha256_password".into()), bad_tls.into()] {
            let words = format!("{trouble:?}");
            assert!(matches!(answer(trouble), Answer::Denied(_)), "{words}");
        }
    }

    #[test]
    fn past_the_deadline_any_broken_connection_is_a_timeout() {
        let failure = |phase| Failure::Client(phase, Fault::Broken(ErrorKind::UnexpectedEof.into()));
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
