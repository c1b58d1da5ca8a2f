//! The operator's end of the socket.

use super::protocol::{Answer, Request, parse_answer};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// How long one answer may take: longer than the daemon waits for its decider.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the daemon did not answer.
#[derive(Debug, Error)]
pub enum Unreachable {
    /// Nobody listens, or we may not open the socket.
    #[error("can't reach mppd at {path}: {source}; is it running? (systemctl status mppd)")]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It listens, and does not answer.
    #[error("mppd at {path} does not answer: {source}")]
    Silent {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Unreachable {
    /// It is there, and not for us.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Unreachable::Connect { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }
}

/// Sends a request, reads one answer.
///
/// # Errors
/// If there is no answer. A refusal is an answer.
pub fn ask(socket: &Path, request: &Request) -> Result<Answer, Unreachable> {
    ask_within(socket, request, PATIENCE)
}

/// The same, by somebody who would rather have no answer than wait for longer than this.
///
/// # Errors
/// If there is no answer in time. A refusal is an answer.
pub fn ask_within(socket: &Path, request: &Request, patience: Duration) -> Result<Answer, Unreachable> {
    let mut answers = open(socket, request, Some(patience))?;
    answers.next().unwrap_or_else(|| Err(silent(socket, io::ErrorKind::UnexpectedEof.into())))
}

/// Sends a request, reads answers as they come, without end.
///
/// # Errors
/// If the daemon cannot be reached.
pub fn follow(
    socket: &Path,
    request: &Request,
) -> Result<impl Iterator<Item = Result<Answer, Unreachable>> + use<>, Unreachable> {
    open(socket, request, None)
}

/// The same, where the daemon has something to say every few seconds until it ends the exchange.
///
/// # Errors
/// If the daemon cannot be reached.
pub fn follow_briefly(
    socket: &Path,
    request: &Request,
) -> Result<impl Iterator<Item = Result<Answer, Unreachable>> + use<>, Unreachable> {
    open(socket, request, Some(PATIENCE))
}

fn open(
    socket: &Path,
    request: &Request,
    patience: Option<Duration>,
) -> Result<impl Iterator<Item = Result<Answer, Unreachable>> + use<>, Unreachable> {
    let path = socket.to_owned();
    let connect = |source| Unreachable::Connect { path: path.clone(), source };
    let mut stream = UnixStream::connect(socket).map_err(connect)?;
    stream.set_read_timeout(patience).map_err(connect)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(connect)?;
    // A daemon that has no place for us answers without reading: what it said counts, not the broken pipe.
    _ = stream.write_all(request.to_line().as_bytes());
    let lines = BufReader::new(stream).lines();
    Ok(lines.map(move |line| {
        let line = line.map_err(|source| silent(&path, in_words(source, patience)))?;
        // Cut off in the middle, say: the daemon died while it spoke.
        parse_answer(&line).map_err(|e| silent(&path, io::Error::new(io::ErrorKind::InvalidData, e)))
    }))
}

/// The kernel calls a wait that is over `Resource temporarily unavailable`.
fn in_words(source: io::Error, patience: Option<Duration>) -> io::Error {
    match (source.kind(), patience) {
        (io::ErrorKind::WouldBlock, Some(patience)) => {
            io::Error::new(io::ErrorKind::TimedOut, format!("nothing within {patience:?}"))
        }
        _ => source,
    }
}

fn silent(path: &Path, source: io::Error) -> Unreachable {
    Unreachable::Silent { path: path.to_owned(), source }
}
