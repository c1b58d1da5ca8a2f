//! What the operator decided beforehand: a pool's settings, checked, defaults filled in.

use super::time::Duration;
use super::words::{NodeId, Status};

/// A pool's settings. `config` builds them and vouches for the ranges; the defaults are those of docs/configuration.md.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolSettings {
    /// Name, unique in the file.
    pub name: String,
    /// At least one node, in order of priority; the first is the PRIMARY.
    pub nodes: Vec<NodeSettings>,
    /// From how many errors on each STATUS holds.
    pub levels: Levels,
    /// The STATUS at which an ACTIVE node is replaced; at least `Info`.
    pub failover_at: Status,
    /// The PRIMARY takes over without waiting.
    pub hostile_takeover: bool,
    /// Whether the PRIMARY gets ACTIVE back by itself.
    pub failback: Failback,
    /// Which failed nodes come back by themselves.
    pub recovery: Recovery,
    /// Positives in a row before a failed node recovers; at least 1.
    pub recover_after: u32,
    /// Replication lag and staleness a node may have; `None`: replication is not looked at.
    pub max_lag: Option<Duration>,
    /// How much of what the ACTIVE node had shown a promoted node may lack; `None`: any.
    pub max_loss: Option<Duration>,
    /// How long a node that is still applying its relay log is preferred to one that is ready.
    pub drain_timeout: Duration,
    /// How long a STANDBY node is UP for `ro` before the ACTIVE node no longer is.
    pub ro_overlap: Duration,
    /// What `read_only` means, and whose it is.
    pub writable: Writable,
    /// Writes to this table tell whether the ACTIVE node can be written; `None`: no probe.
    pub probe_write: Option<ProbeWrite>,
    /// How long a handover waits for the old node's DOWN to be consumed.
    pub handover: Duration,
    /// Automatic changes of ACTIVE within `flap_window` before the pool is flapping; at least 1.
    pub max_failovers: u32,
    /// See `max_failovers`.
    pub flap_window: Duration,
    /// Whether a held ACTIVE node goes on serving `rw`.
    pub when_all_fail: WhenAllFail,
    /// The worst STATUS that still serves.
    pub serve_until: ServeUntil,
    /// Whose answers tell that this site is not cut off: the pool's own first, then node by node.
    pub checkpoints: Vec<CheckpointSettings>,
    /// What a pool does that is cut off.
    pub isolation: Isolation,
    /// How that ends.
    pub pool_recovery: PoolRecovery,
    /// Other agents that look after the same pool.
    pub peers: Vec<PeerSettings>,
}

/// Something whose answer tells that this site is not cut off, or where the way to a node is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointSettings {
    /// `external:http:www.example.com:default`: unique among the pool's own, and among each node's.
    pub id: String,
    /// How far out it lies.
    pub reach: Reach,
    /// The node whose site it belongs to; `None`: the pool's own.
    pub node: Option<NodeId>,
    /// How long its answer is waited for.
    pub timeout: Duration,
}

/// How far out a checkpoint lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// In the same network.
    Internal,
    /// The router to the outside.
    Edge,
    /// Somewhere in the world.
    External,
}

impl Reach {
    /// Every reach, the nearest first.
    pub const ALL: [Reach; 3] = [Reach::Internal, Reach::Edge, Reach::External];

    /// The word in the configuration, tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Reach::Internal => "internal",
            Reach::Edge => "edge",
            Reach::External => "external",
        }
    }
}

/// What a pool does that is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Nothing changes.
    Freeze,
    /// A local ACTIVE node steps down: the other site will take over.
    Withdraw,
}

/// How isolation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolRecovery {
    /// By `mpp recover POOL`.
    Manual,
    /// Also after `recover_after` rounds of checkpoints in a row in which one answered.
    Auto,
}

/// Another agent that looks after the same pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerSettings {
    /// Its name.
    pub name: String,
    /// A second director of this site: it is followed. One of another site is not.
    pub same_site: bool,
}

/// One node's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSettings {
    /// Name, unique in the pool.
    pub name: String,
    /// Host as written: an IP literal (no brackets) or a name.
    pub host: String,
    /// The IP literal the host stands for (the same as `host` when that is one).
    pub ip: String,
    /// TCP port.
    pub port: u16,
    /// Weight in the virtual servers, 1..=253.
    pub weight: u8,
    /// Scales the weight down with the lag.
    pub lag_scale: Option<LagScale>,
    /// May become ACTIVE.
    pub promotable: bool,
    /// How often it is asked.
    pub pace: Pace,
    /// What the monitor's own troubles on the ACTIVE node mean.
    pub on_denied: OnDenied,
    /// It stands at this agent's site.
    pub local: bool,
}

impl NodeSettings {
    /// `10.0.0.1:3306`, `[::1]:3306`.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The rhythm of the polls of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From start to start of two polls.
    pub interval: Duration,
    /// The same while the node is `Offline`, or its ACTIVE node has errors.
    pub retry_interval: Duration,
    /// Deadline of a whole poll.
    pub timeout: Duration,
}

