//! Every way a state can be wrong, each with one sentence.

use core::fmt;

use super::layout::{NEWEST, OLDEST, header};
use super::two_copies::NotRead;

/// Why a state, or one thing in it, can't be read. Whoever asked for a verdict takes it as DOWN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFault {
    /// The file ends before its header does.
    TooShort {
        /// Bytes the file has.
        has: u64,
    },
    /// The first eight bytes are not those of a state.
    NotAState,
    /// A layout this reader does not know.
    Version {
        /// The layout found.
        found: u64,
    },
    /// The header and the file disagree about the size.
    Size {
        /// Bytes the header says.
        says: u64,
        /// Bytes the file has.
        has: u64,
    },
    /// Something can't be as it is.
    Damaged {
        /// What it is.
        what: &'static str,
        /// Its offset in bytes.
        at: u64,
    },
    /// No pool of this name.
    NoSuchPool,
    /// The pool has no node of this name or address.
    NoSuchNode,
    /// The pool, or this verdict, has never been published.
    NeverPublished,
    /// The writer overtook every attempt to read.
    Busy,
    /// Written before the last reboot.
    AnotherBoot,
    /// The heartbeat is later than the clock.
    FromTheFuture {
        /// By how much, ns.
        by_ns: u64,
    },
}

/// One sentence without a full stop: what was found, what to do.
impl fmt::Display for StateFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { has } => {
                write!(out, "the file has {has} bytes, a state at least {}: restart mppd", header::LEN)
            }
            Self::NotAState => out.write_str("not a state file of mppd: check the path"),
            Self::Version { found } => write!(
                out,
                "layout version {found} is not known to this reader, which knows {OLDEST} to {NEWEST}: install one version of mppd and mpp-check"
            ),
            Self::Size { says, has } => {
                write!(out, "the state says it has {says} bytes, the file has {has}: restart mppd")
            }
            Self::Damaged { what, at } => {
                write!(out, "{what} at byte {at} is damaged: restart mppd")
            }
            Self::NoSuchPool => out.write_str("no such pool in the state: compare with `mpp status`"),
            Self::NoSuchNode => {
                out.write_str("no such node or address in the pool: compare with `mpp status`")
            }
            Self::NeverPublished => out.write_str("nothing has been published yet: wait for mppd"),
            Self::Busy => out.write_str("mppd overtook every attempt to read: see mppd's log"),
            Self::AnotherBoot => out.write_str("written before the last reboot: check that mppd is running"),
            Self::FromTheFuture { by_ns } => write!(
                out,
                "the heartbeat is {} ms ahead of this machine's clock: check that mppd is running",
                by_ns / 1_000_000
            ),
        }
    }
}

impl core::error::Error for StateFault {}

impl From<NotRead> for StateFault {
    fn from(not_read: NotRead) -> Self {
        match not_read {
            NotRead::NeverPublished => Self::NeverPublished,
            NotRead::Busy => Self::Busy,
        }
    }
}
