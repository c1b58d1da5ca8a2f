//! Answers, as they stand on the wire, and what they have in common with requests. `docs/control-socket.md` shows each.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

pub use super::request::Request;

/// The version this daemon speaks.
pub const VERSION: u64 = 1;
/// The largest request, bytes, its newline included.
pub const LARGEST_REQUEST: usize = 64 * 1024;
/// How many names a message lists of those there are.
const LISTED: usize = 20;

/// Why a request was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// It can't be understood.
    BadRequest,
    /// It speaks another version.
    Version,
    /// It is too large.
    TooLarge,
    /// It did not come in time.
    TimedOut,
    /// There is no such pool.
    NoSuchPool,
    /// There is no such node in the pool.
    NoSuchNode,
    /// The peer may not do this.
    NotPermitted,
    /// It can't be done now, for this reason.
    Refused,
    /// The configuration is bad.
    Config,
    /// Too many clients, or the decider is busy.
    Busy,
    /// One that only a later version knows.
    #[serde(other)]
    Other,
}

/// An error as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into() }
    }
}

/// The names there are, as a failure tells them: `db, shop, ...`.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.take(LISTED + 1).collect();
    if names.len() > LISTED {
        names[LISTED] = "...";
    }
    names.join(", ")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// How far something has come that takes time: the data of the lines before the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// In words.
    pub progress: String,
    /// Since the command was taken, milliseconds.
    pub after_ms: u64,
}

/// What a peer has made of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// The peer's name.
    pub name: String,
    /// A second director of this site.
    pub same_site: bool,
    /// It is so there too.
    pub done: bool,
    /// In words, without its name.
    pub words: String,
}

/// What a request came to, and what peers have made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The answer; if it is words, each peer has a line of them.
    pub answer: Answer,
    /// Peer by peer; empty where there are none, or it is nothing to them.
    pub peers: Vec<Elsewhere>,
}

impl Told {
    /// Words, and a line more for each peer.
    pub fn words(words: String, peers: Vec<Elsewhere>) -> Told {
        let line = |peer: &Elsewhere| format!("\n{}: {}", peer.name, peer.words);
        let words = peers.iter().fold(words, |words, peer| words + &line(peer));
        Told { answer: Ok(words.into()), peers }
    }
}

impl From<Answer> for Told {
    fn from(answer: Answer) -> Told {
        Told { answer, peers: Vec::new() }
    }
}

/// What a request came to.
pub type Answer = Result<Value, Failure>;

/// An answer on the wire, its data where they are.
#[derive(Serialize)]
struct Line<'a, T: ?Sized> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Failure>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    peers: &'a [Elsewhere],
}

impl<T: Serialize + ?Sized> Line<'_, T> {
    fn written(&self) -> Result<String, Failure> {
        let line = serde_json::to_string(self).map(|line| line + "\n");
        line.map_err(|e| Failure::new(Code::BadRequest, e.to_string()))
    }
}

/// Data as an answer's line of the wire, newline included: for what may be large.
///
/// # Errors
/// If they cannot be JSON.
pub fn data_line(data: &impl Serialize) -> Result<String, Failure> {
    Line { ok: true, data: Some(data), error: None, peers: &[] }.written()
}

/// An answer as a line of the wire, newline included.
pub fn answer_line(answer: &Answer) -> String {
    line(answer, &[])
}

/// The same with what peers have made of it, if there is anything.
pub fn told_line(told: &Told) -> String {
    line(&told.answer, if told.answer.is_ok() { &told.peers } else { &[] })
}

fn line(answer: &Answer, peers: &[Elsewhere]) -> String {
    let (data, error) = (answer.as_ref().ok(), answer.as_ref().err());
    // A JSON value can be JSON.
    Line { ok: answer.is_ok(), data, error, peers }.written().unwrap_or_default()
}

/// Reads an answer back.
///
/// # Errors
/// If the line is no answer.
pub fn parse_answer(line: &str) -> Result<Answer, serde_json::Error> {
    #[derive(Deserialize)]
    struct Wire {
        ok: bool,
        #[serde(default)]
        data: Value,
        error: Option<Failure>,
    }
    let wire: Wire = serde_json::from_str(line)?;
    let unsaid = || Failure::new(Code::BadRequest, "refused without a reason");
    Ok(if wire.ok { Ok(wire.data) } else { Err(wire.error.unwrap_or_else(unsaid)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        let good: Answer = Ok(json!({"a": 1}));
        let bad: Answer = Err(Failure::new(Code::Refused, "no"));
        for answer in [good, bad] {
            assert_eq!(parse_answer(&answer_line(&answer)).unwrap(), answer);
        }
    }
}
