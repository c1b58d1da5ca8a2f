//! Syslog: reconnects when the syslog daemon is restarted, and loses nothing that fits the queue meanwhile.

use super::queue::Inbox;
use nix::errno::Errno;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use syslog::{Error, Facility, Formatter3164, Logger, LoggerBackend};

/// How long to wait before syslog is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Where syslog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Facility, such as `daemon` or `local0`.
    pub facility: String,
    /// A socket of one's own; `None`: the system's, `/dev/log`.
    pub socket: Option<PathBuf>,
}

type Connection = Logger<LoggerBackend, Formatter3164>;

/// Writes until the sender is gone. A target that is changed is the one of whatever still waits.
pub(super) fn run(target: &Mutex<Target>, inbox: &Inbox) {
    let mut syslog = Syslog { target, connection: None, away: false };
    while let Ok(line) = inbox.lines.recv() {
        syslog.deliver(line.severity_number(), &line.to_string());
        let dropped = inbox.dropped();
        if dropped > 0 {
            let text = format!("event=dropped reason=\"{dropped} lines for syslog: the queue was full\"");
            syslog.deliver(4, &text);
        }
    }
}

struct Syslog<'a> {
    target: &'a Mutex<Target>,
    connection: Option<(Target, Connection)>,
    /// It could not be reached, and that was said.
    away: bool,
}

impl Syslog<'_> {
    /// Writes one line, however long syslog is away: the queue behind it is what is bounded.
    fn deliver(&mut self, severity: u8, text: &str) {
        loop {
            match self.try_once(severity, text) {
                Ok(()) => return self.away = false,
                // Too long for a datagram: the rest of the world must not wait for it.
                Err(Error::Write(e)) if e.raw_os_error() == Some(Errno::EMSGSIZE as i32) => return,
                Err(e) => self.complain(&e),
            }
            self.connection = None;
            thread::sleep(RETRY);
        }
    }

    fn try_once(&mut self, severity: u8, text: &str) -> Result<(), Error> {
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (_, logger) = match self.connection.take() {
            Some(connected) if connected.0 == target => self.connection.insert(connected),
            _ => {
                let logger = connect(&target)?;
                self.connection.insert((target, logger))
            }
        };
        write(logger, severity, text)
    }

    /// Says once, where it can, that syslog is away.
    fn complain(&mut self, e: &Error) {
        if !std::mem::replace(&mut self.away, true) {
            super::stderr::say(
                4,
                &format!("event=syslog reason=\"syslog can't be reached: {e}; trying again\""),
            );
        }
    }
}

fn connect(target: &Target) -> Result<Connection, Error> {
    let formatter = Formatter3164 {
        facility: target.facility.parse().unwrap_or(Facility::LOG_DAEMON),
        hostname: None,
        process: "mppd".into(),
        pid: std::process::id(),
    };
    match &target.socket {
        Some(path) => syslog::unix_custom(formatter, path),
        None => syslog::unix(formatter),
    }
}

fn write(logger: &mut Connection, severity: u8, text: &str) -> Result<(), Error> {
    match severity {
        0 | 1 => logger.alert(text),
        2 => logger.crit(text),
        3 => logger.err(text),
        4 => logger.warning(text),
        5 => logger.notice(text),
        _ => logger.info(text),
    }
}
