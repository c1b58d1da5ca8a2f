//! The protocol of MySQL and MariaDB, as far as a monitor speaks it: logging in, and questions in text, each by one
//! deadline, whatever the server sends or does not. Packets are read and written by `mysql_common`; see
//! docs/decisions/0013-own-client.md.
//!
//! - `connection`: one session with a server
//! - `greeting`: what the server says first
//! - `login`, `password`: from then on, until the server lets us in
//! - `answer`: the rows of an answer
//! - `set`: what is kept of them
//! - `packets`: one packet after the other
//! - `wire`, `tls`: bytes in time, encrypted or not
//! - `fault`: what can go wrong

mod answer;
mod connection;
mod fault;
mod greeting;
mod login;
mod packets;
mod password;
mod set;
mod tls;
mod wire;

pub(crate) use connection::Connection;
pub(crate) use fault::{Fault, Refusal};
pub(crate) use greeting::hear;
pub(crate) use login::Login;
pub use set::{Row, Set};
