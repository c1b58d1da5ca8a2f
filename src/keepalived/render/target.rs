//! Which keepalived a fragment is for, and what that one can do.

use std::fmt;

use super::fault::RenderFault;
use crate::config::{Keepalived, Version};
use crate::keepalived::versions;

/// Debian 12's: what is assumed where nothing is known.
const ASSUMED: Version = Version(2, 2, 7);

/// A version, and how it came to be that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// At least [`Version::OLDEST`].
    pub version: Version,
    /// Who says so.
    pub source: Source,
}

/// Who says which version it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `target_version`.
    Configured,
    /// The keepalived of this machine.
    Installed,
    /// Nobody.
    Assumed,
}

impl Target {
    /// What is configured, else what is installed, else 2.2.7.
    ///
    /// # Errors
    /// If what is installed is too old.
    pub fn of(
        keepalived: &Keepalived,
        installed: impl FnOnce() -> Option<Version>,
    ) -> Result<Target, RenderFault> {
        if let Some(version) = keepalived.target_version {
            return Ok(Target { version, source: Source::Configured });
        }
        match installed() {
            Some(version) if version < Version::OLDEST => Err(RenderFault::TooOld(version)),
            Some(version) => Ok(Target { version, source: Source::Installed }),
            None => Ok(Target { version: ASSUMED, source: Source::Assumed }),
        }
    }

    /// Whether real servers can be told DOWN, and their weights, by files.
    pub fn has_file_check(self) -> bool {
        versions::has_file_check(self.version)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Configured => "target_version",
            Source::Installed => "the one installed here",
            Source::Assumed => "assumed: none is installed here, and no target_version is configured",
        };
        write!(out, "{} ({source})", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_wins_over_what_is_installed() {
        let of = |configured, installed| {
            Target::of(&Keepalived { target_version: configured, ..Keepalived::default() }, || installed)
        };
        let (old, new) = (Version(2, 0, 10), Version(2, 4, 0));
        assert_eq!(of(Some(new), Some(old)), Ok(Target { version: new, source: Source::Configured }));
        assert_eq!(of(None, Some(new)), Ok(Target { version: new, source: Source::Installed }));
        assert_eq!(of(None, Some(old)), Err(RenderFault::TooOld(old)));
        assert_eq!(of(None, None), Ok(Target { version: ASSUMED, source: Source::Assumed }));
    }
}
