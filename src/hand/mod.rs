//! mppd's hand on a server: opening it for writes, closing it, and a write now and then that tells whether it takes any.
//! When, and what follows from it, is `core`'s business.
//!
//! - `gate`: one order, and the thread that carries it out
//! - `probe`: writes to the probe table, for as long as a node is ACTIVE; `client`: one of them
//! - `outcome`: what came of it
//! - `health`: what they mean for the node's polls
//! - `asked`: what a server says of itself just before; and until when an order holds, by its own clock

mod asked;
mod client;
mod gate;
mod health;
mod outcome;
mod probe;

pub use gate::{Done, End, order};
pub use health::Watched;
pub use probe::{Plan, Probe, Tell};

/// Stack of a thread, bytes: as a poller's.
const STACK: usize = 256 << 10;
