//! What comes into a pool, what it wants done, and what it wants told.

use super::observation::Observation;
use super::time::{Duration, Moment};
use super::words::NodeId;
use std::fmt;

/// Something that happened to a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A poll ended.
    Polled(NodeId, Observation),
    /// Time passed: at the latest at [`super::pool::Pool::deadline`].
    Tick,
    /// The decider woke more than three intervals late: what was begun before now is worth nothing.
    WokeLate,
    /// The kernel was seen without the old ACTIVE node of the running handover.
    Consumed,
    /// What came of an [`Action::Gate`]: done, or why not, in words.
    Gated(NodeId, Result<(), String>),
    /// A checkpoint was asked: which one of [`super::settings::PoolSettings::checkpoints`], and what it said.
    Checkpoint(usize, Sighting),
    /// A peer says how it is with this pool: which one of [`super::settings::PoolSettings::peers`]; `None`: it cannot be
    /// reached, or does not answer any more. Comes at least once for every peer, soon after the start.
    Peer(usize, Option<Box<super::peer::View>>),
}

/// What asking a checkpoint came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When the question began.
    pub began: Moment,
    /// It answered, or why not, in words.
    pub result: Result<(), String>,
    /// Whether it could be asked at all: where it could not, its silence says nothing of the world outside.
    pub able: bool,
}

/// What a pool wants done. The daemon does it; nothing here waits for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Begin a poll of this node now; one in flight does not count.
    Ask(NodeId),
    /// From now on poll this node at this pace, from start to start.
    Pace(NodeId, Duration),
    /// Make this server take writes, or not; answered by one [`Event::Gated`], at the latest after [`super::gate::LIMIT`].
    Gate(NodeId, Gate),
    /// From now on write to this node's probe table every so often, or do not.
    Probe(NodeId, bool),
    /// Ask this checkpoint now; a question in flight does not count.
    AskCheckpoint(usize),
    /// From now on ask this checkpoint at this pace, from start to start.
    PaceCheckpoint(usize, Duration),
    /// Tell the operator.
    Note(Note),
}

/// Whether a server takes writes from ordinary users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Gate {
    /// It does.
    Open,
    /// It is read-only.
    Closed,
}

/// One line for the operator: alerts, journal and `mpp events` all show the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What kind of thing happened.
    pub what: What,
    /// How much it matters.
    pub severity: Severity,
    /// Which node, if it is about one.
    pub node: Option<NodeId>,
    /// STATE or STATUS or ACTIVE node before.
    pub from: Option<String>,
    /// The same after.
    pub to: Option<String>,
    /// The node's `req`, if it is about one.
    pub req: Option<u32>,
    /// The pool's epoch.
    pub epoch: u64,
    /// Why, in words.
    pub reason: String,
}

/// Kinds of notes; the word stands behind `event=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A node's STATE changed.
    State,
    /// A node's STATUS changed.
    Status,
    /// The ACTIVE node was replaced because it failed.
    Failover,
    /// A pool without ACTIVE node got one.
    Election,
    /// The ACTIVE node should be replaced and cannot be.
    Held,
    /// It no longer needs to be.
    Released,
    /// A planned change began.
    Handover,
    /// A planned change has come one step further.
    HandoverStep,
    /// A planned change ended as planned.
    HandedOver,
    /// A planned change was given up.
    HandoverGivenUp,
    /// Too many changes: no more without an operator.
    Flapping,
    /// The replication of the ACTIVE node, which is never counted.
    Replication,
    /// The monitor's own trouble on the ACTIVE node.
    Denied,
    /// The server was made to take writes.
    Opened,
    /// The server was made read-only.
    Closed,
    /// It could not be, and why.
    GateFailed,
    /// An operator's command took effect.
    Command,
    /// A checkpoint's STATUS changed.
    Checkpoint,
    /// The pool is cut off: all its checkpoints have failed.
    Isolated,
    /// The local ACTIVE node has stepped down because of that.
    Withdrawn,
    /// The pool is no longer isolated.
    Rejoined,
    /// What a peer decided, or was told by an operator, holds here too.
    Followed,
}