/// From how many errors on each STATUS holds; strictly ascending, `info` at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// OK INFO.
    pub info: u32,
    /// OK WARN.
    pub warn: u32,
    /// OK CRITICAL.
    pub critical: u32,
    /// FAIL.
    pub fail: u32,
}

impl Levels {
    /// The STATUS of a number of errors.
    pub fn status(&self, req: u32) -> Status {
        match req {
            r if r >= self.fail => Status::Fail,
            r if r >= self.critical => Status::Critical,
            r if r >= self.warn => Status::Warn,
            r if r >= self.info => Status::Info,
            _ => Status::Ok,
        }
    }

    /// The number of errors at which a STATUS begins.
    pub fn at(&self, status: Status) -> u32 {
        match status {
            Status::Ok => 0,
            Status::Info => self.info,
            Status::Warn => self.warn,
            Status::Critical => self.critical,
            Status::Fail => self.fail,
        }
    }
}

/// Full weight up to `full`, none from `zero` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagScale {
    /// Lag up to which the weight is whole.
    pub full: Duration,
    /// Lag from which on it is 0; more than `full`.
    pub zero: Duration,
}

/// The worst STATUS that still serves, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeUntil {
    /// Read-write.
    pub rw: Status,
    /// Read-only.
    pub ro: Status,
    /// Geo.
    pub geo: Status,
}

/// Whether the PRIMARY gets ACTIVE back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failback {
    /// As soon as it can be handed to.
    Auto,
    /// When an operator says `mpp switchover`.
    Manual,
}

/// Which failed nodes come back by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// None: `mpp recover`.
    Manual,
    /// Those that failed while they were not ACTIVE.
    Standby,
    /// All.
    Auto,
}

/// Writes that tell whether a server can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeWrite {
    /// `database.table`.
    pub table: String,
    /// How often, and how long a write may take at most: 100 ms to 1 h.
    pub every: Duration,
}

/// What `read_only` means, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writable {
    /// A read-only node is not eligible.
    Require,
    /// It is only shown.
    Observe,
    /// It is the agent's: the ACTIVE node is opened, every other one closed.
    Manage,
}

/// Whether a held ACTIVE node goes on serving `rw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAllFail {
    /// It does.
    Hold,
    /// It does not.
    Drop,
}

/// What `Denied` on the ACTIVE node means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDenied {
    /// An alert; it never fails the node.
    Alert,
    /// A negative like any other.
    Fail,
}

impl PoolSettings {
    /// The defaults, with no nodes.
    pub fn named(name: &str) -> PoolSettings {
        PoolSettings {
            name: name.to_owned(),
            nodes: Vec::new(),
            levels: Levels { info: 1, warn: 2, critical: 3, fail: 4 },
            failover_at: Status::Fail,
            hostile_takeover: false,
            failback: Failback::Auto,
            recovery: Recovery::Standby,
            recover_after: 5,
            max_lag: Some(Duration::from_secs(30)),
            max_loss: Some(Duration::from_secs(2)),
            drain_timeout: Duration::from_secs(30),
            ro_overlap: Duration::from_secs(1),
            writable: Writable::Require,
            probe_write: None,
            handover: Duration::from_secs(2),
            max_failovers: 3,
            flap_window: Duration::from_secs(600),
            when_all_fail: WhenAllFail::Hold,
            serve_until: ServeUntil { rw: Status::Critical, ro: Status::Critical, geo: Status::Critical },
            checkpoints: Vec::new(),
            isolation: Isolation::Freeze,
            pool_recovery: PoolRecovery::Manual,
            peers: Vec::new(),
        }
    }

    /// Errors at which an ACTIVE node is to be replaced.
    pub fn failover_errors(&self) -> u32 {
        self.levels.at(self.failover_at).max(1)
    }

    /// How much may be lacking: `max_loss`, or two intervals if that is more; `None`: any.
    pub fn loss_allowed(&self) -> Option<Duration> {
        self.max_loss.map(|m| m.max(self.slowest_interval() * 2))
    }

    /// The longest `interval` of the pool's nodes.
    pub fn slowest_interval(&self) -> Duration {
        self.nodes.iter().map(|n| n.pace.interval).max().unwrap_or(Duration::from_secs(1))
    }
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            interval: Duration::from_secs(1),
            retry_interval: Duration::from_millis(250),
            timeout: Duration::from_millis(500),
        }
    }
}

impl NodeSettings {
    /// The defaults for a node at `host:port`; the host is an IP literal.
    pub fn at(name: &str, host: &str, port: u16) -> NodeSettings {
        NodeSettings {
            name: name.to_owned(),
            host: host.to_owned(),
            ip: host.to_owned(),
            port,
            weight: 1,
            lag_scale: None,
            promotable: true,
            pace: Pace::default(),
            on_denied: OnDenied::Alert,
            local: false,
        }
    }
}
