//! A pool: its settings, what it remembers, and how events pass through it.
//!
//! ```text
//! event -> observe (judge, count, stand) -> decide (handover, failover, election, failback) -> notes, paces
//! ```

use super::checkpoint::Checkpoint;
use super::event::{Action, Event, Flag};
use super::isolation::{Isolated, Withdrawn};
use super::node::Node;
use super::peers::Peers;
use super::position::Position;
use super::settings::PoolSettings;
use super::time::{Duration, Moment};
use super::words::NodeId;
use std::collections::BTreeMap;

/// How soon a tick comes for what is late already: at once, but after the events that wait.
const AT_ONCE: Duration = Duration::from_millis(1);

/// A pool of nodes, of which at most one is ACTIVE.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) settings: PoolSettings,
    pub(super) memory: Memory,
    pub(super) actions: Vec<Action>,
    /// Whom the daemon was last told to probe with writes; a new daemon has been told nothing.
    pub(super) probed: Option<NodeId>,
    /// What the peers say: a new daemon has heard nothing.
    pub(super) peers: Peers,
    /// When a checkpoint that has never answered was last asked beside the nodes.
    pub(super) proving: Option<Moment>,
}

/// What a pool remembers: all of it survives a restart of the daemon.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Memory {
    /// In the order of the settings.
    pub nodes: Vec<Node>,
    /// Who is ACTIVE, or how it is passing.
    pub seat: Seat,
    /// Rises with every change of ACTIVE.
    pub epoch: u64,
    /// The ACTIVE node, or the last one; `None` before the first.
    pub reign: Option<Reign>,
    /// A replacement of the ACTIVE node under way, or held.
    pub takeover: Option<Takeover>,
    /// Since when the pool has been without ACTIVE node.
    pub vacant_since: Moment,
    /// `mpp pause`.
    pub pause: Option<Flag>,
    /// Too many changes; until `mpp ack`.
    pub flapping: bool,
    /// No automatic failback: until ACTIVE moves.
    pub failback_off: bool,
    /// Because an operator chose the ACTIVE node: until that one fails, or the PRIMARY is ACTIVE. A drain changes
    /// nothing of it.
    pub chosen: bool,
    /// When ACTIVE changed by itself, within the flap window.
    pub changes: Vec<Moment>,
    /// Polls begun before this are worth nothing.
    pub deaf_until: Moment,
    /// What is wrong with the ACTIVE node's replication, as last told.
    pub replication_fault: Option<String>,
    /// A STANDBY node has been UP for `ro` for so long that the ACTIVE node need not be.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub readers_in: bool,
    /// After a reboot: who was ACTIVE is waited for.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub grace: Option<super::reboot::Grace>,
    /// In the order of the settings.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub checkpoints: Vec<Checkpoint>,
    /// Cut off.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub isolation: Option<Isolated>,
    /// Who stepped down because of that, until somebody is ACTIVE again.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub withdrawn: Option<Withdrawn>,
    /// Rises with every command of an operator, over all agents of the site.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub revision: u64,
    /// At which revision `mpp ack` was said last.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub acked: u64,
    /// No change has been made since the reboot: the epoch is only a mark.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub fresh: bool,
    /// After a reboot, until every peer has been heard or is known to be gone: the ACTIVE node of before may be so no more,
    /// and is not UP yet.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub awaits_peers: bool,
}

/// Who is ACTIVE. There is one seat: two ACTIVE nodes cannot be written down.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Seat {
    /// Nobody.
    Empty,
    /// This node.
    Held(NodeId),
    /// Nobody, while one hands over to another.
    Passing(Box<super::handover::Handover>),
}

/// The time of one ACTIVE node.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Reign {
    /// Who; `None` once a reload has removed it.
    pub node: Option<NodeId>,
    /// Its name.
    pub name: String,
    /// Its server id, as it last said: by it a channel and transactions are known to be of it also when it is removed.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub server_id: Option<u32>,
    /// It has been seen to take writes since it became ACTIVE, or came back to be.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub opened: bool,
    /// Its binary log was begun anew while it was ACTIVE (`RESET MASTER`), and somebody still has places of the one before.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub rewound: bool,
    /// How it became ACTIVE, in words: by which event, or whose command, and why.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub how: String,
    /// Since when.
    pub since: Moment,
    /// When its last positive poll began.
    pub seen: Moment,
    /// What it showed then and before, as far back as loss is measured.
    pub shown: Vec<Shown>,
    /// By name, for how much longer than the moments here tell a node had not been fed when the machine was rebooted.
    #[cfg_attr(feature = "daemon", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub missed: BTreeMap<String, Duration>,
}

