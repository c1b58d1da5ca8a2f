//! How often ACTIVE changed: counted by epochs, which skip numbers after a reboot and are no count themselves.

use crate::control::status::{Pool, Status};
use std::collections::HashMap;

/// By pool, as far as this process has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    daemon: String,
    pools: HashMap<String, Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    epoch: u64,
    active: Option<String>,
    changes: u64,
}

impl Changes {
    /// Looks at what a living daemon says. Pools that are gone are forgotten.
    pub(super) fn note(&mut self, status: &Status) {
        let same = self.daemon == status.daemon.id;
        self.daemon.clone_from(&status.daemon.id);
        let seen = status.pools.iter().map(|pool| {
            let seen = self.pools.remove(&pool.name);
            (pool.name.clone(), seen.map_or_else(|| Seen::first(pool), |seen| seen.then(pool, same)))
        });
        self.pools = seen.collect();
    }

    /// Of a pool.
    pub(super) fn of(&self, pool: &str) -> u64 {
        self.pools.get(pool).map_or(0, |seen| seen.changes)
    }
}

impl Seen {
    fn first(pool: &Pool) -> Seen {
        Seen { epoch: pool.epoch, active: pool.active.clone(), changes: 0 }
    }

    /// Within the life of a daemon every change is one epoch; from one to the next only another ACTIVE node tells.
    fn then(self, pool: &Pool, same_daemon: bool) -> Seen {
        let more = match same_daemon {
            true => pool.epoch.saturating_sub(self.epoch),
            false => u64::from(pool.active.is_some() && pool.active != self.active),
        };
        let active = pool.active.clone().or(self.active);
        Seen { epoch: pool.epoch, active, changes: self.changes + more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::status::Daemon;

    fn status(daemon: &str, epoch: u64, active: Option<&str>) -> Status {
        let pool = Pool { name: "db".into(), epoch, active: active.map(str::to_owned), ..Pool::default() };
        let daemon = Daemon { id: daemon.into(), ..Daemon::default() };
        Status { daemon, pools: vec![pool], ..Status::default() }
    }

    fn counted(statuses: &[Status]) -> u64 {
        let mut changes = Changes::default();
        statuses.iter().for_each(|status| changes.note(status));
        changes.of("db")
    }

    #[test]
    fn what_was_before_the_first_look_is_not_counted() {
        assert_eq!(counted(&[status("a", 41, Some("db1"))]), 0);
    }

    #[test]
    fn two_changes_between_two_looks_are_two() {
        let looks = [status("a", 1, Some("db1")), status("a", 1, None), status("a", 3, Some("db1"))];
        assert_eq!(counted(&looks), 2);
    }

    #[test]
    fn epochs_that_a_reboot_skips_are_no_changes() {
        let looks = [status("a", 3, Some("db1")), status("b", 1003, None), status("b", 1003, Some("db1"))];
        assert_eq!(counted(&looks), 0);
        let looks = [status("a", 3, Some("db1")), status("b", 1004, Some("db2"))];
        assert_eq!(counted(&looks), 1);
    }
}
