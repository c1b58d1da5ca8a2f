//! Which pools want something: a tick that is due, or publication. A round costs what has happened in it, not what there
//! is.

use crate::core::time::Moment;
use std::collections::BTreeSet;

/// Pools by their places.
#[derive(Default)]
pub(super) struct Agenda {
    /// When the next tick of each pool is due.
    deadlines: Vec<Moment>,
    /// The same, earliest first.
    due: BTreeSet<(Moment, usize)>,
    /// Changed since they were last published.
    changed: Vec<usize>,
    is_changed: Vec<bool>,
}

impl Agenda {
    /// So many pools, every one of them to be ticked at once, and published.
    pub(super) fn of(pools: usize, now: Moment) -> Agenda {
        Agenda {
            deadlines: vec![now; pools],
            due: (0..pools).map(|place| (now, place)).collect(),
            changed: (0..pools).collect(),
            is_changed: vec![true; pools],
        }
    }

    /// A pool has changed; its next tick is due at `deadline`.
    pub(super) fn note(&mut self, place: usize, deadline: Moment) {
        let known = std::mem::replace(&mut self.deadlines[place], deadline);
        if known != deadline {
            self.due.remove(&(known, place));
            self.due.insert((deadline, place));
        }
        if !std::mem::replace(&mut self.is_changed[place], true) {
            self.changed.push(place);
        }
    }

    /// When the next tick is due; `None`: never.
    pub(super) fn next(&self) -> Option<Moment> {
        self.due.first().map(|(deadline, _)| *deadline)
    }

    /// The pools whose tick is due.
    pub(super) fn due(&self, now: Moment) -> Vec<usize> {
        self.due.range(..=(now, usize::MAX)).map(|(_, place)| *place).collect()
    }

    /// A pool that is to be published.
    pub(super) fn changed(&self) -> Option<usize> {
        self.changed.last().copied()
    }

    /// The pool that [`Agenda::changed`] gave is published.
    pub(super) fn published(&mut self) {
        if let Some(place) = self.changed.pop() {
            self.is_changed[place] = false;
        }
    }

    /// All are published.
    pub(super) fn all_published(&mut self) {
        self.changed.clear();
        self.is_changed.fill(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_due_at_its_last_deadline_alone() {
        let mut agenda = Agenda::of(3, Moment(5));
        assert_eq!(agenda.due(Moment(5)), [0, 1, 2]);
        for (place, deadline) in [(0, 9), (1, 7), (2, 9), (0, 8)] {
            agenda.note(place, Moment(deadline));
        }
        assert_eq!(agenda.next(), Some(Moment(7)));
        assert!(agenda.due(Moment(6)).is_empty());
        assert_eq!(agenda.due(Moment(8)), [1, 0]);
    }

    #[test]
    fn a_pool_that_changed_twice_is_published_once_and_again_after_a_later_change() {
        let mut agenda = Agenda::of(2, Moment(5));
        agenda.all_published();
        assert_eq!(agenda.changed(), None);
        agenda.note(1, Moment(6));
        agenda.note(1, Moment(7));
        assert_eq!(agenda.changed(), Some(1));
        agenda.published();
        assert_eq!(agenda.changed(), None);
        agenda.note(1, Moment(7));
        assert_eq!(agenda.changed(), Some(1));
    }
}
