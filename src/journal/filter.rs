//! Which events are wanted.

use crate::alert::{Line, severity_number};
use crate::clock::rfc3339;
use crate::control::events::Events;
use crate::control::protocol::{Code, Failure};
use jiff::{SignedDuration, Timestamp};

/// Which events are wanted: those that meet all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before and not after these; as events have their time, so that they compare as text.
    since: Option<String>,
    until: Option<String>,
    pool: Option<String>,
    node: Option<String>,
    /// One of these kinds; none: any.
    kinds: Vec<String>,
    /// At least so severe: not above this number.
    severity: Option<u8>,
}

impl Filter {
    /// What a request wants.
    ///
    /// # Errors
    /// The key that is wrong, and what is wanted.
    pub fn of(asked: &Events, now: Timestamp) -> Result<Filter, Failure> {
        let ago = |s: u64| SignedDuration::from_secs(i64::try_from(s).unwrap_or(i64::MAX));
        let oldest = |s| now.checked_sub(ago(s)).map(rfc3339).unwrap_or_default();
        let since = asked.since.as_deref().map(|text| time("since", text)).transpose()?;
        Ok(Filter {
            since: since.max(asked.since_s.map(oldest)),
            until: asked.until.as_deref().map(|text| time("until", text)).transpose()?,
            pool: asked.pool.clone(),
            node: asked.node.clone(),
            kinds: asked.event.clone(),
            severity: asked.severity.as_deref().map(severity).transpose()?,
        })
    }

    /// Only by pool and node.
    pub fn place(pool: Option<&String>, node: Option<&String>) -> Filter {
        Filter { pool: pool.cloned(), node: node.cloned(), ..Filter::default() }
    }

    /// Whether this one is wanted.
    pub fn wants(&self, line: &Line) -> bool {
        let same = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        self.since.as_ref().is_none_or(|since| line.time >= *since)
            && self.until.as_ref().is_none_or(|until| line.time <= *until)
            && same(&self.pool, &line.pool)
            && same(&self.node, &line.node)
            && (self.kinds.is_empty() || self.kinds.contains(&line.event))
            && self.severity.is_none_or(|limit| line.severity_number() <= limit)
    }
}

fn time(key: &str, text: &str) -> Result<String, Failure> {
    let time = text.parse::<Timestamp>().map(rfc3339);
    time.map_err(|_| bad(format!("{key}: {text:?} is no time; write it as 2026-11-24T02:00:00Z")))
}

fn severity(word: &str) -> Result<u8, Failure> {
    let wanted = "write alert, critical, error, warning, notice or info";
    severity_number(word).ok_or_else(|| bad(format!("severity: {word:?} is none; {wanted}")))
}

fn bad(text: String) -> Failure {
    Failure::new(Code::BadRequest, text)
}
