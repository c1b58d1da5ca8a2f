//! Many histories, each from its own seed, over every core.
//!
//! `MPP_EXPLORE=N` multiplies their number, `MPP_SEED=A..B` runs a part of them; a failure names its seeds, `MPP_SEED=S`
//! runs one alone, `MPP_TRACE=1` tells it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many failing histories are told before the rest is left out.
const TOLD: usize = 5;

pub fn explore() -> u64 {
    std::env::var("MPP_EXPLORE").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// Runs a history for each seed below `count`; tells the seeds of those that fail.
pub fn histories(count: u64, history: impl Fn(u64) + Sync) {
    let (first, end) = match std::env::var("MPP_SEED").as_deref().map(seeds) {
        Ok((seed, None)) => return history(seed),
        Ok((first, Some(end))) => (first, end.min(count)),
        Err(_) => (0, count),
    };
    // In `make test` the other tests have the other cores.
    let threads = if explore() > 1 { std::thread::available_parallelism().map_or(1, |n| n.get()) } else { 1 };
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let run = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || failed.lock().expect("the seeds").len() >= TOLD {
                return;
            }
            if catch_unwind(AssertUnwindSafe(|| history(seed))).is_err() {
                eprintln!("that was MPP_SEED={seed}");
                failed.lock().expect("the seeds").push(seed);
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(run)));
    let failed = failed.into_inner().expect("the seeds");
    assert!(failed.is_empty(), "histories fail: MPP_SEED={failed:?}");
    if explore() > 1 {
        eprintln!("{} histories", end.saturating_sub(first));
    }
}

/// `7`: that one alone; `7..9`: those from 7 on, below 9.
fn seeds(text: &str) -> (u64, Option<u64>) {
    let number = |text: &str| text.parse().expect("MPP_SEED: a number, or two and .. between");
    text.split_once("..").map_or_else(|| (number(text), None), |(from, to)| (number(from), Some(number(to))))
}
