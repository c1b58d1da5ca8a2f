//! Requests, as they stand on the wire. `docs/control-socket.md` shows each.

use super::events::Events;
use super::protocol::{Code, Failure, VERSION};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
        /// Go on as things change.
        #[serde(default, skip_serializing_if = "is_false")]
        follow: bool,
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
    Events(Events),
    /// Forgive a failed node, or all of them.
    Recover {
        /// The pool.
        pool: String,
        /// Only this node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Only say what would happen.
        #[serde(default, skip_serializing_if = "is_false")]
        dry_run: bool,
        /// Answer with progress, line by line, and last with what it came to.
        #[serde(default, skip_serializing_if = "is_false")]
        wait: bool,
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
        /// Only say what would happen.
        #[serde(default, skip_serializing_if = "is_false")]
        dry_run: bool,
        /// Answer with progress, line by line, and last with what it came to.
        #[serde(default, skip_serializing_if = "is_false")]
        wait: bool,
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
        /// Only say what would happen.
        #[serde(default, skip_serializing_if = "is_false")]
        dry_run: bool,
        /// Answer with progress, line by line, and last with what it came to.
        #[serde(default, skip_serializing_if = "is_false")]
        wait: bool,
    },
    /// Bring it back.
    Undrain {
        /// The pool.
        pool: String,
        /// The node.
        node: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Do not wait for what peers make of it.
        #[serde(default, skip_serializing_if = "is_false")]
        no_wait: bool,
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
        /// Do not wait for what peers make of it.
        #[serde(default, skip_serializing_if = "is_false")]
        no_wait: bool,
    },
    /// End of the pause.
    Resume {
        /// The pool.
        pool: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Do not wait for what peers make of it.
        #[serde(default, skip_serializing_if = "is_false")]
        no_wait: bool,
    },
    /// Empties the count of the flap guard.
    Ack {
        /// The pool.
        pool: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Do not wait for what peers make of it.
        #[serde(default, skip_serializing_if = "is_false")]
        no_wait: bool,
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

    /// Whether only what would happen is wanted.
    pub fn is_rehearsal(&self) -> bool {
        matches!(
            self,
            Request::Recover { dry_run: true, .. }
                | Request::Switchover { dry_run: true, .. }
                | Request::Drain { dry_run: true, .. }
        )
    }

    /// Whether the answer is to come with progress.
    pub fn waits(&self) -> bool {
        matches!(
            self,
            Request::Recover { wait: true, .. }
                | Request::Switchover { wait: true, .. }
                | Request::Drain { wait: true, .. }
        )
    }

    /// Whether the answer is to tell what peers have made of it; that may take two seconds.
    pub fn tells_of_peers(&self) -> bool {
        matches!(
            self,
            Request::Undrain { no_wait: false, .. }
                | Request::Pause { no_wait: false, .. }
                | Request::Resume { no_wait: false, .. }
                | Request::Ack { no_wait: false, .. }
        )
    }

    /// Why, in the operator's words.
    pub fn reason(&self) -> Option<&String> {
        match self {
            Request::Recover { reason, .. }
            | Request::Switchover { reason, .. }
            | Request::Drain { reason, .. }
            | Request::Undrain { reason, .. }
            | Request::Pause { reason, .. }
            | Request::Resume { reason, .. }
            | Request::Ack { reason, .. } => reason.as_ref(),
            Request::Status { .. }
            | Request::Why { .. }
            | Request::Events { .. }
            | Request::Reload { .. } => None,
        }
    }

    /// The pool it is about, if it is about one.
    pub fn pool(&self) -> Option<&str> {
        match self {
            Request::Status { pool, .. } | Request::Events(Events { pool, .. }) => pool.as_deref(),
            Request::Reload { .. } => None,
            Request::Why { pool, .. }
            | Request::Recover { pool, .. }
            | Request::Switchover { pool, .. }
            | Request::Drain { pool, .. }
            | Request::Undrain { pool, .. }
            | Request::Pause { pool, .. }
            | Request::Resume { pool, .. }
            | Request::Ack { pool, .. } => Some(pool),
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
        let request: Request = serde_json::from_value(Value::Object(object)).map_err(|e| {
            Failure::new(Code::BadRequest, format!("mppd {}: {e}", env!("CARGO_PKG_VERSION")))
        })?;
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
        let fits = |r: &String| r.chars().count() <= LONGEST_REASON && !r.chars().any(char::is_control);
        match self.reason().is_none_or(fits) {
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

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        let (pool, reason) = ("db".into(), Some("disk".into()));
        let request = Request::Switchover { pool, to: None, force: true, reason, dry_run: false, wait: true };
        assert_eq!(Request::parse(request.to_line().as_bytes()), Ok(request));
        let status = Request::parse(br#"{"v":1,"cmd":"status","pool":"db"}"#);
        assert_eq!(status, Ok(Request::Status { pool: Some("db".into()), follow: false }));
        let events = Events { since_s: Some(60), pool: Some("db".into()), follow: true, ..Events::default() };
        let line = br#"{"v":1,"cmd":"events","since_s":60,"pool":"db","follow":true}"#;
        assert_eq!(Request::parse(line), Ok(Request::Events(events)));
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
            ("{\"v\":1,\"cmd\":\"events\",\"pol\":\"db\"}", Code::BadRequest, "pol"),
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
}
