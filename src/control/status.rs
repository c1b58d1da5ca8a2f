//! What `status` answers: the JSON that scripts hold on to.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the JSON.
pub const VERSION: u32 = 1;

/// The whole answer. It may gain keys; it never loses or retypes one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of this format.
    pub version: u32,
    /// Who answers.
    pub daemon: Daemon,
    /// In the order of the configuration.
    pub pools: Vec<Pool>,
}

/// The daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// When it started, RFC 3339.
    pub since: String,
    /// Its configuration file.
    pub config: String,
    /// True when it does not answer and this is the last published state.
    #[serde(default)]
    pub stale: bool,
    /// How long ago that was published, seconds; `None` while it answers, and for what is of before a reboot.
    #[serde(default)]
    pub stale_s: Option<f64>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// `failover`.
    pub logic: String,
    /// `OK`, or `FAIL` when it is isolated.
    pub status: String,
    /// Rises with every change of ACTIVE.
    pub epoch: u64,
    /// The ACTIVE node.
    pub active: Option<String>,
    /// Since when it is ACTIVE, RFC 3339; `None` when there is none, and when mppd does not answer.
    #[serde(default)]
    pub active_since: Option<String>,
    /// How it became ACTIVE and why, in words; `None` as above.
    #[serde(default)]
    pub active_how: Option<String>,
    /// What a pool without ACTIVE node waits for, in words; `None` while there is one, and when mppd does not answer.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// `paused`, `flapping`, `handover`, `held`, `failback_off`.
    pub flags: Vec<String>,
    /// In order of priority.
    pub nodes: Vec<Node>,
    /// None in this version.
    pub checkpoints: Vec<serde_json::Value>,
    /// In the order of the configuration; empty when mppd does not answer.
    #[serde(default)]
    pub virtual_servers: Vec<VirtualServer>,
    /// What is not as it should be, the pool's own first, then node by node.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
}

/// Something that is not as it should be, for as long as it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of thing: `no_active`, `held`, `failed` and so on.
    pub kind: String,
    /// Which node, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// `alert`, `critical`, `warning`, `notice`, `info`.
    pub severity: String,
    /// What is so, in words; numbers in it may change while it lasts.
    pub words: String,
    /// The command that helps, or what to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A virtual server of a pool: what is decided, and what the kernel has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServer {
    /// Its name.
    pub name: String,
    /// `rw`, `ro` or `geo`.
    pub role: String,
    /// Where clients connect.
    pub address: String,
    /// Whether the kernel has it; `None`: not known.
    pub loaded: Option<bool>,
    /// What has been otherwise than decided for too long, in words, with what helps.
    pub faults: Vec<String>,
    /// In the order of the pool.
    pub real_servers: Vec<RealServer>,
}

/// A node behind a virtual server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// Its name.
    pub node: String,
    /// Its address.
    pub address: String,
    /// Decided: UP or DOWN.
    pub up: bool,
    /// Decided: the weight here, if it is UP; 0..=253.
    pub weight: u8,
    /// The weight that the kernel has it with; `None`: it has not.
    pub loaded_weight: Option<u32>,
    /// Established connections through this virtual server; `None`: not loaded.
    pub connections: Option<u32>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// `PRIMARY` or `SECONDARY`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The Req column.
    pub req: u32,
    /// STATUS.
    pub status: String,
    /// STATE.
    pub state: String,
    /// When the newest poll began, RFC 3339; `None`: never.
    pub last_request: Option<String>,
    /// Last Status Message.
    pub message: String,
    /// Replication lag, seconds.
    pub lag_s: Option<f64>,
    /// From the question to the answer, milliseconds; `None` while it does not answer, and when mppd does not.
    #[serde(default)]
    pub round_trip_ms: Option<f64>,
    /// `None` while it has not answered.
    pub read_only: Option<bool>,
    /// Server version; `None` while it has not answered.
    pub server: Option<String>,
    /// Out of service by an operator's word.
    pub drained: bool,
    /// By role: `rw`, `ro`, `geo`.
    pub verdicts: BTreeMap<String, Verdict>,
}

/// What keepalived is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// UP or DOWN.
    pub up: bool,
    /// 0..=253.
    pub weight: u8,
    /// Why.
    pub reason: String,
}

impl Status {
    /// The pool of this name.
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|p| p.name == name)
    }
}

impl Pool {
    /// The node of this name or address.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name || n.address == name)
    }
}

impl VirtualServer {
    /// What the kernel has, in words: `db1 weight 1, 12 connections`.
    pub fn loaded_words(&self) -> String {
        let words = |r: &RealServer| {
            let (weight, connections) = (r.loaded_weight?, r.connections.unwrap_or(0));
            let plural = if connections == 1 { "" } else { "s" };
            Some(format!("{} weight {weight}, {connections} connection{plural}", r.node))
        };
        let loaded: Vec<String> = self.real_servers.iter().filter_map(words).collect();
        if loaded.is_empty() { "nobody serves".into() } else { loaded.join("; ") }
    }
}