impl Reign {
    /// What a successor must have received: the last that was shown `allowed` before the node was last seen.
    pub(super) fn due(&self, allowed: Duration) -> Option<&Shown> {
        let limit = self.seen - allowed;
        self.shown.iter().rfind(|s| s.at <= limit)
    }
}

/// A position, and when it was asked for.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Shown {
    /// When the poll began.
    pub at: Moment,
    /// What it said.
    pub position: Position,
}

/// The ACTIVE node's errors have reached `failover_at`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Takeover {
    /// When: everybody is asked again after this.
    pub since: Moment,
    /// When each node's first qualifying answer came, as long as it goes on to qualify.
    pub qualified: Vec<Option<Moment>>,
    /// Why nothing happens, once it is clear that nothing does.
    pub held: Option<String>,
}

impl Pool {
    /// A pool that has not seen anything yet.
    pub fn new(settings: PoolSettings, now: Moment) -> Pool {
        let memory = Memory {
            nodes: settings.nodes.iter().map(|n| Node::new(n, now)).collect(),
            seat: Seat::Empty,
            epoch: 0,
            reign: None,
            takeover: None,
            vacant_since: now,
            pause: None,
            flapping: false,
            failback_off: false,
            chosen: false,
            changes: Vec::new(),
            deaf_until: Moment(0),
            replication_fault: None,
            readers_in: false,
            grace: None,
            checkpoints: settings.checkpoints.iter().map(|c| Checkpoint::new(c, &settings)).collect(),
            isolation: None,
            withdrawn: None,
            revision: 0,
            acked: 0,
            fresh: false,
            awaits_peers: false,
        };
        Pool::of(settings, memory, now)
    }

    /// With nothing heard or told yet.
    pub(super) fn of(settings: PoolSettings, memory: Memory, now: Moment) -> Pool {
        let peers = Peers::of(&settings.peers, now);
        Pool { settings, memory, actions: Vec::new(), probed: None, peers, proving: None }
    }

    /// The settings it lives by.
    pub fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    /// What it remembers.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Takes an event; says what to do. `now` never goes back.
    pub fn handle(&mut self, event: Event, now: Moment) -> Vec<Action> {
        self.change(now, |pool| match event {
            Event::Polled(node, observation) => pool.observe(node, observation, now),
            Event::Tick => pool.tick(now),
            Event::WokeLate => pool.deaf(now),
            Event::Consumed => pool.consumed(),
            Event::Gated(node, result) => pool.gated(node, result, now),
            Event::Checkpoint(place, sighting) => pool.sight(place, sighting, now),
            Event::Peer(peer, view) => pool.heed(peer, view, now),
        })
    }

    /// Runs a change, decides anew, and collects what follows.
    pub(super) fn change(&mut self, now: Moment, change: impl FnOnce(&mut Pool)) -> Vec<Action> {
        let before = self.faces();
        change(self);
        self.decide(now);
        self.order_gates(now);
        self.order_probe();
        self.note_readers(now);
        self.tell_changes(&before);
        self.set_paces(now);
        self.set_checkpoint_paces();
        std::mem::take(&mut self.actions)
    }

    fn decide(&mut self, now: Moment) {
        self.settle_all(now);
        self.peers.new_turn();
        self.follow(now);
        self.isolate(now);
        self.pass_on(now);
        self.end_grace(now);
        self.replace(now);
        self.elect(now);
        self.drain_active(now);
        self.fail_back(now);
        // A handover that has just begun and has nothing to wait for goes on at once.
        self.pass_on(now);
        self.peers.end_turn();
        self.note_disagreement(now);
    }

    /// When the next `Tick` must come: always after `now`. What only waits for an answer needs none.
    pub fn deadline(&self, now: Moment) -> Moment {
        let overdue = (0..self.memory.nodes.len()).map(|n| self.overdue_at(n));
        let drains = self.memory.nodes.iter().flat_map(|n| [&n.drain, &n.drain_wanted]);
        let flags = drains.flatten().map(|d| &d.flag).chain(&self.memory.pause).filter_map(|f| f.until);
        // Only a tick does these: one whose time has come and gone is still to be done.
        let by_tick = overdue.chain(flags).map(|at| at.max(now + AT_ONCE));
        // Every event does these: what lies in the past has been done.
        let steps = self.handover_deadlines().into_iter().chain(self.takeover_deadlines());
        let steps = steps.chain(self.flap_deadline()).chain(self.memory.grace.map(|g| g.until));
        let steps = steps.chain(self.gate_deadlines()).chain(self.peer_deadlines());
        let steps = steps.chain(self.reader_deadlines()).filter(|&at| at > now);
        by_tick.chain(steps).min().unwrap_or(Moment(u64::MAX))
    }

    /// When the oldest automatic change no longer counts.
    fn flap_deadline(&self) -> Option<Moment> {
        self.memory.changes.iter().min().map(|&at| at + self.settings.flap_window)
    }
}
