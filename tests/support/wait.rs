//! Waiting for something to become true.

use std::thread;
use std::time::{Duration, Instant};

/// Looks every 10 ms whether `condition` holds.
///
/// # Panics
/// With the words `what`, if it does not within `bound`.
#[track_caller]
pub fn wait_until(what: &str, bound: Duration, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < bound, "waited {bound:?} in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
