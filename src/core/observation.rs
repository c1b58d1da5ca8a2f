//! What one poll saw: facts, or how it failed. No judgement here.

use super::position::{Coordinate, Gtids, Position};
use super::time::{Duration, Moment};
use std::fmt;

/// One poll of one node. It belongs to the moment it began.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When the poll began.
    pub began: Moment,
    /// When its answer, or the lack of one, was known.
    pub ended: Moment,
    /// What it saw.
    pub answer: Answer,
}

/// What a poll saw.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Answer {
    /// No connection, or no answer, within the deadline; or the server is shutting down.
    Offline(Offline),
    /// The server lives but does not serve: 1040, and any other error the server itself sends.
    Saturated(String),
    /// The monitor's own trouble: its user, its password, its privileges, its host blocked.
    Denied(String),
    /// Connected and answered.
    Online(Box<Facts>),
    /// The poller is stuck: nothing arrived in time. Made by the core itself, never by a poll.
    Overdue,
}

/// Why a node is offline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Offline {
    /// In words: `connection refused`, `timeout after 500ms`.
    pub reason: String,
    /// It accepted the connection and gave no greeting: each such try counts towards the server blocking us.
    pub silent: bool,
}

/// What a server said of itself.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Facts {
    /// Its `server_id`.
    pub server_id: u32,
    /// Its version, such as `10.11.19-MariaDB`.
    pub version: String,
    /// It takes no writes from ordinary users.
    pub read_only: bool,
    /// What it has executed.
    pub position: Position,
    /// Its replication channels; none if it never was a replica.
    pub channels: Vec<Channel>,
    /// From the question to the answer.
    pub round_trip: Duration,
}

/// One replication channel, as the replica tells it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Channel {
    /// Connection name; empty for the default one.
    pub name: String,
    /// The source's host, as configured on the replica.
    pub source_host: String,
    /// The source's port.
    pub source_port: u16,
    /// The source's server id; 0 while the source is gone.
    pub source_id: u32,
    /// The thread that receives.
    pub io: Thread,
    /// The thread that applies.
    pub sql: Thread,
    /// `Seconds_Behind`; `None` where the server says NULL.
    pub lag: Option<Duration>,
    /// Received up to here, in the source's binary log.
    pub received: Coordinate,
    /// Executed up to here, in the source's binary log.
    pub executed: Coordinate,
    /// Received up to here by GTID; empty where the channel does not use them.
    pub received_gtid: Gtids,
}

impl Facts {
    /// Whether it has executed `other`; `None` if nothing compares.
    pub fn has_executed(&self, other: &Gtids) -> Option<bool> {
        self.position.covers(other, &[])
    }

    /// Whether it has executed `other`, or has it in a relay log; `None` if nothing compares.
    pub fn has_received(&self, other: &Gtids) -> Option<bool> {
        self.position.covers(other, &self.relay_logs())
    }

    /// Whether something of `other` certainly has not been executed, whatever else compares.
    pub fn certainly_has_not_executed(&self, other: &Position) -> bool {
        self.position.certainly_lacks(self.server_id, other, &[])
    }

    /// Whether something of `other` certainly has not been received, whatever else compares.
    pub fn certainly_has_not_received(&self, other: &Position) -> bool {
        self.position.certainly_lacks(self.server_id, other, &self.relay_logs())
    }

    /// Whether all that server `id` wrote itself and has logged at `other` is known to be executed; `received`: or to be
    /// in a relay log.
    pub(super) fn has_all_of(&self, id: u32, other: &Position, received: bool) -> bool {
        let relay_logs = if received { self.relay_logs() } else { Vec::new() };
        self.position.has_all_of(id, other, &relay_logs)
    }

    fn relay_logs(&self) -> Vec<&Gtids> {
        self.channels.iter().map(|c| &c.received_gtid).collect()
    }

    /// Everything executed or in a relay log, by GTID.
    pub fn received(&self) -> Gtids {
        self.channels.iter().fold(self.position.gtid.clone(), |all, c| all.union(&c.received_gtid))
    }

    /// Whether everything that came over `channel` has been executed. Places that do not compare prove nothing.
    pub fn applied(&self, channel: &Channel) -> bool {
        channel.executed == channel.received
            || channel.executed.covers(&channel.received) == Some(true)
            || self.has_executed(&channel.received_gtid) == Some(true)
    }
}

/// A replication thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Thread {
    /// What it does.
    pub run: Run,
    /// Its last error, number and text; `None` for 0.
    pub error: Option<(u32, String)>,
}

impl Thread {
    /// Runs, without an error.
    pub fn healthy(&self) -> bool {
        self.run == Run::Yes && self.error.is_none()
    }
}

/// Whether a replication thread runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Run {
    /// `Yes`.
    Yes,
    /// `Connecting`, or `Preparing`: not yet.
    Connecting,
    /// `No`.
    No,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Run::Yes => "Yes",
            Run::Connecting => "Connecting",
            Run::No => "No",
        })
    }
}

impl Answer {
    /// Offline, in words, after a connection that was refused, cut or never came.
    pub fn offline(reason: impl Into<String>) -> Answer {
        Answer::Offline(Offline { reason: reason.into(), silent: false })
    }

    /// `Offline` or `Overdue`.
    pub fn is_offline(&self) -> bool {
        matches!(self, Answer::Offline(_) | Answer::Overdue)
    }

    /// The facts of an `Online` answer.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Answer::Online(facts) => Some(facts),
            _ => None,
        }
    }
}
