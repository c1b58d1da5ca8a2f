//! mppd's control socket: one request an exchange, bounded in time and size, a few at a time.

use crate::control::protocol::{Code, Failure, Request};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long an exchange may take, a place for it included.
const PATIENCE: Duration = Duration::from_secs(3);
/// No answer is larger, bytes.
const LARGEST: usize = 256 << 20;
/// Answers at a time, until they are sent: each may be large, and mppd has 16 places for a user who may not change
/// anything.
const AT_A_TIME: usize = 8;

/// mppd, by its socket.
pub(super) struct Agent {
    socket: PathBuf,
    places: Arc<Semaphore>,
}

/// Why there is no answer.
#[derive(Clone)]
pub(super) enum Trouble {
    /// mppd does not answer, in words.
    Silent(String),
    /// It says no.
    Refused(Failure),
}

impl Trouble {
    /// mppd is dead, or as good as dead: what was published last is all there is.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Trouble::Silent(_) => true,
            Trouble::Refused(failure) => matches!(failure.code, Code::Busy | Code::TimedOut),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Silent(why) => f.write_str(why),
            Trouble::Refused(failure) => failure.fmt(f),
        }
    }
}

/// An answer on the wire, its data not looked into.
#[derive(Deserialize)]
struct Wire<'a> {
    ok: bool,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    error: Option<Failure>,
}

/// An answer's data; so many of them there may be at a time, until they are sent.
pub(super) struct Told {
    /// JSON.
    pub(super) text: String,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Told {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// What mppd says, line by line.
pub(super) struct Lines<'a> {
    agent: &'a Agent,
    reader: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Agent {
    /// Behind this socket.
    pub(super) fn new(socket: PathBuf) -> Agent {
        Agent { socket, places: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// Asks once.
    ///
    /// # Errors
    /// No answer in time, or a refusal.
    pub(super) async fn ask(&self, request: &Request) -> Result<Told, Trouble> {
        let exchange = async {
            // It is never closed.
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|e| self.silent(&e))?;
            let text = self.exchange(request).await?;
            Ok(Told { text, _place: place })
        };
        let late = |_| self.silent(&format!("nothing within {PATIENCE:?}"));
        timeout(PATIENCE, exchange).await.map_err(late)?
    }

    /// The whole status, for who asks for it once at a time: it waits for nobody who reads another answer slowly.
    ///
    /// # Errors
    /// No answer in time, or a refusal.
    pub(super) async fn status(&self) -> Result<String, Trouble> {
        let late = |_| self.silent(&format!("nothing within {PATIENCE:?}"));
        let request = Request::Status { pool: None, follow: false };
        timeout(PATIENCE, self.exchange(&request)).await.map_err(late)?
    }

    async fn exchange(&self, request: &Request) -> Result<String, Trouble> {
        self.say(request).await?.next().await
    }

    /// Follows its status; give it up when it is silent for too long.
    ///
    /// # Errors
    /// It cannot be reached.
    pub(super) async fn follow(&self) -> Result<Lines<'_>, Trouble> {
        self.say(&Request::Status { pool: None, follow: true }).await
    }

    async fn say(&self, request: &Request) -> Result<Lines<'_>, Trouble> {
        let mut stream = UnixStream::connect(&self.socket).await.map_err(|e| self.silent(&e))?;
        // One that has no place for us answers without reading: what it said counts, not the broken pipe.
        _ = stream.write_all(request.to_line().as_bytes()).await;
        Ok(Lines { agent: self, reader: BufReader::new(stream), line: Vec::new() })
    }

    /// That it does not answer, in words.
    pub(super) fn silent(&self, why: &dyn fmt::Display) -> Trouble {
        Trouble::Silent(format!("mppd at {} does not answer: {why}", self.socket.display()))
    }
}

impl Lines<'_> {
    /// The data of the next line. What was read is kept if this is given up half way.
    ///
    /// # Errors
    /// It hung up, refused, or makes no sense.
    pub(super) async fn next(&mut self) -> Result<String, Trouble> {
        let silent = |why: &dyn fmt::Display| self.agent.silent(why);
        loop {
            let read = self.reader.fill_buf().await.map_err(|e| silent(&e))?;
            if read.is_empty() {
                return Err(silent(&"it hung up"));
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(read.len(), |end| end + 1);
            self.line.extend_from_slice(read.get(..used).unwrap_or_default());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
            if self.line.len() > LARGEST {
                return Err(silent(&format!("more than {LARGEST} bytes in a line")));
            }
        }
        let line = std::mem::take(&mut self.line);
        data(&line).map_err(|e| silent(&e))?.map_err(Trouble::Refused)
    }
}

/// The data of an answer's line, or the refusal in it.
///
/// # Errors
/// It is no answer, or half of one.
fn data(line: &[u8]) -> Result<Result<String, Failure>, serde_json::Error> {
    let wire: Wire<'_> = serde_json::from_slice(line)?;
    let unsaid = || Failure::new(Code::BadRequest, "refused without a reason");
    Ok(match wire.ok {
        true => Ok(wire.data.map_or("null", RawValue::get).to_owned()),
        false => Err(wire.error.unwrap_or_else(unsaid)),
    })
}
