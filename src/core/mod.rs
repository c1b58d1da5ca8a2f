//! The decisions: no I/O, no clock, no thread, no unsafe, no randomness.
//!
//! [`pool::Pool`] is the whole of it: it takes events with the moment they came, and gives back what to do.

pub mod checkpoint;
pub mod command;
pub mod conditions;
mod count;
mod domains;
mod drain;
mod election;
pub mod eligible;
pub mod event;
mod failover;
pub mod gate;
mod gtid_set;
mod gtids;
pub mod handover;
pub mod isolation;
mod judge;
pub mod node;
pub mod observation;
mod observe;
mod outcome;
mod pace;
pub mod peer;
mod peers;
mod planned;
pub mod pool;
pub mod position;
mod readers;
pub mod reboot;
mod replication;
pub mod restore;
pub mod settings;
mod switchover;
mod tell;
pub mod time;
pub mod trouble;
mod uuid;
pub mod verdict;
mod who;
pub mod words;
