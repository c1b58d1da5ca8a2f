//! Gathering: what the rules judge is read here, and nothing is judged.
//!
//! - `everything`: the whole of it
//! - `parallel`: many nodes at a time, and not too many
//! - `servers`: asking nodes, as the monitor does and then more closely; `questions`: what they are asked, how it reads
//! - `checkpoints`: asking those as mppd does
//! - `agent`, `director`: this machine; `files`, `modules`: how it is looked at

mod agent;
mod checkpoints;
mod director;
mod everything;
mod files;
mod modules;
mod parallel;
mod questions;
mod servers;

pub use everything::gather;
