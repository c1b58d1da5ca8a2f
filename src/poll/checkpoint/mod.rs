//! Asking checkpoints: whether a host can be reached at all. What the answers mean is `core`'s business.
//!
//! - `inquirer`: one question to one checkpoint, from its name to the sighting
//! - `names`: host names, looked up beside the questions
//! - `tcp`: `simple`, `tcp`
//! - `icmp`: an echo, without privileges
//! - `web`: `http`, `https`
//! - `trouble`: why there is no answer, in words

mod icmp;
mod inquirer;
mod names;
mod tcp;
mod trouble;
mod web;

pub use inquirer::Inquirer;
