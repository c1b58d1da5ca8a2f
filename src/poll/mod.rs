//! Asking the servers: one thread a node, one question, one deadline. What answers mean is `core`'s business.
//!
//! - `target`: whom to ask, and as whom
//! - `mysql`: one poll of one server, from the kept connection to the observation
//! - `examine`: a closer look than a poll takes
//! - `connect`: a fresh connection, with or without TLS
//! - `dialect`: in which words a server is asked, by its version
//! - `mariadb`, `mysql8`: the question in those words, and how its answer reads
//! - `fields`: reading rows by the names of their columns
//! - `failure`: what went wrong, as the answer it counts as
//! - `rescue`: a driver that panics costs one thread, not the daemon
//! - `deadline`: the watchdog that cuts a connection at the poll's deadline
//! - `schedule`, `thread`: when to poll
//! - `checkpoint`: asking whether other hosts can be reached

mod checkpoint;
mod connect;
mod deadline;
mod dialect;
mod examine;
mod failure;
mod fields;
mod mariadb;
mod mysql;
mod mysql8;
mod rescue;
mod schedule;
mod target;
mod thread;

pub use checkpoint::Inquirer;
pub(crate) use connect::{Connection, open};
pub use deadline::Watchdog;
pub use dialect::Dialect;
pub use examine::{Reply, examine};
pub(crate) use failure::{Failure, Phase, shorten};
pub use fields::{Odd, Record};
pub use mysql::Asker;
pub(crate) use mysql::dialect;
pub use rescue::{Crashed, keep_panics_to_their_pollers, report_to};
pub use target::{GivePassword, Target, Tls};
pub use thread::Poller;
