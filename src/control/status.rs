//! What `status` answers: the JSON that scripts hold on to.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the JSON.
pub const VERSION: u32 = 1;

/// The whole answer. It may gain keys; it never loses or retypes one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of this format.
    pub version: u32,
    /// Who answers.
    pub daemon: Daemon,
    /// In the order of the configuration.
    pub pools: Vec<Pool>,
    /// Other agents that look after the same pools.
    #[serde(default)]
    pub peers: Vec<Peer>,
}

/// Another agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Where its `mpp-web` answers.
    pub url: String,
    /// A second director of this site.
    pub same_site: bool,
    /// Whether it answers; `None`: not known yet.
    pub reachable: Option<bool>,
    /// Since when that is so, RFC 3339.
    pub since: String,
    /// Why it does not answer, or what does not fit, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The daemon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// When it started, RFC 3339.
    pub since: String,
    /// Its configuration file.
    pub config: String,
    /// Another one with every start: by this peers tell each other apart.
    #[serde(default)]
    pub id: String,
    /// True when it does not answer and this is the last published state.
    #[serde(default)]
    pub stale: bool,
    /// How long ago that was published, seconds; `None` while it answers, and for what is of before a reboot.
    #[serde(default)]
    pub stale_s: Option<f64>,
}

/// A pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// `paused`, `flapping`, `handover`, `held`, `failback_off`, `isolated`, `withdrawn`.
    pub flags: Vec<String>,
    /// In order of priority.
    pub nodes: Vec<Node>,
    /// The pool's own first, then node by node; empty when mppd does not answer.
    pub checkpoints: Vec<Checkpoint>,
    /// Since when and why it is cut off; `None`: it is not, or mppd does not answer.
    #[serde(default)]
    pub isolation: Option<Isolation>,
    /// The planned change under way; `None`: there is none, or mppd does not answer.
    #[serde(default)]
    pub handover: Option<Handover>,
    /// `mpp pause`; `None`: not paused, or mppd does not answer.
    #[serde(default)]
    pub pause: Option<Flag>,
    /// Rises with every command of an operator.
    #[serde(default)]
    pub revision: u64,
    /// At which revision `mpp ack` was said last.
    #[serde(default)]
    pub acked: u64,
    /// No change has been made since the reboot.
    #[serde(default)]
    pub fresh: bool,
    /// An operator chose the ACTIVE node.
    #[serde(default)]
    pub chosen: bool,
    /// In the order of the configuration; empty when mppd does not answer.
    #[serde(default)]
    pub virtual_servers: Vec<VirtualServer>,
    /// What is not as it should be, the pool's own first, then node by node.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
}

impl Pool {
    /// The checkpoints of a node; `None`: the pool's own.
    pub fn checkpoints_of<'a>(&'a self, node: Option<&'a str>) -> impl Iterator<Item = &'a Checkpoint> {
        self.checkpoints.iter().filter(move |checkpoint| checkpoint.node.as_deref() == node)
    }
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// `external:http:www.example.com:default`.
    pub id: String,
    /// `internal`, `edge`, `external`.
    pub reach: String,
    /// The node whose site it belongs to; `None`: the pool's own.
    #[serde(default)]
    pub node: Option<String>,
    /// STATUS.
    pub status: String,
    /// Errors since it last answered.
    pub req: u32,
    /// When it was last asked, RFC 3339; `None`: never.
    pub last_request: Option<String>,
    /// What that came to, in words.
    pub message: String,
}

/// The pool is cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// Since when, RFC 3339.
    pub since: String,
    /// The node that has stepped down because of it.
    #[serde(default)]
    pub withdrawn: Option<String>,
}

/// A planned change under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Was ACTIVE.
    pub from: String,
    /// Is to be.
    pub to: String,
    /// That `from` is DOWN for `rw` has reached the kernel, or has been waited for long enough.
    pub consumed: bool,
    /// It is a peer's change, which this agent only follows.
    #[serde(default)]
    pub mirrors: bool,
    /// `from` has failed meanwhile: somebody else is looked for.
    #[serde(default)]
    pub failed: bool,
    /// Who asked.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
}

/// A flag set by an operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// Who set it.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
    /// For how long it has been set, seconds.
    pub age_s: f64,
    /// For how long it will be, seconds; `None`: until it is taken back.
    #[serde(default)]
    pub left_s: Option<f64>,
}

/// A node's drain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drain {
    /// DOWN instead of weight 0.
    pub now: bool,
    /// Who, since when, why.
    #[serde(flatten)]
    pub flag: Flag,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// The same at length; `None` also when mppd does not answer.
    #[serde(default)]
    pub drain: Option<Drain>,
    /// It stands at this agent's site.
    #[serde(default)]
    pub local: bool,
    /// At which revision an operator recovered it last; 0: never.
    #[serde(default)]
    pub recovered: u64,
    /// Where the way to it is cut, as far as its checkpoints tell: `LAN`, `WAN`, `GLOBAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
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

impl Peer {
    /// How it is, in words: `answers`; `can't be reached: connection refused`.
    pub fn words(&self) -> &str {
        match (&self.fault, self.reachable) {
            (Some(fault), _) => fault,
            (None, Some(true)) => "answers",
            (None, _) => "has not been heard yet",
        }
    }

    /// `same site`, `other site`.
    pub fn site(&self) -> &'static str {
        if self.same_site { "same site" } else { "other site" }
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
