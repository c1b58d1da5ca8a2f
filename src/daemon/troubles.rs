//! What lasts: every pool is looked at in turn, and the daemon's own troubles, so that none is told once and forgotten.

use super::decider::Decider;
use super::fleet::Fleet;
use super::telling::shorten;
use crate::alert::{Lasting, Line, Look, Ongoing, Patience};
use crate::core::pool::Pool;
use crate::core::time::{Duration, Moment};
use crate::core::trouble::{Kind, Trouble};

/// Every pool is looked at this often.
const ROUND: Duration = Duration::from_secs(1);
/// How many at a time: a look takes some microseconds, and polls wait meanwhile.
const AT_A_TIME: usize = 200;
/// How long something has to last before it counts: so long, and so many polls.
const SETTLE: Duration = Duration::from_secs(5);
const SETTLE_POLLS: u32 = 3;

/// What lasts, and whose turn it is.
pub(super) struct Troubles {
    lasting: Lasting,
    next: usize,
    /// Up to when every pool has had its turns.
    done: Moment,
    /// Why nothing that must survive a reboot can be written.
    pub(super) unwritten: Option<String>,
}

impl Troubles {
    /// What lasts in these pools already, of which `known` says that a predecessor in this boot has told it.
    pub(super) fn of(fleet: &Fleet, known: impl Fn(&str) -> bool, now: Moment) -> Troubles {
        let mut lasting = Lasting::default();
        for pool in fleet.members.iter().map(|m| &m.pool).filter(|pool| known(&pool.settings().name)) {
            lasting.take_up(&pool.settings().name, look(pool, now), now);
        }
        Troubles { lasting, next: 0, done: now, unwritten: None }
    }

    /// Other pools than before.
    pub(super) fn keep(&mut self, fleet: &Fleet) {
        self.lasting.keep(|pool| fleet.find(pool).is_some());
        self.next = 0;
    }

    /// How many turns are due, all of them spread evenly over a [`ROUND`].
    fn turns(&mut self, pools: usize, now: Moment) -> usize {
        let share = ROUND / u32::try_from(pools).unwrap_or(u32::MAX).max(1);
        let due = now.since(self.done).as_nanos() / share.as_nanos().max(1);
        let turns = usize::try_from(due).unwrap_or(usize::MAX).min(pools).min(AT_A_TIME);
        if turns > 0 {
            self.done = now;
        }
        turns
    }
}

impl Decider {
    /// Looks at the pools whose turn it is, and at the daemon itself, and tells what is to be told.
    pub(super) fn tell_what_lasts(&mut self) {
        let now = crate::clock::now();
        let pools = self.fleet.members.len();
        let turns = self.troubles.turns(pools, now);
        if turns == 0 {
            return;
        }
        for _ in 0..turns {
            let place = self.troubles.next % pools;
            self.troubles.next = place + 1;
            self.look_at(place, now);
        }
        let patience = self.patience_with(Duration::ZERO);
        let own = self.own_troubles();
        self.outbox.lines.extend(self.troubles.lasting.look(
            "",
            Look { seen: own, hidden: &[] },
            patience,
            now,
        ));
    }

    fn look_at(&mut self, place: usize, now: Moment) {
        let pool = &self.fleet.members[place].pool;
        let patience = self.patience_with(pool.settings().slowest_interval() * SETTLE_POLLS);
        let (name, epoch) = (&pool.settings().name, pool.memory().epoch);
        let lines = self.troubles.lasting.look(name, look(pool, now), patience, now);
        self.outbox.lines.extend(lines.into_iter().map(|line| Line { epoch: Some(epoch), ..line }));
    }

    fn patience_with(&self, settle: Duration) -> Patience {
        Patience { settle: settle.max(SETTLE), remind_every: self.settings.alerts.remind_every }
    }

    /// What ails the daemon itself. Each has told its beginning.
    fn own_troubles(&self) -> Vec<Ongoing> {
        let own =
            |(word, severity), words| Ongoing { word, node: None, severity, words, help: None, told: true };
        let (runtime_dir, state_dir) =
            (self.settings.runtime_dir.display(), self.settings.state_dir.display());
        let stuck = self
            .stuck
            .then(|| format!("nothing can be published in {runtime_dir}: verdicts stand as they were"));
        let hangs = self.persisting.hangs.then(|| format!("the disk of {state_dir} hangs"));
        let kernel = self.lvs.faults().first().map(|first| match self.lvs.faults().len() {
            1 => first.words.clone(),
            n => format!("{} (and {} more; mpp why)", first.words, n - 1),
        });
        let all = [
            (("publish", "alert"), stuck),
            (("persist", "alert"), hangs.or(self.troubles.unwritten.clone())),
            (("kernel", "alert"), kernel),
            (("peer", "warning"), self.peers.lost()),
        ];
        all.into_iter().filter_map(|(kind, words)| words.map(|words| own(kind, words))).collect()
    }
}

fn look(pool: &Pool, now: Moment) -> Look {
    let ongoing = |trouble: Trouble| Ongoing {
        word: trouble.kind.word(),
        node: trouble.node.map(|n| pool.name(n).to_owned()),
        severity: trouble.severity.word(),
        words: shorten(trouble.words),
        help: trouble.help,
        told: has_own_event(trouble.kind),
    };
    // A pool that is about to lose its ACTIVE node has not got its redundancy back, nor is the monitor let in again.
    let steady = pool.active().is_some() && pool.takeover().is_none();
    let hidden: &[&str] = if steady { &[] } else { &["no_redundancy", "denied"] };
    Look { seen: pool.troubles(now).into_iter().map(ongoing).collect(), hidden }
}

/// Whether an event tells when it begins: `held`, `flapping`, `denied`, `replication`, a `state`, a `command`.
fn has_own_event(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Held
            | Kind::Flapping
            | Kind::Failed
            | Kind::Denied
            | Kind::Replication
            | Kind::Paused
            | Kind::Drained
    )
}
