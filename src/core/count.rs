//! Counting: what an answer does to a node's errors (docs/how-it-decides.md, "STATUS and req").

use super::node::Node;
use super::settings::NodeSettings;
use super::time::Moment;

impl Node {
    /// Counts a positive.
    pub fn count_positive(&mut self) {
        self.errors = 0;
        self.denied = 0;
        self.bump = false;
        self.counted = None;
        self.failed_poll = None;
        self.positives = self.positives.saturating_add(1);
    }

    /// Counts a negative that began at `began`. Those that are not `Offline` count at most once an interval,
    /// give or take the half of a retry interval: polls begin on time only more or less.
    /// Says whether it counted.
    pub fn count_negative(&mut self, began: Moment, settings: &NodeSettings, overdue: bool) -> bool {
        self.positives = 0;
        if !self.may_count(began, settings) {
            return false;
        }
        if self.errors == 0 {
            self.first_error = Some(began);
        }
        self.errors = self.errors.saturating_add(1);
        self.counted = Some(began);
        if !overdue {
            self.failed_poll = Some(began);
        }
        true
    }

    /// Counts a `Denied` of the ACTIVE node, at the same rate.
    pub fn count_denied(&mut self, began: Moment, settings: &NodeSettings) {
        self.positives = 0;
        if self.may_count(began, settings) {
            self.denied = self.denied.saturating_add(1);
            self.counted = Some(began);
        }
    }

    fn may_count(&self, began: Moment, settings: &NodeSettings) -> bool {
        let spacing = settings.pace.interval.saturating_sub(settings.pace.retry_interval / 2);
        self.offline() || self.counted.is_none_or(|last| began.since(last) >= spacing)
    }
}
