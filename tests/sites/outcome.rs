//! What came of a case.

use super::world::Picture;
use std::time::Duration;

/// A case, told afterwards.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: String,
    /// How it was in the end while it was cut.
    pub during: Picture,
    /// For how long nobody could write; `None`: until it was mended.
    pub silence: Option<Duration>,
    /// For how long both sites claimed to be active.
    pub both: Duration,
    /// How many rows each site has acknowledged while it was cut.
    pub written: [usize; 2],
    /// How many of these the server had not that was written to in the end.
    pub missing: Option<usize>,
    /// How it was when it was mended, before anybody did anything.
    pub after: Picture,
    /// For how long both claimed to be active then.
    pub both_after: Duration,
    /// What an operator had to do to have it as before.
    pub orders: Vec<String>,
    /// How many acknowledged rows are not on both servers after that.
    pub lost: usize,
}
