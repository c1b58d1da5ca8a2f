//! `mpp why`: what holds, what a change of ACTIVE lacks, and what would help.
//!
//! - `pool`: the pool as a whole
//! - `node`: one node: where it stands, what it waits for
//! - `replication`: its channels, how far it has come, how stale it is
//! - `chain`: a verdict, and why it is that, and why that

mod chain;
mod node;
mod pool;
mod replication;

pub(super) use pool::explain;
