//! What keepalived is told: UP or DOWN, a weight, a reason (docs/how-it-decides.md, "STATE").

use super::pool::{Pool, Seat};
use super::settings::WhenAllFail;
use super::words::{NodeId, Role, State, Status};

/// The answer for one role of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// UP or DOWN.
    pub up: bool,
    /// 0..=253; 0 while DOWN.
    pub weight: u8,
    /// Why.
    pub because: Because,
}

/// Why a verdict is what it is. The numbers stand in the published state: add, never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Because {
    /// UP: it is the ACTIVE node.
    Active = 1,
    /// UP: it is a STANDBY node.
    Standby = 2,
    /// UP for ro: ACTIVE, and no STANDBY node serves.
    NoStandbyServes = 3,
    /// UP: ACTIVE, failing and held: nobody else can be, or may be, promoted.
    Held = 4,
    /// UP with weight 0: drained.
    Drained = 5,
    /// UP for geo: its STATUS is good enough.
    Good = 6,
    /// UP, but with weight 0: it lags too much.
    Lags = 7,
    /// UP for ro: ACTIVE, until the STANDBY node that serves has been put in.
    AStandbyComes = 8,
    /// DOWN for rw: not the ACTIVE node.
    NotActive = 16,
    /// DOWN for ro: ACTIVE, and a STANDBY node serves.
    AStandbyServes = 17,
    /// DOWN: not judged yet.
    Unknown = 18,
    /// DOWN: failed.
    Failed = 19,
    /// DOWN: its STATUS is worse than `serve_until`.
    StatusTooBad = 20,
    /// DOWN: drained at once.
    DrainedNow = 21,
    /// DOWN for rw: it is handing over.
    HandingOver = 22,
    /// DOWN for geo: held, so that the other site can act.
    HeldHere = 23,
    /// DOWN for geo: it stepped down because this site is cut off.
    Withdrawn = 24,
    /// DOWN for rw: after a reboot of the director, until the peers have been heard.
    AwaitsPeers = 25,
}

impl Because {
    /// Every reason.
    pub const ALL: [Because; 18] = [
        Because::Active,
        Because::Standby,
        Because::NoStandbyServes,
        Because::Held,
        Because::Drained,
        Because::Good,
        Because::Lags,
        Because::AStandbyComes,
        Because::NotActive,
        Because::AStandbyServes,
        Because::Unknown,
        Because::Failed,
        Because::StatusTooBad,
        Because::DrainedNow,
        Because::HandingOver,
        Because::HeldHere,
        Because::Withdrawn,
        Because::AwaitsPeers,
    ];

    /// The number in the published state.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason of a number; `None` for one this version does not know.
    pub fn from_code(code: u16) -> Option<Because> {
        Because::ALL.into_iter().find(|b| b.code() == code)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Because::Active => "ACTIVE",
            Because::Standby => "STANDBY",
            Because::NoStandbyServes => "ACTIVE, and no STANDBY serves",
            Because::Held => "ACTIVE, held: failing, and not replaced",
            Because::Drained => "drained: weight 0",
            Because::Good => "OK",
            Because::Lags => "lags: weight 0",
            Because::AStandbyComes => "ACTIVE, until a STANDBY is in",
            Because::NotActive => "not ACTIVE",
            Because::AStandbyServes => "a STANDBY serves",
            Because::Unknown => "UNKNOWN: not judged yet",
            Because::Failed => "failed",
            Because::StatusTooBad => "STATUS worse than serve_until",
            Because::DrainedNow => "drained: DOWN",
            Because::HandingOver => "hands over",
            Because::HeldHere => "held: the other site may act",
            Because::AwaitsPeers => "until the peers have been heard after the reboot",
            Because::Withdrawn => "withdrawn: the other site acts",
        }
    }
}

impl Pool {
    /// The verdict for one role of one node.
    pub fn verdict(&self, node: NodeId, role: Role) -> Verdict {
        let because = match role {
            Role::Rw => self.read_write(node),
            Role::Ro => self.read_only(node),
            Role::Geo => self.geo(node),
        };
        match because {
            Ok(because) => self.weighed(node, because),
            Err(because) => Verdict { up: false, weight: 0, because },
        }
    }

