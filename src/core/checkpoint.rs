//! Checkpoints: whose answers tell that this site is not cut off, and where the way to a node is (docs/checkpoints.md).

use super::event::{Action, Severity, Sighting, What};
use super::pool::{Pool, Seat};
use super::settings::{CheckpointSettings, Levels, PoolSettings, Reach};
use super::time::{Duration, Moment};
use super::words::{NodeId, Status};

/// What is remembered of one checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Checkpoint {
    /// As in the settings.
    pub id: String,
    /// The name of its node; `None`: the pool's own.
    pub node: Option<String>,
    /// Questions without answer since it last answered.
    pub errors: u32,
    /// When the newest question began.
    pub asked: Option<Moment>,
    /// When the newest question began that was answered.
    pub answered: Option<Moment>,
    /// What the newest question came to, in words.
    pub message: String,
    /// The pace last asked for.
    pub pace: Duration,
}

impl Checkpoint {
    /// One that nobody has asked yet.
    pub(super) fn new(settings: &CheckpointSettings, pool: &PoolSettings) -> Checkpoint {
        Checkpoint {
            id: settings.id.clone(),
            node: settings.node.map(|n| pool.nodes[n].name.clone()),
            errors: 0,
            asked: None,
            answered: None,
            message: "not asked yet".into(),
            pace: pool.slowest_interval(),
        }
    }

    /// Whether it is this one of the settings.
    pub(super) fn is(&self, settings: &CheckpointSettings, pool: &PoolSettings) -> bool {
        self.id == settings.id && self.node.as_deref() == settings.node.map(|n| pool.nodes[n].name.as_str())
    }

    /// Forgets what was seen before a reboot.
    pub(super) fn wake_up(&mut self) {
        (self.errors, self.asked, self.answered) = (0, None, None);
        self.message = "not asked since the reboot yet".into();
    }

    /// Its newest question was answered.
    pub(super) fn answers(&self) -> bool {
        self.answered.is_some() && self.answered == self.asked
    }

    /// Its STATUS.
    pub fn status(&self, levels: &Levels) -> Status {
        levels.status(self.errors)
    }
}

/// Where the way to a node is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its own network.
    Lan,
    /// Its router.
    Wan,
    /// The world beyond.
    Global,
}

impl Cut {
    /// The word in messages and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Cut::Lan => "LAN",
            Cut::Wan => "WAN",
            Cut::Global => "GLOBAL",
        }
    }
}

/// Whether this site is known not to be cut off, by questions asked after some moment.
pub(super) enum Outside {
    /// There is no checkpoint to tell, or one has answered.
    There,
    /// Answers are still out.
    Awaited,
    /// None has answered.
    Silent(String),
}

impl Pool {
    /// The places of the checkpoints of a node; `None`: of the pool itself.
    fn checkpoints_of(&self, node: Option<NodeId>) -> impl Iterator<Item = usize> {
        let all = self.settings.checkpoints.iter().enumerate();
        all.filter(move |(_, c)| c.node == node).map(|(place, _)| place)
    }

    /// The places of the pool's own checkpoints.
    pub(super) fn own_checkpoints(&self) -> Vec<usize> {
        self.checkpoints_of(None).collect()
    }

    /// Nothing outside has ever answered, and it is not known yet whether anything will: a new pool may be cut off. What
    /// cannot be asked tells nothing, and is not waited for.
    pub(super) fn unproven(&self) -> Option<String> {
        let own = self.own_checkpoints();
        let mut own = own.iter().map(|&place| &self.memory.checkpoints[place]);
        let is_open = |c: &Checkpoint| {
            c.asked.is_none() || c.errors > 0 && c.status(&self.settings.levels) != Status::Fail
        };
        let waits = own.clone().all(|c| c.answered.is_none()) && own.any(is_open);
        waits.then(|| "the first answer of a checkpoint is awaited".into())
    }

    /// Where a pool without ACTIVE node waits for the first answer of a checkpoint, they are asked beside its nodes: one may have
    /// an interval of an hour. One that does not answer is asked at the pace of a node that does not.
    pub(super) fn prove(&mut self, now: Moment) {
        if self.memory.seat != Seat::Empty || self.unproven().is_none() {
            return;
        }
        let asked =
            self.own_checkpoints().into_iter().filter_map(|place| self.memory.checkpoints[place].asked);
        let last = asked.chain(self.proving).max();
        if last.is_none_or(|last| now.since(last) >= self.retry_interval()) {
            self.proving = Some(now);
            self.ask_checkpoints();
        }
    }

    fn retry_interval(&self) -> Duration {
        self.settings.nodes.iter().map(|n| n.pace.retry_interval).max().unwrap_or_default()
    }

