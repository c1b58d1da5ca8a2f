//! Random numbers for tests that strike at random moments; a seed in the environment gives the same again.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// SplitMix64.
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// From `MPP_SEED`, else from nothing that comes again.
    pub fn new() -> Chance {
        let given = std::env::var("MPP_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        Chance { seed, state: seed }
    }

    /// 0 to `limit` - 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit.max(1)
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MPP_SEED={}", self.seed)
    }
}
