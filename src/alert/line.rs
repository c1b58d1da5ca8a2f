//! The event as users see it: in syslog, in `mpp events`, in JSON.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One event, in the words that stand everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Counts up, over restarts too; no two events have the same.
    pub seq: u64,
    /// UTC, RFC 3339 with milliseconds.
    pub time: String,
    /// `alert`, `critical`, `warning`, `notice`, `info`.
    pub severity: String,
    /// What kind of event.
    pub event: String,
    /// The pool; `None`: the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The node, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// STATE or STATUS before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// STATE or STATUS after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What a reminder, a recovery or a flood is about, an event's word; of an event `hook`, the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The node's `req`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub req: Option<u32>,
    /// The pool's epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Why, in words.
    pub reason: String,
    /// The severity of what a recovery ends: whoever was told of the one is told of the other.
    #[serde(skip)]
    pub ends: Option<String>,
}

impl Line {
    /// Syslog's number of the severity; an unknown word is a notice.
    pub fn severity_number(&self) -> u8 {
        severity_number(&self.severity).unwrap_or(5)
    }
}

/// Syslog's number of a severity, 0 the worst; `None`: there is no such word.
pub fn severity_number(word: &str) -> Option<u8> {
    let words = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];
    words.iter().position(|w| *w == word).and_then(|n| u8::try_from(n).ok())
}

impl fmt::Display for Line {
    /// `pool=db node=db1 event=state from=ACTIVE to=FAIL_OFFLINE req=4 epoch=4 reason="connection refused"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pool) = &self.pool {
            write!(f, "pool={pool} ")?;
        }
        if let Some(node) = &self.node {
            write!(f, "node={node} ")?;
        }
        write!(f, "event={}", self.event)?;
        for (key, value) in [("about", &self.about), ("from", &self.from), ("to", &self.to)] {
            if let Some(value) = value {
                write!(f, " {key}={}", word(value))?;
            }
        }
        if let Some(req) = self.req {
            write!(f, " req={req}")?;
        }
        if let Some(epoch) = self.epoch {
            write!(f, " epoch={epoch}")?;
        }
        write!(f, " reason={}", quoted(&self.reason))
    }
}

/// As it is, or quoted if it has a blank in it (`"OK INFO"`).
fn word(value: &str) -> String {
    if value.contains(|c: char| c.is_whitespace() || c == '"') { quoted(value) } else { value.to_owned() }
}

/// One line, whatever a server sent us: quotes and backslashes escaped, control characters made blanks.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in plain(text).chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One line: control characters made blanks.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            seq: 1,
            time: "2026-11-22T15:36:02.123Z".into(),
            severity: "alert".into(),
            event: "state".into(),
            pool: Some("db".into()),
            node: Some("db1".into()),
            from: Some("ACTIVE".into()),
            to: Some("FAIL_OFFLINE".into()),
            req: Some(4),
            epoch: Some(4),
            reason: "connection refused".into(),
            ..Line::default()
        }
    }

    #[test]
    fn an_event_reads_as_the_interface_says() {
        assert_eq!(
            line().to_string(),
            "pool=db node=db1 event=state from=ACTIVE to=FAIL_OFFLINE req=4 epoch=4 \
             reason=\"connection refused\""
        );
        assert_eq!(line().severity_number(), 1);
    }

    #[test]
    fn what_a_server_says_cannot_break_the_line() {
        let told = Line { reason: "say \"no\"\n<1>pool=x".into(), from: Some("OK INFO".into()), ..line() };
        let text = told.to_string();
        assert!(text.ends_with(r#"reason="say \"no\" <1>pool=x""#), "{text}");
        assert!(text.contains("from=\"OK INFO\""), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
