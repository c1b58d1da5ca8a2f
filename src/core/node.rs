//! What is remembered of one node, and how its answers are counted.

use super::event::Flag;
use super::gate::Orders;
use super::observation::{Answer, Facts, Observation};
use super::position::{Coordinate, Gtids};
use super::settings::{Levels, NodeSettings};
use super::time::{Duration, Moment};
use super::words::NodeId;
use std::collections::BTreeMap;

/// One node of a pool, as far as its own answers go. Who is ACTIVE is the pool's to say.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Node {
    /// Its name, as it was then.
    pub name: String,
    /// Its address: a restart or reload finds it again by this; at another one it is another node.
    pub address: String,
    /// Where it stands when it is not ACTIVE.
    pub standing: Standing,
    /// Since when it stands there.
    pub since: Moment,
    /// Negatives since the last positive.
    pub errors: u32,
    /// When the first of them began; means nothing without errors.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub first_error: Option<Moment>,
    /// `Denied` on the ACTIVE node since the last positive.
    pub denied: u32,
    /// The visible mark of a change of role, until the next positive.
    pub bump: bool,
    /// Positives in a row.
    pub positives: u32,
    /// When it failed, within the flap window.
    pub failures: Vec<Moment>,
    /// The newest observation.
    pub newest: Option<Seen>,
    /// What the newest `Online` answer said.
    pub facts: Option<Facts>,
    /// When the newest counted negative began.
    pub counted: Option<Moment>,
    /// When the newest real answer that counted as an error began (`Overdue` is none).
    pub failed_poll: Option<Moment>,
    /// Server id, as last said.
    pub server_id: Option<u32>,
    /// Its sources, learnt in good times, by channel name.
    pub sources: BTreeMap<String, Source>,
    /// It had everything of the ACTIVE node up to here.
    pub fed: Option<Moment>,
    /// What it has yet to execute in order to be fed.
    pub promise: Option<Promise>,
    /// A fault that waits for its source's poll.
    pub pending: Option<Pending>,
    /// STANDBY and UP for `ro` with a weight above 0: since when.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub reads_since: Option<Moment>,
    /// Set by an operator; `now` means DOWN instead of weight 0.
    pub drain: Option<Drain>,
    /// ACTIVE, and to be drained as soon as somebody can take over: until then it serves as before.
    pub drain_wanted: Option<Drain>,
    /// At which revision of the pool an operator recovered it last; 0: never.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub recovered: u64,
    /// Orders to open or close it.
    #[cfg_attr(feature = "daemon", serde(default))]
    pub orders: Orders,
    /// Connections in a row that were accepted and got no greeting.
    pub silent: u32,
    /// From when on nothing has been heard.
    pub quiet_since: Moment,
    /// The pace last asked for.
    pub pace: Duration,
    /// What the last poll came to, in words.
    pub message: String,
}

/// A finished poll and what was made of it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Seen {
    /// When the poll began.
    pub began: Moment,
    /// When the core had its answer.
    pub came: Moment,
    /// Which of the answers.
    pub kind: Kind,
    /// The judgement.
    pub judgement: Judgement,
}

/// An [`Answer`] without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// No connection, or no answer in time.
    Offline,
    /// No poll at all in time: the poller is stuck.
    Overdue,
    /// Lives, does not serve.
    Saturated,
    /// The monitor's own trouble.
    Denied,
    /// Answered.
    Online,
}

/// What an observation counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Judgement {
    /// Good; `excused`: only because its source is gone.
    Positive {
        /// The source-loss exemption was needed.
        excused: bool,
    },
    /// Counts.
    Negative(String),
    /// The monitor's own trouble on the ACTIVE node: shown, not counted.
    Denied(String),
    /// Neither counted nor forgiven until the source has been asked.
    Pending(String),
}

/// Where a node stands when it is not ACTIVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub enum Standing {
    /// Not judged yet, or just recovered.
    Unknown,
    /// Good. The ACTIVE node stands here too.
    Standby,
    /// Failed.
    Failed {
        /// It was ACTIVE then.
        while_active: bool,
        /// It was UNKNOWN then.
        from_unknown: bool,
    },
}

/// A source as learnt while its server id could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Source {
    /// Host on the replica's channel then.
    pub host: String,
    /// Port then.
    pub port: u16,
    /// Its server id.
    pub server_id: u32,
}

/// Once this has been executed, the node is fed as of `as_of`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Promise {
    /// Channel name.
    pub channel: String,
    /// Source's host and port on that channel: a place in another server's log is another place.
    pub source: (String, u16),
    /// Received up to here.
    pub received: Coordinate,
    /// The same by GTID.
    pub gtid: Gtids,
    /// What it will be worth.
    pub as_of: Moment,
}

/// A fault that waits for its source's poll.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Pending {
    /// The source; `None`: members that have never been seen.
    pub source: Option<NodeId>,
    /// The poll of the source must have begun after this.
    pub after: Moment,
    /// When the faulty observation began.
    pub began: Moment,
}

