//! Asking the servers: one thread a node, one question, one deadline. What answers mean is `core`'s business.
//!
//! - `target`: whom to ask, and as whom
//! - `asker`: one poll of one server, from the kept connection to the observation
//! - `examine`: a closer look than a poll takes
//! - `connect`: a fresh connection, with or without TLS
//! - `dialect`: in which words a server is asked, by its version
//! - `mariadb`, `mysql8`: the question in those words, and how its answer reads
//! - `fields`: reading rows by the names of their columns
//! - `failure`: what went wrong, as the answer it counts as
//! - `rescue`: what panics on what others send costs one thread, not the daemon
//! - `schedule`, `thread`: when to poll
//! - `checkpoint`: asking whether other hosts can be reached

mod asker;
mod checkpoint;
mod connect;
mod dialect;
mod examine;
mod failure;
mod fields;
mod mariadb;
mod mysql8;
mod rescue;
mod schedule;
mod target;
mod thread;

pub use crate::mysql::{Row, Set};
pub use asker::Asker;
pub(crate) use asker::dialect;
pub use checkpoint::Inquirer;
pub(crate) use connect::open;
pub use dialect::Dialect;
pub use examine::{Reply, examine};
pub(crate) use failure::{Failure, shorten};
pub use fields::Odd;
pub use rescue::{Crashed, keep_panics_to_their_pollers, report_to};
pub use target::{GivePassword, Target, Tls};
pub use thread::{Deliver, Poller};
