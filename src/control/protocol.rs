//! Requests and answers, as they stand on the wire. `docs/control-socket.md` shows each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// The version this daemon speaks.
pub const VERSION: u64 = 1;
/// The largest request, bytes, its newline included.
pub const LARGEST_REQUEST: usize = 64 * 1024;
/// The longest reason an operator may give, characters.
const LONGEST_REASON: usize = 200;

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Every pool, or one.
    Status {
        /// Only this pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
    },
    /// Why each verdict is what it is.
    Why {
        /// The pool.
        pool: String,
        /// Only this node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// What happened.
    Events {
        /// Not older than this, seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since_s: Option<u64>,
        /// Only of this pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// Go on as things happen.
        #[serde(default)]
        follow: bool,
    },
    /// Forgive a failed node, or all of them.
    Recover {
        /// The pool.
        pool: String,
        /// Only this node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// Make another node ACTIVE.
    Switchover {
        /// The pool.
        pool: String,
        /// This one; none: the best there is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Whatever its STATE, position or relay log.
        #[serde(default)]
        force: bool,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Take a node out of service.
    Drain {
        /// The pool.
        pool: String,
        /// The node.
        node: String,
        /// DOWN at once instead of weight 0.
        #[serde(default)]
        now: bool,
        /// Also if it is ACTIVE and nobody can take over yet.
        #[serde(default)]
        force: bool,
        /// For so many seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_s: Option<u64>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Bring it back.
    Undrain {
        /// The pool.
        pool: String,
        /// The node.
        node: String,
    },
    /// No automatic change of ACTIVE.
    Pause {
        /// The pool.
        pool: String,
        /// For so many seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_s: Option<u64>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// End of the pause.
    Resume {
        /// The pool.
        pool: String,
    },
    /// Empties the count of the flap guard.
    Ack {
        /// The pool.
        pool: String,
    },
    /// Read the configuration again.
    Reload {
        /// Also if the ACTIVE node of a pool is gone from it.
        #[serde(default)]
        force: bool,
    },
}

impl Request {
    /// Whether it changes anything: then not everyone may ask for it.
    pub fn changes(&self) -> bool {
        !matches!(self, Request::Status { .. } | Request::Why { .. } | Request::Events { .. })
    }

    /// The pool it is about, if it is about one.
    pub fn pool(&self) -> Option<&str> {
        match self {
            Request::Status { pool } | Request::Events { pool, .. } => pool.as_deref(),
            Request::Reload { .. } => None,
            Request::Why { pool, .. }
            | Request::Recover { pool, .. }
            | Request::Switchover { pool, .. }
            | Request::Drain { pool, .. }
            | Request::Undrain { pool, .. }
            | Request::Pause { pool, .. }
            | Request::Resume { pool }
            | Request::Ack { pool } => Some(pool),
        }
    }

    /// Reads one line of the wire.
    ///
    /// # Errors
    /// What is wrong with it, and the way out.
    pub fn parse(line: &[u8]) -> Result<Request, Failure> {
        let value: Value = serde_json::from_slice(line)
            .map_err(|e| Failure::new(Code::BadRequest, format!("not a JSON object: {e}")))?;
        let Value::Object(mut object) = value else {
            return Err(Failure::new(
                Code::BadRequest,
                "not a JSON object; write {\"v\":1,\"cmd\":\"status\"}",
            ));
        };
        match object.remove("v") {
            Some(v) if v == VERSION => {}
            Some(v) => {
                let text = format!("version {v} is not known to this daemon, which speaks {VERSION}");
                return Err(Failure::new(Code::Version, text));
            }
            None => return Err(Failure::new(Code::Version, "no version; add \"v\":1")),
        }
        let request: Request = serde_json::from_value(Value::Object(object))
            .map_err(|e| Failure::new(Code::BadRequest, e.to_string()))?;
        request.check_reason()?;
        request.check_duration()?;
        Ok(request)
    }

    fn check_duration(&self) -> Result<(), Failure> {
        match self {
            Request::Drain { for_s: Some(0), .. } | Request::Pause { for_s: Some(0), .. } => {
                Err(Failure::new(Code::BadRequest, "for: write at least 1s"))
            }
            _ => Ok(()),
        }
    }

    /// A reason is remembered, alerted and printed: it is one short line.
    fn check_reason(&self) -> Result<(), Failure> {
        let (Request::Switchover { reason, .. }
        | Request::Drain { reason, .. }
        | Request::Pause { reason, .. }) = self
        else {
            return Ok(());
        };
        let fits = |r: &String| r.chars().count() <= LONGEST_REASON && !r.chars().any(char::is_control);
        match reason.as_ref().is_none_or(fits) {
            true => Ok(()),
            false => {
                let text = format!("reason: write one line of at most {LONGEST_REASON} characters");
                Err(Failure::new(Code::BadRequest, text))
            }
        }
    }

    /// The line for the wire, newline included.
    pub fn to_line(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(object) = &mut value {
            object.insert("v".into(), VERSION.into());
        }
        format!("{value}\n")
    }
}

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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a request came to.
pub type Answer = Result<Value, Failure>;

/// An answer as a line of the wire, newline included.
pub fn answer_line(answer: &Answer) -> String {
    let value = match answer {
        Ok(data) => json!({"ok": true, "data": data}),
        Err(failure) => json!({"ok": false, "error": failure}),
    };
    format!("{value}\n")
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

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        let request = Request::Switchover { pool: "db".into(), to: None, force: true, reason: None };
        assert_eq!(Request::parse(request.to_line().as_bytes()), Ok(request));
        let status = Request::parse(br#"{"v":1,"cmd":"status","pool":"db"}"#);
        assert_eq!(status, Ok(Request::Status { pool: Some("db".into()) }));
    }

    #[test]
    fn what_is_no_request_gets_one_clear_error() {
        let cases = [
            ("", Code::BadRequest, "JSON"),
            ("[]", Code::BadRequest, "JSON object"),
            ("{\"cmd\":\"status\"}", Code::Version, "\"v\":1"),
            ("{\"v\":2,\"cmd\":\"status\"}", Code::Version, "version 2"),
            ("{\"v\":1,\"cmd\":\"dance\"}", Code::BadRequest, "dance"),
            ("{\"v\":1,\"cmd\":\"status\",\"pol\":\"db\"}", Code::BadRequest, "pol"),
            ("{\"v\":1,\"cmd\":\"ack\"}", Code::BadRequest, "pool"),
            ("{\"v\":1,\"cmd\":\"ack\",\"pool\":7}", Code::BadRequest, "string"),
            (
                "{\"v\":1,\"cmd\":\"pause\",\"pool\":\"db\",\"reason\":\"a\\nb\"}",
                Code::BadRequest,
                "one line",
            ),
        ];
        for (line, code, word) in cases {
            let failure = Request::parse(line.as_bytes()).expect_err(line);
            assert_eq!(failure.code, code, "{line}: {failure}");
            assert!(failure.message.contains(word), "{line}: {failure}");
        }
    }

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        let good: Answer = Ok(json!({"a": 1}));
        let bad: Answer = Err(Failure::new(Code::Refused, "no"));
        for answer in [good, bad] {
            assert_eq!(parse_answer(&answer_line(&answer)).unwrap(), answer);
        }
    }
}
