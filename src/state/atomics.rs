//! The atomics the protocol runs on. `tests/state_loom.rs` puts loom's in their place.

pub use core::sync::atomic::{AtomicU64, Ordering, fence};
