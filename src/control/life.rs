//! Whether the daemon of a published state lives, by its last sign of life.

use crate::clock::{self, boottime_ns};
use crate::core::time::Short;
use crate::state::StalePolicy;
use crate::state::reader::Header;
use std::fmt;
use std::time::Duration;

/// How old the last sign of life is, and what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// `None`: it was given before a reboot.
    age: Option<Duration>,
    limit: Duration,
    policy: StalePolicy,
}

impl Life {
    /// Of a state with this header, now.
    pub fn of(header: &Header) -> Life {
        let boot_id = clock::boot_id().ok();
        let age = boot_id.and_then(|id| header.age_ns(boottime_ns(), &id).ok());
        let (age, limit) = (age.map(Duration::from_nanos), Duration::from_nanos(header.stale_after_ns));
        Life { age, limit, policy: header.stale_policy }
    }

    /// Since its last sign of life; `None`: it was given before a reboot.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// It published a moment ago: it is taken for alive, whether it answers or not.
    pub fn is_fresh(&self) -> bool {
        self.age.is_some_and(|age| age <= self.limit)
    }

    /// What the verdicts are worth when it is not.
    pub fn consequence(&self) -> &'static str {
        match (self.age, self.policy) {
            (None, _) => "nobody decides; mpp-check says DOWN for everything",
            (_, StalePolicy::Hold) => {
                "nobody decides, nobody would take over; mpp-check goes on with the last verdicts (stale.policy: hold)"
            }
            (_, StalePolicy::Down) => {
                "nobody decides; mpp-check says DOWN for everything (stale.policy: down)"
            }
        }
    }
}

/// `its last sign of life was 41s ago (stale.after 5s)`.
impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.age {
            Some(age) => {
                write!(f, "its last sign of life was {} ago (stale.after {})", Short(age), Short(self.limit))
            }
            None => f.write_str("its last sign of life was before the reboot"),
        }
    }
}
