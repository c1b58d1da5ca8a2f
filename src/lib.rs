//! MPP: which node of a MySQL pool may take writes, decided and published.
//!
//! The map of the crate, from the ground up (imports run down only):
//!
//! - `core`: the decisions, a pure function of (pool, event, now)
//! - `state`: the published state in shared memory; knows nothing of `core`
//! - `check`: what `mpp-check` answers, on top of `state`'s reader alone
//! - `clock`, `exit`: the two clocks; the exit codes
//! - `heap`: what becomes of large buffers
//! - `run`: another program, run for so long and for so many of its words
//! - `alert`, `config`, `control`: syslog and hooks, the file, the socket
//! - `journal`: what happened, in memory and on disk
//! - `mysql`: the protocol of MySQL, as far as a monitor speaks it
//! - `poll`: asking the servers
//! - `hand`: opening and closing them for writes; a write now and then
//! - `keepalived`: from verdicts to packets: fragments, track files, weights, and the kernel's table read back
//! - `doctor`: what would bite, before it does: facts, rules over them, findings
//! - `peer`: listening to other agents that look after the same pools
//! - `daemon`: everything wired together
//! - `cli`: the operator's commands
//! - `web`: what `mpp-web` answers

#![warn(clippy::disallowed_methods, clippy::disallowed_macros)]
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_macros))]

#[cfg(feature = "daemon")]
pub mod alert;
pub mod check;
#[cfg(feature = "daemon")]
pub mod cli;
#[cfg(feature = "daemon")]
pub mod clock;
#[cfg(feature = "daemon")]
pub mod config;
#[cfg(feature = "daemon")]
pub mod control;
pub mod core;
#[cfg(feature = "daemon")]
pub mod daemon;
#[cfg(feature = "daemon")]
pub mod doctor;
#[cfg(feature = "daemon")]
pub mod exit;
#[cfg(feature = "daemon")]
pub mod hand;
#[cfg(feature = "daemon")]
pub mod heap;
#[cfg(feature = "daemon")]
pub mod journal;
#[cfg(feature = "daemon")]
pub mod keepalived;
#[cfg(feature = "daemon")]
mod mysql;
#[cfg(feature = "daemon")]
pub mod peer;
#[cfg(feature = "daemon")]
pub mod poll;
#[cfg(feature = "daemon")]
pub mod run;
pub mod state;
#[cfg(feature = "web")]
pub mod web;
