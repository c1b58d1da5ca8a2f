//! Moments: the core never reads a clock, it is told the time.

use core::fmt;
use core::ops::{Add, Sub};
pub use core::time::Duration;

/// A moment on the machine's CLOCK_BOOTTIME, in nanoseconds.
///
/// Decisions use nothing else: wall time jumps, and CLOCK_MONOTONIC stands still while the machine sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Moment(pub u64);

impl Moment {
    /// Time from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;
    fn add(self, d: Duration) -> Moment {
        Moment(self.0.saturating_add(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Moment {
    type Output = Moment;
    fn sub(self, d: Duration) -> Moment {
        Moment(self.0.saturating_sub(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// A duration as an operator reads it: `250ms`, `2.5s`, `41s`, `3m20s`, `2h05m`.
pub struct Short(pub Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        let s = self.0.as_secs();
        match () {
            () if ms < 1000 => write!(f, "{ms}ms"),
            () if s < 10 && !ms.is_multiple_of(1000) => write!(f, "{}.{}s", s, ms % 1000 / 100),
            () if s < 60 => write!(f, "{s}s"),
            () if s < 3600 && s.is_multiple_of(60) => write!(f, "{}m", s / 60),
            () if s < 3600 => write!(f, "{}m{:02}s", s / 60, s % 60),
            () => write!(f, "{}h{:02}m", s / 3600, s % 3600 / 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_an_operator_writes_it() {
        let cases =
            [(0, "0ms"), (250, "250ms"), (1000, "1s"), (2500, "2.5s"), (41_900, "41s"), (200_000, "3m20s")];
        for (ms, words) in cases {
            assert_eq!(Short(Duration::from_millis(ms)).to_string(), words);
        }
        assert_eq!(Short(Duration::from_secs(7500)).to_string(), "2h05m");
        assert_eq!(Short(Duration::from_secs(600)).to_string(), "10m");
    }

    #[test]
    fn time_before_the_boot_is_the_boot() {
        assert_eq!(Moment(5) - Duration::from_secs(1), Moment(0));
        assert_eq!(Moment(5).since(Moment(9)), Duration::ZERO);
    }
}
