//! What `mpp-check` answers: a pure function of its arguments, the state and the clock.
//!
//! Libcore alone: these files are compiled into the library, for its tests, and by `#[path]` into
//! `mpp-check`. What talks to the system is `bare` (Linux on x86_64 and aarch64: no runtime, no
//! allocator) or `hosted` (everywhere else); only the binary takes those in.

pub mod answer;
pub mod args;
pub mod fault;
pub mod line;
pub mod system;
