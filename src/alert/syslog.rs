//! Syslog: reconnects when the syslog daemon is restarted, and loses nothing that fits the queue meanwhile.

use super::line::Line;
use super::queue::Inbox;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use syslog::{Facility, Formatter3164, Logger, LoggerBackend};

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

/// Writes until the sender is gone.
pub(super) fn run(target: &Target, inbox: &Inbox) {
    let mut connection = None;
    while let Ok(line) = inbox.lines.recv() {
        deliver(target, &mut connection, &line);
        let dropped = inbox.dropped();
        if dropped > 0 {
            let text = format!("event=dropped reason=\"{dropped} lines for syslog: the queue was full\"");
            deliver_text(target, &mut connection, 4, &text);
        }
    }
}

fn deliver(target: &Target, connection: &mut Option<Connection>, line: &Line) {
    deliver_text(target, connection, line.severity_number(), &line.to_string());
}

/// Writes one line, however long syslog is away: the queue behind it is what is bounded.
fn deliver_text(target: &Target, connection: &mut Option<Connection>, severity: u8, text: &str) {
    loop {
        if connection.is_none() {
            *connection = connect(target).ok();
        }
        if let Some(logger) = connection
            && write(logger, severity, text).is_ok()
        {
            return;
        }
        *connection = None;
        thread::sleep(RETRY);
    }
}

fn connect(target: &Target) -> Result<Connection, syslog::Error> {
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

fn write(logger: &mut Connection, severity: u8, text: &str) -> Result<(), syslog::Error> {
    match severity {
        0 | 1 => logger.alert(text),
        2 => logger.crit(text),
        3 => logger.err(text),
        4 => logger.warning(text),
        5 => logger.notice(text),
        _ => logger.info(text),
    }
}
