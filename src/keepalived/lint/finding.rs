//! What the operator is told: where, what stands there, what would happen, what to write.

use crate::keepalived::conf::Place;
use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It may bite.
    Warning,
    /// It would bite.
    Error,
}

impl Severity {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; `None` when it is about the whole of it.
    pub line: Option<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name in docs/keepalived-check.md.
    pub rule: &'static str,
    /// What stands there.
    pub found: String,
    /// What would happen; empty where keepalived itself speaks.
    pub would: String,
    /// What to write; empty where keepalived itself speaks.
    pub write: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}: {}", self.severity.word(), self.found)?;
        if !self.would.is_empty() {
            write!(f, "; {}; instead: {}", self.would, self.write)?;
        }
        write!(f, " [{}]", self.rule)
    }
}

/// Where the rules put what they find.
pub(super) struct Findings {
    pub(super) rule: &'static str,
    pub(super) severity: Severity,
    pub(super) list: Vec<Finding>,
}

impl Findings {
    /// Something found by the rule that is being asked.
    pub(super) fn tell(
        &mut self,
        place: &Place,
        found: impl Into<String>,
        would: impl Into<String>,
        write: impl Into<String>,
    ) {
        self.list.push(Finding {
            file: place.file.to_string(),
            line: Some(place.line),
            severity: self.severity,
            rule: self.rule,
            found: found.into(),
            would: would.into(),
            write: write.into(),
        });
    }
}