/// Out of service by an operator's word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Drain {
    /// DOWN instead of weight 0.
    pub now: bool,
    /// Who, when, why.
    pub flag: Flag,
}

impl Node {
    /// A node nobody has asked yet.
    pub fn new(settings: &NodeSettings, now: Moment) -> Node {
        Node {
            name: settings.name.clone(),
            address: settings.address(),
            standing: Standing::Unknown,
            since: now,
            errors: 0,
            first_error: None,
            denied: 0,
            bump: false,
            recovered: 0,
            positives: 0,
            failures: Vec::new(),
            newest: None,
            facts: None,
            counted: None,
            failed_poll: None,
            server_id: None,
            sources: BTreeMap::new(),
            fed: None,
            promise: None,
            pending: None,
            reads_since: None,
            drain: None,
            drain_wanted: None,
            orders: Orders::default(),
            silent: 0,
            quiet_since: now,
            pace: settings.pace.interval,
            message: "not asked yet".into(),
        }
    }

    /// Failed, and not recovered yet.
    pub fn failed(&self) -> bool {
        matches!(self.standing, Standing::Failed { .. })
    }

    /// The newest observation was `Offline` or `Overdue`.
    pub fn offline(&self) -> bool {
        matches!(self.kind(), Some(Kind::Offline | Kind::Overdue))
    }

    /// The newest observation was `Online`.
    pub fn online(&self) -> bool {
        self.kind() == Some(Kind::Online)
    }

    /// What the newest observation was.
    pub fn kind(&self) -> Option<Kind> {
        self.newest.as_ref().map(|s| s.kind)
    }

    /// The newest observation was judged positive.
    pub fn positive(&self) -> bool {
        self.newest.as_ref().is_some_and(|s| matches!(s.judgement, Judgement::Positive { .. }))
    }

    /// It is positive only because its source is gone.
    pub fn excused(&self) -> bool {
        self.newest.as_ref().is_some_and(|s| s.judgement == Judgement::Positive { excused: true })
    }

    /// When the newest poll began; the boot before the first.
    pub fn last_began(&self) -> Moment {
        self.newest.as_ref().map_or(Moment(0), |s| s.began)
    }

    /// The newest observation was begun at or after `moment`.
    pub fn asked_since(&self, moment: Moment) -> bool {
        self.newest.as_ref().is_some_and(|s| s.began >= moment)
    }

    /// `req` without the bump: what failing and serving look at. `Denied` never takes it past `critical`.
    pub fn troubles(&self, levels: &Levels) -> u32 {
        let shown = self.errors.saturating_add(self.denied);
        self.errors.max(shown.min(levels.critical))
    }

    /// The number in the Req column.
    pub fn req(&self, levels: &Levels) -> u32 {
        let bump = u32::from(self.bump);
        let shown = self.errors.saturating_add(bump).saturating_add(self.denied);
        self.errors.saturating_add(bump).max(shown.min(levels.critical))
    }

    /// The largest lag of its channels, as it last said.
    pub fn lag(&self) -> Option<Duration> {
        self.facts.as_ref()?.channels.iter().filter_map(|c| c.lag).max()
    }

    /// Moves it, if it is not there already.
    pub fn stand(&mut self, standing: Standing, now: Moment) {
        if self.standing != standing {
            self.standing = standing;
            self.since = now;
            self.positives = 0;
        }
    }

    /// Keeps the newest answer; the judgement comes after.
    pub fn note_answer(&mut self, observation: &Observation, now: Moment) {
        let kind = match &observation.answer {
            Answer::Offline(_) => Kind::Offline,
            Answer::Overdue => Kind::Overdue,
            Answer::Saturated(_) => Kind::Saturated,
            Answer::Denied(_) => Kind::Denied,
            Answer::Online(_) => Kind::Online,
        };
        self.silent = match &observation.answer {
            Answer::Offline(offline) if offline.silent => self.silent.saturating_add(1),
            Answer::Overdue => self.silent,
            _ => 0,
        };
        if let Answer::Online(facts) = &observation.answer {
            self.learn(facts);
        }
        self.quiet_since = now;
        let judgement = Judgement::Pending(String::new());
        // Overdue is no poll: it answers no question, and the answer that is late may still come.
        let began = if kind == Kind::Overdue { self.last_began() } else { observation.began };
        self.newest = Some(Seen { began, came: now, kind, judgement });
    }

    fn learn(&mut self, facts: &Facts) {
        self.server_id = Some(facts.server_id);
        for channel in facts.channels.iter().filter(|c| c.source_id != 0) {
            let source = Source {
                host: channel.source_host.clone(),
                port: channel.source_port,
                server_id: channel.source_id,
            };
            self.sources.insert(channel.name.clone(), source);
        }
        self.facts = Some(facts.clone());
    }
}