    /// Takes what asking a checkpoint came to. What is older than what is known, or from before a late waking, is dropped.
    pub(super) fn sight(&mut self, place: usize, sighting: Sighting, now: Moment) {
        let deaf_until = self.memory.deaf_until;
        let Some(checkpoint) = self.memory.checkpoints.get_mut(place) else { return };
        let began = sighting.began.min(now);
        if began < checkpoint.asked.unwrap_or_default().max(deaf_until) {
            return;
        }
        let was = checkpoint.status(&self.settings.levels);
        checkpoint.asked = Some(began);
        match sighting.result {
            Ok(()) => {
                (checkpoint.errors, checkpoint.answered) = (0, Some(began));
                checkpoint.message = "--".into();
            }
            Err(why) => {
                match sighting.able {
                    true => checkpoint.errors = checkpoint.errors.saturating_add(1),
                    // It tells nothing any more; what it told stands.
                    false if was != Status::Fail => checkpoint.errors = 0,
                    false => {}
                }
                checkpoint.message = why;
            }
        }
        self.tell_checkpoint(place, was);
        self.count_round(place, began);
    }

    /// Told when it has failed, and when it answers again: what lies between is in the table.
    fn tell_checkpoint(&mut self, place: usize, was: Status) {
        let (c, node) = (&self.memory.checkpoints[place], self.settings.checkpoints[place].node);
        let is = c.status(&self.settings.levels);
        let (severity, words) = match (was, is) {
            (Status::Fail, Status::Ok) => (Severity::Notice, format!("{} answers again", c.id)),
            (was, Status::Fail) if was != Status::Fail => {
                (Severity::Warning, format!("{} has failed: {}", c.id, c.message))
            }
            _ => return,
        };
        self.note(What::Checkpoint, severity, node, words);
    }

    /// Asks all the pool's own checkpoints now.
    pub(super) fn ask_checkpoints(&mut self) {
        for place in self.own_checkpoints() {
            let ask = Action::AskCheckpoint(place);
            if !self.actions.contains(&ask) {
                self.actions.push(ask);
            }
        }
    }

    /// Condition (4): whether one of the pool's own checkpoints has answered a question asked at or after `since`.
    pub(super) fn outside(&self, since: Moment, now: Moment) -> Outside {
        let own = self.own_checkpoints();
        let after = |at: Option<Moment>| at.is_some_and(|at| at >= since);
        let checkpoint = |place: &usize| &self.memory.checkpoints[*place];
        if own.is_empty() || own.iter().any(|place| after(checkpoint(place).answered)) {
            return Outside::There;
        }
        let silent = own.iter().all(|place| after(checkpoint(place).asked));
        if !silent && now < self.checkpoints_due(since) {
            return Outside::Awaited;
        }
        Outside::Silent(format!("no checkpoint answers ({}): this site may be cut off", self.silence()))
    }

    /// What the pool's own checkpoints last came to, in words.
    pub(super) fn silence(&self) -> String {
        let own = self.own_checkpoints();
        let words = own.iter().map(|&place| {
            let c = &self.memory.checkpoints[place];
            format!("{}: {}", c.id, c.message)
        });
        words.collect::<Vec<_>>().join("; ")
    }

    /// Until when the answer of a checkpoint asked at `since` is waited for.
    pub(super) fn checkpoints_due(&self, since: Moment) -> Moment {
        // One that is just being asked when it is to be asked again answers that first.
        let own = self.own_checkpoints().into_iter().map(|place| self.settings.checkpoints[place].timeout);
        since + own.max().unwrap_or_default() * 2 + Duration::from_millis(50)
    }

    /// Where the way to a node is cut, as far as its checkpoints tell: the nearest of which all have failed.
    pub fn cut(&self, node: NodeId) -> Option<Cut> {
        let failed = |reach: Reach| {
            let of_reach = |&p: &usize| self.settings.checkpoints[p].reach == reach;
            let mut places = self.checkpoints_of(Some(node)).filter(of_reach).peekable();
            places.peek().is_some() && places.all(|place| self.checkpoint_failed(place))
        };
        match () {
            () if failed(Reach::Internal) => Some(Cut::Lan),
            () if failed(Reach::Edge) => Some(Cut::Wan),
            () if failed(Reach::External) => Some(Cut::Global),
            () => None,
        }
    }

    /// Its STATUS is FAIL.
    pub(super) fn checkpoint_failed(&self, place: usize) -> bool {
        self.memory.checkpoints[place].status(&self.settings.levels) == Status::Fail
    }

    /// A checkpoint that does not answer is asked as a node would be: soon again, until it has failed.
    fn checkpoint_pace(&self, place: usize) -> Duration {
        let urgent = self.memory.checkpoints[place].errors > 0 && !self.checkpoint_failed(place);
        if urgent { self.retry_interval() } else { self.settings.slowest_interval() }
    }

    pub(super) fn set_checkpoint_paces(&mut self) {
        for place in 0..self.memory.checkpoints.len() {
            let pace = self.checkpoint_pace(place);
            if std::mem::replace(&mut self.memory.checkpoints[place].pace, pace) != pace {
                self.actions.push(Action::PaceCheckpoint(place, pace));
            }
        }
    }
}
