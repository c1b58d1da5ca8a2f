//! Which events are asked for, and a page of them, as they stand on the wire.

use super::protocol::{Code, Failure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many events an answer has at most.
pub const LARGEST_PAGE: usize = 10_000;

/// Which events are asked for: those that meet all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Not older than this, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_s: Option<u64>,
    /// Not before this time, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Not after this time, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Only of this pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Only of this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Only of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<String>,
    /// Only as severe as this, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The first after this number; none: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// So many at most, and what is to be known of them: a [`Page`] instead of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
    /// Go on as things happen.
    #[serde(default)]
    pub follow: bool,
}

/// Some events, and what is to be known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Oldest first.
    pub events: Vec<Value>,
    /// There are more: newer ones if `after` was asked for, else older ones.
    pub more: bool,
    /// All up to this number have been looked at: the next `after`.
    pub seq: u64,
    /// What could not be read, in words.
    #[serde(default)]
    pub faults: Vec<String>,
}

impl Events {
    /// How many are wanted at most.
    ///
    /// # Errors
    /// If that is none, or too many.
    pub fn most(&self) -> Result<usize, Failure> {
        match self.page.unwrap_or(LARGEST_PAGE) {
            most @ 1..=LARGEST_PAGE => Ok(most),
            other => {
                let text = format!("page: {other} events are none or too many; write 1 to {LARGEST_PAGE}");
                Err(Failure::new(Code::BadRequest, text))
            }
        }
    }
}
