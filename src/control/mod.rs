//! The control socket: newline-delimited JSON, one request an exchange.
//!
//! - `protocol`, `request`: answers and requests, as they stand on the wire
//! - `events`: which events are asked for, and a page of them
//! - `status`, `why`: what `status` and `why` answer; `still`: a pool without what moves all the time
//! - `published`: the same from the last published state, when the daemon is dead
//! - `life`: whether it lives, by its last sign of life
//! - `server`, `places`, `timed`: the daemon's end; a slow or silent client costs nobody else anything
//! - `peer`: who is at the other end, by the kernel's word
//! - `client`: the operator's end

pub mod client;
pub mod events;
pub mod life;
pub mod peer;
mod places;
pub mod protocol;
pub mod published;
mod request;
pub mod server;
pub mod status;
pub mod still;
mod timed;
pub mod why;
