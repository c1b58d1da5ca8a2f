//! A fresh connection, with or without TLS, within the poll's deadline.

use super::deadline::{Mark, Watchdog};
use super::failure::{Failure, Phase};
use super::target::{Target, Tls};
use crate::clock::now;
use crate::core::time::Moment;
use ::mysql::{Conn, DriverError, Error, Opts, OptsBuilder, SslOpts};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// The largest packet taken, bytes: many times a server's answer. Without it every connection costs a question more.
const MAX_PACKET: usize = 1 << 20;

/// A connection, logged in.
pub(crate) struct Connection {
    pub(crate) conn: Conn,
    pub(crate) mark: Mark,
    pub(super) opened: Moment,
}

impl Connection {
    /// To wait for its end.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is the connection's, which keeps it open for as long as `self` is borrowed.
        unsafe { BorrowedFd::borrow_raw(self.conn.as_raw_fd()) }
    }
}

/// Logs in. `plain` is what is remembered of a server under [`Tls::Preferred`]: that it does no TLS.
pub(crate) fn open(
    target: &mut Target,
    plain: &mut bool,
    deadline: Moment,
    watchdog: &Watchdog,
) -> Result<Connection, Failure> {
    if let Tls::Verify { ca } = &target.tls {
        // The driver's own words for this would not say which file.
        std::fs::read(ca).map_err(|e| Failure::NoAuthority(format!("{}: {e}", ca.display())))?;
    }
    let password = (target.password)().map_err(Failure::NoPassword)?;
    let encrypt = match target.tls {
        Tls::Disabled => false,
        Tls::Preferred => !*plain,
        Tls::Required | Tls::Verify { .. } => true,
    };
    let attempt = |encrypt| log_in(target, &password, encrypt, deadline, watchdog);
    match attempt(encrypt) {
        Err(Error::DriverError(DriverError::TlsNotSupported)) if target.tls == Tls::Preferred => {
            *plain = true;
            attempt(false)
        }
        result => result,
    }
    .map_err(|error| Failure::Driver(Phase::Login, error))
}

fn log_in(
    target: &Target,
    password: &str,
    encrypt: bool,
    deadline: Moment,
    watchdog: &Watchdog,
) -> Result<Connection, Error> {
    let left = deadline.since(now());
    if left.is_zero() {
        return Err(DriverError::ConnectTimeout.into());
    }
    let mark = Mark::fresh();
    let _watch = watchdog.watch(mark, deadline);
    let conn = Conn::new(options(target, password, encrypt, left, mark))?;
    Ok(Connection { conn, mark, opened: now() })
}

fn options(target: &Target, password: &str, encrypt: bool, left: Duration, mark: Mark) -> Opts {
    let ip = target.address.ip();
    let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
    OptsBuilder::new()
        .ip_or_hostname(Some(host))
        .tcp_port(target.address.port())
        // On loopback the crate would look for the unix socket and move there.
        .prefer_socket(false)
        .user(Some(&target.user))
        .pass(Some(password))
        .tcp_connect_timeout(Some(left))
        .read_timeout(Some(target.timeout))
        .write_timeout(Some(target.timeout))
        .tcp_user_timeout_ms(Some(mark.millis()))
        .max_allowed_packet(Some(MAX_PACKET))
        .stmt_cache_size(0)
        .ssl_opts(encrypt.then(|| certificates(&target.tls)))
        .into()
}

fn certificates(tls: &Tls) -> SslOpts {
    match tls {
        Tls::Verify { ca } => SslOpts::default().with_root_cert_path(Some(ca.clone())),
        _ => SslOpts::default().with_danger_accept_invalid_certs(true),
    }
}