impl What {
    /// Every kind.
    pub const ALL: [What; 22] = [
        What::State,
        What::Status,
        What::Failover,
        What::Election,
        What::Held,
        What::Released,
        What::Handover,
        What::HandoverStep,
        What::HandedOver,
        What::HandoverGivenUp,
        What::Flapping,
        What::Replication,
        What::Denied,
        What::Opened,
        What::Closed,
        What::GateFailed,
        What::Command,
        What::Checkpoint,
        What::Isolated,
        What::Withdrawn,
        What::Rejoined,
        What::Followed,
    ];

    /// The word behind `event=`.
    pub fn word(self) -> &'static str {
        match self {
            What::State => "state",
            What::Status => "status",
            What::Failover => "failover",
            What::Election => "election",
            What::Held => "held",
            What::Released => "released",
            What::Handover => "handover",
            What::HandoverStep => "handover_step",
            What::HandedOver => "handed_over",
            What::HandoverGivenUp => "handover_given_up",
            What::Flapping => "flapping",
            What::Replication => "replication",
            What::Denied => "denied",
            What::Opened => "opened",
            What::Closed => "closed",
            What::GateFailed => "gate_failed",
            What::Command => "command",
            What::Checkpoint => "checkpoint",
            What::Isolated => "isolated",
            What::Withdrawn => "withdrawn",
            What::Rejoined => "rejoined",
            What::Followed => "followed",
        }
    }
}

/// The syslog severities in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Act now.
    Alert,
    /// About to need action.
    Critical,
    /// Keep an eye on it.
    Warning,
    /// Normal, and worth knowing.
    Notice,
    /// Normal.
    Info,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Severity; 5] =
        [Severity::Alert, Severity::Critical, Severity::Warning, Severity::Notice, Severity::Info];

    /// The number of RFC 5424: 1 alert, 2 critical, 4 warning, 5 notice, 6 info.
    pub fn number(self) -> u8 {
        match self {
            Severity::Alert => 1,
            Severity::Critical => 2,
            Severity::Warning => 4,
            Severity::Notice => 5,
            Severity::Info => 6,
        }
    }

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Alert => "alert",
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
            Severity::Info => "info",
        }
    }
}

/// What an operator may ask of a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Forgive a failed node, or all of them.
    Recover(Option<NodeId>),
    /// Make another node ACTIVE.
    Switchover {
        /// Who; `None`: the best there is.
        to: Option<NodeId>,
        /// Whatever its STATE, position or relay log.
        force: bool,
    },
    /// Take a node out of service.
    Drain {
        /// Who.
        node: NodeId,
        /// DOWN at once, instead of weight 0.
        now: bool,
        /// Even if nobody can take ACTIVE at the moment.
        force: bool,
        /// For how long; `None`: until undrained.
        lasting: Option<Duration>,
    },
    /// Bring it back.
    Undrain(NodeId),
    /// No automatic change of ACTIVE.
    Pause {
        /// For how long; `None`: until resumed.
        lasting: Option<Duration>,
    },
    /// End of the pause.
    Resume,
    /// Seen: empties the count of the flap guard.
    Ack,
}

impl Command {
    /// The node it names.
    pub fn node(&self) -> Option<NodeId> {
        match *self {
            Command::Recover(node) | Command::Switchover { to: node, .. } => node,
            Command::Drain { node, .. } | Command::Undrain(node) => Some(node),
            Command::Pause { .. } | Command::Resume | Command::Ack => None,
        }
    }
}

/// Who asked, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Author {
    /// User name, or who decided: `mppd`.
    pub who: String,
    /// `--reason`.
    pub why: Option<String>,
}

/// `root`, or `root: kernel update`.
impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.who)?;
        self.why.iter().try_for_each(|why| write!(f, ": {why}"))
    }
}

/// A flag set by an operator, remembered with who, when, why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Flag {
    /// Who set it.
    pub by: Author,
    /// Since when.
    pub since: Moment,
    /// Until when; `None`: until it is taken back.
    pub until: Option<Moment>,
}
