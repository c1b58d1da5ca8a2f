//! Syslog: reconnects when the syslog daemon is restarted, and loses nothing that fits the queue meanwhile.

use super::queue::Inbox;
use nix::errno::Errno;
use std::path::{Path, PathBuf};
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

/// Where systemd's journal takes syslog lines; `/dev/log` leads there.
const JOURNAL: &str = "/run/systemd/journal/dev-log";

impl Target {
    /// Lines go to the journal of systemd.
    pub(super) fn is_the_journal(&self) -> bool {
        self.socket.is_none()
            && std::fs::canonicalize("/dev/log").is_ok_and(|path| path == Path::new(JOURNAL))
    }
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

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::super::queue::Outlet;
    use super::*;
    use crate::core::time::Moment;
    use std::fs;
    use std::process::Command;
    use std::sync::Arc;

    const ALL: usize = 1000;
    const ROOM: usize = 100;

    #[test]
    fn while_syslog_is_away_so_many_lines_wait_and_the_rest_is_counted_and_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        let target = Target { facility: "local3".into(), socket: Some(path("sock")) };
        let outlet =
            Outlet::start("syslog", ROOM, move |inbox| run(&Mutex::new(target), &inbox)).expect("a thread");
        for n in 1..=ALL {
            let reason = format!("line {n}.");
            outlet.tell(&Arc::new(Line { event: "state".into(), reason, ..Line::default() }));
        }
        let config = format!(
            "global(workDirectory=\"{0}\")\nmodule(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket=\"{0}/sock\" RateLimit.Interval=\"0\")\n\
             local3.* action(type=\"omfile\" file=\"{0}/log\")\n",
            dir.path().display()
        );
        fs::write(path("conf"), config).expect("its configuration");
        let mut rsyslogd = Command::new("rsyslogd");
        rsyslogd.arg("-n").arg("-f").arg(path("conf")).arg("-i").arg(path("pid"));
        let mut rsyslogd = rsyslogd.spawn().expect("rsyslogd, from Debian's rsyslog");
        let until: Moment = crate::clock::now() + Duration::from_secs(60);
        let text = || fs::read_to_string(path("log")).unwrap_or_default();
        let told = || text().lines().filter(|line| line.contains("line ")).count();
        let dropped = || {
            let text = text();
            let (before, _) = text.split_once(" lines for syslog: the queue was full")?;
            before.rsplit('"').next()?.parse::<usize>().ok()
        };
        while dropped().is_none_or(|n| n + told() < ALL) && crate::clock::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        rsyslogd.kill().and_then(|()| rsyslogd.wait()).expect("ended");
        assert_eq!(dropped().map(|n| n + told()), Some(ALL), "{}", text());
        assert!((ROOM..=ROOM + 1).contains(&told()), "{}", told());
        // One more may have got a place when the first was taken up.
        assert!((1..=ROOM).all(|n| text().contains(&format!("\"line {n}.\""))), "the first, in order");
    }
}
