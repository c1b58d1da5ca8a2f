//! What is known of keepalived's versions.

use crate::config::Version;
use std::ops::Range;

/// The first that has FILE_CHECK.
pub const FILE_CHECK: Version = Version(2, 1, 0);
/// FILE_CHECK may crash these.
pub const CRASHES: Range<Version> = Version(2, 3, 0)..Version(2, 3, 3);
/// The first that never loses a check: older ones run one no more whose end and timeout they see in the same moment.
pub const KEEPS_CHECKS: Version = Version(2, 3, 0);
/// The last in which a run of misc_dynamic that times out moves the weight for good.
pub const LEAKS: Version = Version(2, 4, 3);

/// Whether real servers can be told DOWN, and their weights, by files.
pub fn has_file_check(version: Version) -> bool {
    version >= FILE_CHECK && !CRASHES.contains(&version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_check_is_used_where_it_is_there_and_does_not_crash() {
        for (version, wanted) in [
            (Version(2, 0, 20), false),
            (Version(2, 1, 0), true),
            (Version(2, 2, 8), true),
            (Version(2, 3, 0), false),
            (Version(2, 3, 2), false),
            (Version(2, 3, 3), true),
            (Version(3, 0, 0), true),
        ] {
            assert_eq!(has_file_check(version), wanted, "{version}");
        }
    }
}
