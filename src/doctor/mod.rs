//! `mpp doctor`: what would bite, before it does. Facts are gathered first; the rules are pure functions over them.
//!
//! - `gather`: asks servers, looks at this machine
//! - `facts`, `machine_facts`, `access`: what was gathered; who may do what with a file
//! - `rule`: every rule, with its weight; `finding`: what is said; `judge`: every rule on everything it is about
//! - `node`: a server as the rules see it
//! - `reach`, `grants`, `limits`, `writable`, `binlog`, `channels`, `gtid`, `members`, `topology`: rules about pools
//! - `machine`, `keepalived`, `kernel`, `network`: rules about this machine; `keepalived_conf`: what `mpp keepalived check` finds

mod access;
mod binlog;
mod channels;
mod checkpoints;
mod facts;
mod finding;
mod gather;
mod grants;
mod gtid;
mod judge;
mod keepalived;
mod keepalived_conf;
mod kernel;
mod limits;
mod machine;
mod machine_facts;
mod members;
mod network;
mod node;
mod reach;
mod rule;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod topology;
mod writable;

pub use access::{Account, Look, Part};
pub use facts::{Facts, Named, NodeFacts, PoolFacts, Server};
pub use finding::{Finding, Good, Judgement, Kind, Report, Step};
pub use gather::gather;
pub use judge::judge;
pub use machine_facts::{Agent, Director, Machine, Wanted};
pub use rule::{RULES, Rule, Weight};