    fn read_write(&self, node: NodeId) -> Result<Because, Because> {
        match self.state(node) {
            State::Active if self.memory.awaits_peers => Err(Because::AwaitsPeers),
            State::Active => self.active_serves(node),
            state => Err(self.not_serving(node, state)),
        }
    }

    fn active_serves(&self, node: NodeId) -> Result<Because, Because> {
        if self.serves(node, self.settings.serve_until.rw) {
            return Ok(if self.held().is_some() { Because::Held } else { Because::Active });
        }
        let failing = self.memory.takeover.is_some();
        match self.settings.when_all_fail {
            WhenAllFail::Hold if failing => Ok(Because::Held),
            _ => Err(Because::StatusTooBad),
        }
    }

    fn not_serving(&self, node: NodeId, state: State) -> Because {
        match &self.memory.seat {
            Seat::Passing(handover) if handover.from == node => Because::HandingOver,
            _ if state.failed() => Because::Failed,
            _ if state == State::Unknown => Because::Unknown,
            _ => Because::NotActive,
        }
    }

    fn read_only(&self, node: NodeId) -> Result<Because, Because> {
        match self.state(node) {
            State::Standby => self.standby_serves(node),
            State::Active if self.memory.readers_in && self.a_standby_serves() => {
                Err(Because::AStandbyServes)
            }
            State::Active if !self.serves(node, self.settings.serve_until.ro) => Err(Because::StatusTooBad),
            State::Active if self.a_standby_serves() => Ok(Because::AStandbyComes),
            State::Active => Ok(Because::NoStandbyServes),
            state => Err(self.not_serving(node, state)),
        }
    }

    fn standby_serves(&self, node: NodeId) -> Result<Because, Because> {
        match self.serves(node, self.settings.serve_until.ro) {
            true => Ok(Because::Standby),
            false => Err(Because::StatusTooBad),
        }
    }

    fn a_standby_serves(&self) -> bool {
        (0..self.memory.nodes.len()).any(|n| self.reads(n))
    }

    fn geo(&self, node: NodeId) -> Result<Because, Because> {
        match self.state(node) {
            State::Active if self.held().is_some() => Err(Because::HeldHere),
            _ if self.stays_away(node) => Err(Because::Withdrawn),
            State::Active | State::Standby if self.geo_status(node) => Ok(Because::Good),
            State::Active | State::Standby => Err(Because::StatusTooBad),
            state => Err(self.not_serving(node, state)),
        }
    }

    fn geo_status(&self, node: NodeId) -> bool {
        self.plain_status(node) != Status::Fail && self.serves(node, self.settings.serve_until.geo)
    }

    /// The STATUS with the bump left out.
    fn plain_status(&self, node: NodeId) -> Status {
        self.settings.levels.status(self.memory.nodes[node].troubles(&self.settings.levels))
    }

    fn serves(&self, node: NodeId, until: Status) -> bool {
        self.plain_status(node) <= until
    }

    fn weighed(&self, node: NodeId, because: Because) -> Verdict {
        let weight = self.weight(node);
        match &self.memory.nodes[node].drain {
            Some(drain) if drain.now => Verdict { up: false, weight: 0, because: Because::DrainedNow },
            Some(_) => Verdict { up: true, weight, because: Because::Drained },
            None if weight == 0 => Verdict { up: true, weight, because: Because::Lags },
            None => Verdict { up: true, weight, because },
        }
    }

    /// The weight a node has where it is UP, or would have; 0..=253.
    pub fn weight(&self, node: NodeId) -> u8 {
        match self.memory.nodes[node].drain {
            Some(_) => 0,
            None => self.scaled(node, self.settings.nodes[node].weight),
        }
    }

    /// The weight scaled down between `lag_full` and `lag_zero`, in at most ten steps. Never for the ACTIVE node.
    fn scaled(&self, node: NodeId, full: u8) -> u8 {
        let scale = self.settings.nodes[node].lag_scale.filter(|_| self.active() != Some(node));
        let Some((scale, lag)) = scale.zip(self.memory.nodes[node].lag()) else { return full };
        let (low, high) = (scale.full.as_millis(), scale.zero.as_millis());
        let over = lag.as_millis().saturating_sub(low);
        let tenths = 10 - (over * 10).div_ceil(high.saturating_sub(low).max(1)).min(10);
        u8::try_from(u128::from(full) * tenths / 10).unwrap_or(full).max(u8::from(tenths > 0))
    }
}
