//! What `keepalived -t` lets through and what would bite: a table of rules over a configuration and its surroundings.
//!
//! - `finding`, `rules`: what is told, and the table of all rules
//! - `view`, `check`: virtual servers, real servers and checkers as the rules look at them
//! - `machine`, `gather`: what this machine says about it, gathered before any rule is asked
//! - `seen`: all of that together
//! - the others: the rules, a file a subject; each is a pure function

mod check;
mod directors;
mod file_check;
mod finding;
mod gather;
mod kernel;
mod language;
mod machine;
mod misc_check;
mod numbers;
mod pools;
mod programs;
mod rules;
mod seen;
mod servers;
mod services;
mod view;

pub use finding::{Finding, Severity};
pub use gather::gather;
pub use machine::{Component, Machine, Program, User, Watched};
pub use rules::{RULES, Rule, lint};
