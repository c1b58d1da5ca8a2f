//! What `why` answers: words for people, and what scripts may hold on to.

use super::status::Trouble;
use serde::{Deserialize, Serialize};

/// The explanation of a pool, or of one node of it. It may gain keys; it never loses or retypes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The pool.
    pub pool: String,
    /// What holds for the whole pool: who is ACTIVE, and who could take over.
    pub about: Vec<String>,
    /// Node by node.
    pub nodes: Vec<WhyNode>,
    /// What is not as it should be, with what helps.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
    /// Of the change of ACTIVE that is at hand: what holds, what it lacks. Empty while none is.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// True when mppd does not answer and this is of the last published state.
    #[serde(default)]
    pub stale: bool,
}

/// One node's part of `why`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyNode {
    /// Its name.
    pub name: String,
    /// `PRIMARY` or `SECONDARY`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its address.
    #[serde(default)]
    pub address: String,
    /// STATE, STATUS and what it last said; whether it could be promoted; its replication.
    pub about: Vec<String>,
    /// `rw`, `ro`, `geo`: the verdict, why, and why that.
    pub verdicts: Vec<String>,
}

/// One condition of a change of ACTIVE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `failover`, `election` or `failback`.
    pub change: String,
    /// `failing`, `allowed`, `candidate` or `confirmed`.
    pub name: String,
    /// Whether it holds. The change happens once all of its conditions do.
    pub met: bool,
    /// What is so, in words.
    pub words: String,
    /// What would help; left out: it is met, or only takes time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}
