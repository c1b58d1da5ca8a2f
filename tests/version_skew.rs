//! Programs of two versions, as they meet in an upgrade: `mpp` and `mpp-check` newer than `mppd`, or older.
#![cfg(feature = "daemon")]

mod state_support;
mod support;

#[path = "version_skew/socket.rs"]
mod socket;
#[path = "version_skew/state.rs"]
mod state;
