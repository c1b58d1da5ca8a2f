//! MPP: which node of a MySQL pool may take writes, decided and published.
//!
//! The map of the crate, from the ground up (imports run down only):
//!
//! - `core`: the decisions, a pure function of (pool, event, now)
//! - `state`: the published state in shared memory; knows nothing of `core`
//! - `check`: what `mpp-check` answers, on top of `state`'s reader alone
//! - `config`, `alert`, `control`: the file, the syslog, the socket
//! - `poll`, `cli`: asking the servers; the operator's commands
//! - `daemon`: everything wired together

pub mod check;
pub mod core;
pub mod state;
