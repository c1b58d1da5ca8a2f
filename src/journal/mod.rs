//! What happened, for `mpp events`: the last events in memory, all of them on disk, over crashes and reboots.
//!
//! - `recent`: the last events, in memory: where the decider leaves them, and never waits
//! - `keeper`: the thread that carries them to the disk; `appender`: how they are added to the files
//! - `segment`, `files`: one file, and all of them, read
//! - `filter`: which events are wanted
//! - `journal`: memory and disk as one

mod appender;
mod files;
mod filter;
#[allow(clippy::module_inception)]
mod journal;
mod keeper;
mod recent;
mod segment;
#[cfg(test)]
mod tests;

pub use files::{Files, Order};
pub use filter::Filter;
pub use journal::Journal;
pub use keeper::start;
