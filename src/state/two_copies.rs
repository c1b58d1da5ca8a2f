//! The protocol of one pool: two copies and a generation word.
//!
//! The writer fills the copy nobody is sent to and publishes it with one store, so a writer killed
//! at any instruction leaves the last published copy standing. A reader that was overtaken while it
//! read sees that the generation has moved, and reads again.

use super::atomics::{AtomicU64, Ordering, fence};

/// How often a reader tries before it reports [`NotRead::Busy`]. The writer publishes some thousand
/// times a second at most and a read takes microseconds, so the second try is already rare.
pub const ATTEMPTS: u32 = 1000;

/// Why a pool could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// The generation is still 0: the writer has not published yet.
    NeverPublished,
    /// The writer overtook every one of [`ATTEMPTS`] attempts.
    Busy,
}

/// Has `fill` write the idle copy (0 or 1), then publishes it; returns the new generation.
///
/// One thread at a time. If `fill` fails, nothing is published.
pub fn publish<E>(generation: &AtomicU64, fill: impl FnOnce(u64) -> Result<(), E>) -> Result<u64, E> {
    let next = u64::from_le(generation.load(Ordering::Relaxed)).wrapping_add(1);
    // Pairs with the fence in `read`: whoever sees one word of this filling also sees the
    // generation that was published before it, and so knows that its copy has been reused.
    fence(Ordering::Release);
    fill(next & 1)?;
    // Pairs with the first load in `read`: whoever sees the generation sees the whole copy.
    generation.store(next.to_le(), Ordering::Release);
    Ok(next)
}

/// Has `take` read the published copy (0 or 1), again until no writer reused that copy meanwhile.
///
/// `take` may see a torn copy: its value then is dropped. It must not act on what it reads.
pub fn read<T>(generation: &AtomicU64, mut take: impl FnMut(u64) -> T) -> Result<T, NotRead> {
    for _ in 0..ATTEMPTS {
        let before = u64::from_le(generation.load(Ordering::Acquire));
        if before == 0 {
            return Err(NotRead::NeverPublished);
        }
        let taken = take(before & 1);
        // Pairs with the fence in `publish`: the load below can't be older than what `take` saw.
        fence(Ordering::Acquire);
        if u64::from_le(generation.load(Ordering::Relaxed)) == before {
            return Ok(taken);
        }
    }
    Err(NotRead::Busy)
}
