//! What the check needs of the system it runs on.

use core::ffi::CStr;

use crate::state::atomics::AtomicU64;

/// The system, or what a test puts in its place. `'s` is how long a mapped state lives.
pub trait System<'s> {
    /// The state at `path` as words, and its size in bytes; else the system's error number.
    fn state(&self, path: &CStr) -> Result<(&'s [AtomicU64], u64), i32>;
    /// CLOCK_BOOTTIME in ns, not earlier than any time this machine has shown before.
    fn boottime_ns(&self) -> u64;
    /// The id of this boot; none if the kernel does not show it.
    fn boot_id(&self) -> Option<[u8; 16]>;
    /// Writes a word into a file that is there, at this offset in bytes; if it may not, nothing happens.
    fn mark(&self, path: &CStr, at: u64, word: u64);
    /// Writes to standard output.
    fn print(&self, text: &str);
    /// Writes to standard error.
    fn complain(&self, text: &str);
}
