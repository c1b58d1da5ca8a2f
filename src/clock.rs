//! The two clocks: one to decide by, one to show. Nothing else in the crate reads a clock.

#![allow(clippy::disallowed_methods)]

use crate::core::time::Moment;
use crate::state::parse_boot_id;
use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};

/// Where the moments of this boot begin, nanoseconds: far enough from 0 that what happened before a reboot has its
/// moment too (36 years).
const BOOT: u64 = 1 << 60;

/// CLOCK_BOOTTIME, nanoseconds: what the published heartbeat is in.
///
/// # Panics
/// If the kernel has no such clock; every Linux since 2.6.39 has it.
pub fn boottime_ns() -> u64 {
    let t = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("the kernel has CLOCK_BOOTTIME");
    let (secs, nanos) = (t.tv_sec().unsigned_abs(), t.tv_nsec().unsigned_abs());
    secs * 1_000_000_000 + nanos
}

/// Now, on CLOCK_BOOTTIME: what decisions are made by.
pub fn now() -> Moment {
    Moment(BOOT + boottime_ns())
}

/// Both clocks, read together: turns moments into times to show.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    moment: Moment,
    wall: Timestamp,
}

impl Clocks {
    /// Reads both.
    pub fn read() -> Clocks {
        Clocks { moment: now(), wall: Timestamp::now() }
    }

    /// Now, on CLOCK_BOOTTIME.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The time of day now.
    pub fn wall(&self) -> Timestamp {
        self.wall
    }

    /// The time of day of a moment.
    pub fn at(&self, moment: Moment) -> Timestamp {
        let ago = SignedDuration::try_from(self.moment.since(moment)).unwrap_or(SignedDuration::ZERO);
        self.wall.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The id of this boot: what CLOCK_BOOTTIME counts in.
///
/// # Errors
/// In words, if the kernel does not tell it.
pub fn boot_id() -> Result<[u8; 16], String> {
    let path = "/proc/sys/kernel/random/boot_id";
    let text = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    parse_boot_id(&text).ok_or_else(|| format!("{path}: not a boot id"))
}

/// RFC 3339, UTC, milliseconds: `2026-11-22T15:36:02.123Z`.
pub fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Milliseconds since 1970, as the published state has it.
pub fn unix_ms(time: Timestamp) -> u64 {
    u64::try_from(time.as_millisecond()).unwrap_or(0)
}
