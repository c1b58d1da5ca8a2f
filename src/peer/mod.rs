//! Listening to another agent: the stream of its `mpp-web`, from the connection to what the decisions want to hear.
//!
//! - `connection`: how it is reached, and why not, in words
//! - `stream`: its events, bounded in size and time: whoever is there may be no friend
//! - `said`: what it says of a pool, checked, as the core's `View`
//! - `listen`: the thread: connects, listens, tells the daemon, connects again

mod connection;
mod listen;
mod said;
mod stream;

pub use listen::{Heard, Listener, start};
