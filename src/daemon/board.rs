//! The newest look of every pool, for those who follow it: the decider pins it up and never waits, followers wait.

use crate::control::status::{Peer, Pool};
use crate::core::time::{Duration, Moment};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many looks are given at a time, so that taking them never holds the decider up.
const AT_A_TIME: usize = 256;

/// What has changed.
#[derive(Clone)]
pub(super) enum Look {
    /// A pool.
    Pool(Arc<Pool>),
    /// The other agents.
    Peers(Arc<Vec<Peer>>),
}

/// What a look is of: of each there is one at most, the newest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Pool(usize),
    Peers,
}

/// The newest looks in the order in which they were pinned up, while somebody follows.
#[derive(Default)]
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    looks: BTreeMap<u64, (Subject, Look)>,
    places: HashMap<Subject, u64>,
    /// The number of the newest look.
    newest: u64,
    /// Rises when the pools are others.
    generation: u64,
    followers: usize,
    /// When the decider last gave a sign of life.
    beat: Moment,
}

/// Where a follower has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Of the pools that it knows.
    pub(super) generation: u64,
    /// The newest look that it has taken.
    pub(super) seq: u64,
}

/// What there is for a follower.
pub(super) struct News {
    /// Oldest first, those that have changed since.
    pub(super) looks: Vec<Look>,
    /// Where it has come to with them; another generation: it must begin anew.
    pub(super) mark: Mark,
    /// The last sign of life of the decider.
    pub(super) beat: Moment,
}

/// One who follows; no longer when dropped.
pub(super) struct Following(pub(super) Arc<Board>);

impl Board {
    /// Whether anybody follows.
    pub(super) fn is_followed(&self) -> bool {
        self.lock().followers > 0
    }

    /// A pool looks like this now.
    pub(super) fn pin_pool(&self, place: usize, pool: Pool) {
        self.pin(Subject::Pool(place), Look::Pool(Arc::new(pool)));
    }

    /// The other agents look like this now.
    pub(super) fn pin_peers(&self, peers: Vec<Peer>) {
        self.pin(Subject::Peers, Look::Peers(Arc::new(peers)));
    }

    fn pin(&self, subject: Subject, look: Look) {
        let mut state = self.lock();
        state.newest += 1;
        let newest = state.newest;
        if let Some(old) = state.places.insert(subject, newest) {
            state.looks.remove(&old);
        }
        state.looks.insert(newest, (subject, look));
        drop(state);
        self.changed.notify_all();
    }

    /// The pools are others from now on.
    pub(super) fn begin_anew(&self) {
        let mut state = self.lock();
        state.generation += 1;
        state.forget();
        drop(state);
        self.changed.notify_all();
    }

    /// The decider goes round.
    pub(super) fn beat(&self, now: Moment) {
        self.lock().beat = now;
    }

    /// Where a follower begins that asks how things are after this.
    pub(super) fn mark(&self) -> Mark {
        let state = self.lock();
        Mark { generation: state.generation, seq: state.newest }
    }

    /// Waits up to `patience` for news since `mark`, and gives what there is.
    pub(super) fn wait(&self, mark: Mark, patience: Duration) -> News {
        let none = |state: &mut State| state.newest == mark.seq && state.generation == mark.generation;
        let waited = self.changed.wait_timeout_while(self.lock(), patience, none);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let news = state.looks.range(mark.seq + 1..).take(AT_A_TIME);
        let news: Vec<(u64, Look)> = news.map(|(seq, (_, look))| (*seq, look.clone())).collect();
        let seq = news.last().map_or(mark.seq, |(seq, _)| *seq);
        let mark = Mark { generation: state.generation, seq };
        News { looks: news.into_iter().map(|(_, look)| look).collect(), mark, beat: state.beat }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self) {
        self.looks.clear();
        self.places.clear();
    }
}

impl Following {
    /// From now on somebody does.
    pub(super) fn of(board: &Arc<Board>) -> Following {
        board.lock().followers += 1;
        Following(Arc::clone(board))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.followers -= 1;
        if state.followers == 0 {
            state.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(name: &str, epoch: u64) -> Pool {
        Pool { name: name.into(), epoch, ..Pool::default() }
    }

    fn told(news: &News) -> Vec<(String, u64)> {
        let told = |look: &Look| match look {
            Look::Pool(pool) => (pool.name.clone(), pool.epoch),
            Look::Peers(peers) => ("peers".into(), peers.len() as u64),
        };
        news.looks.iter().map(told).collect()
    }

    #[test]
    fn a_slow_follower_gets_the_newest_look_of_each_and_none_twice() {
        let board = Arc::<Board>::default();
        let _following = Following::of(&board);
        let mark = board.mark();
        for (place, name, epoch) in [(0, "a", 1), (1, "b", 1), (0, "a", 2)] {
            board.pin_pool(place, pool(name, epoch));
        }
        board.pin_peers(Vec::new());
        let news = board.wait(mark, Duration::ZERO);
        assert_eq!(told(&news), [("b".into(), 1), ("a".into(), 2), ("peers".into(), 0)]);
        let again = board.wait(news.mark, Duration::ZERO);
        assert!(again.looks.is_empty());
        assert_eq!(again.mark, news.mark);
    }

    #[test]
    fn nothing_is_kept_when_nobody_follows_or_the_pools_are_others() {
        let board = Arc::<Board>::default();
        let (first, second) = (Following::of(&board), Following::of(&board));
        let mark = board.mark();
        board.pin_pool(0, pool("a", 1));
        drop(first);
        assert!(board.is_followed());
        assert_eq!(board.wait(mark, Duration::ZERO).looks.len(), 1);
        board.begin_anew();
        let news = board.wait(mark, Duration::ZERO);
        assert!(news.looks.is_empty() && news.mark.generation != mark.generation);
        board.pin_pool(0, pool("a", 2));
        drop(second);
        assert!(!board.is_followed() && board.lock().looks.is_empty());
    }
}
