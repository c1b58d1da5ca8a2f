//! The vocabulary: STATUS, STATE, roles and type of a node, as users see and write them.

use core::fmt;

/// How bad it is: graded by the number of errors since the last good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No errors.
    Ok,
    /// The first error, or a change of role just happened.
    Info,
    /// It did not heal by itself.
    Warn,
    /// About to fail.
    Critical,
    /// Failed.
    Fail,
}

impl Status {
    /// Every STATUS, from best to worst.
    pub const ALL: [Status; 5] = [Status::Ok, Status::Info, Status::Warn, Status::Critical, Status::Fail];

    /// The word in tables, JSON, alerts and the configuration file.
    pub fn word(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Info => "OK INFO",
            Status::Warn => "OK WARN",
            Status::Critical => "OK CRITICAL",
            Status::Fail => "FAIL",
        }
    }

    /// The STATUS of a word.
    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.word() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What part a node plays in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not judged yet, or just recovered.
    Unknown,
    /// Good, and waiting to take over.
    Standby,
    /// The one node that takes writes.
    Active,
    /// Failed, but it answers.
    FailOnline,
    /// Failed, and it does not answer.
    FailOffline,
}

impl State {
    /// Every STATE.
    pub const ALL: [State; 5] =
        [State::Unknown, State::Standby, State::Active, State::FailOnline, State::FailOffline];

    /// The word in tables, JSON and alerts.
    pub fn word(self) -> &'static str {
        match self {
            State::Unknown => "UNKNOWN",
            State::Standby => "STANDBY",
            State::Active => "ACTIVE",
            State::FailOnline => "FAIL_ONLINE",
            State::FailOffline => "FAIL_OFFLINE",
        }
    }

    /// FAIL_ONLINE or FAIL_OFFLINE.
    pub fn failed(self) -> bool {
        matches!(self, State::FailOnline | State::FailOffline)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a virtual server asks a node for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Read-write: the ACTIVE node.
    Rw,
    /// Read-only: the STANDBY nodes, else the ACTIVE one.
    Ro,
    /// Anything healthy: for a site behind a Smart DNS.
    Geo,
}

impl Role {
    /// Every role, in the order of the published verdicts.
    pub const ALL: [Role; 3] = [Role::Rw, Role::Ro, Role::Geo];

    /// The word on command lines and in the configuration file.
    pub fn word(self) -> &'static str {
        match self {
            Role::Rw => "rw",
            Role::Ro => "ro",
            Role::Geo => "geo",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A node's place in its pool: the first is the PRIMARY, priority goes down the list.
pub type NodeId = usize;

/// `PRIMARY` or `SECONDARY`.
pub fn node_type(node: NodeId) -> &'static str {
    if node == 0 { "PRIMARY" } else { "SECONDARY" }
}
