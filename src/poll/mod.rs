//! Asking the servers: one thread a node, one question, one deadline. What answers mean is `core`'s business.
//!
//! - `target`: whom to ask, and as whom
//! - `mysql`: one poll of one server, from the kept connection to the observation
//! - `connect`: a fresh connection, with or without TLS
//! - `mariadb`: the question in MariaDB's words, and how its answer reads
//! - `failure`: what went wrong, as the answer it counts as
//! - `rescue`: a driver that panics costs one thread, not the daemon
//! - `deadline`: the watchdog that cuts a connection at the poll's deadline
//! - `schedule`, `thread`: when to poll

mod connect;
mod deadline;
mod failure;
mod mariadb;
mod mysql;
mod rescue;
mod schedule;
mod target;
mod thread;

pub use deadline::Watchdog;
pub use mysql::Asker;
pub use rescue::{Crashed, keep_panics_to_their_pollers};
pub use target::{Target, Tls};
pub use thread::Poller;
