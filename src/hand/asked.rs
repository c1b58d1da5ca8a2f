//! What a server says of itself just before it is told to do something, and until when it may do it.
//!
//! A server that is frozen when an order comes finds it in its socket when it thaws, minutes later, when everything is
//! decided otherwise. So each order carries the time, by the server's own clock, after which it is an error.

use crate::core::time::Moment;
use crate::mysql::Connection;
use crate::poll::{Dialect, Failure, Odd};
use std::time::Duration;

/// A server's answer.
#[derive(Debug)]
pub(super) struct Asked {
    /// An SQL condition: it is still time.
    pub(super) in_time: String,
    /// It takes no writes from ordinary users.
    pub(super) read_only: bool,
    /// It takes as few as it can be told to: on MySQL, none from administrators either.
    pub(super) closed: bool,
    /// Its `server_id`.
    pub(super) server_id: u32,
}

/// Asks, by the deadline; what follows must begin `within` this time. Errors: the connection, or an answer that makes no
/// sense.
pub(super) fn ask(
    connection: &mut Connection,
    dialect: Dialect,
    within: Duration,
    deadline: Moment,
) -> Result<Asked, Failure> {
    let strictest = match dialect {
        Dialect::MariaDb => "read_only",
        Dialect::MySql80 | Dialect::MySql82 => "super_read_only",
    };
    // As text a switch is 0 or OFF, or a word for one of its shades.
    let question = format!(
        "SELECT UTC_TIMESTAMP(6) + INTERVAL {} MICROSECOND, CAST(@@global.read_only AS CHAR), \
         CAST(@@global.{strictest} AS CHAR), @@global.server_id",
        within.as_micros()
    );
    let rows = connection.rows(&question, deadline)?;
    let texts = rows.first().map(|row| [0, 1, 2, 3].map(|n| row.at(n)));
    let Some([Some(until), Some(read_only), Some(strictest), Some(server_id)]) = texts else {
        return Err(odd("answers without its clock"));
    };
    if !until.chars().all(|c| c.is_ascii_digit() || " -:.".contains(c)) {
        return Err(odd("answers something else than the time of day"));
    }
    Ok(Asked {
        in_time: format!("UTC_TIMESTAMP(6) < TIMESTAMP'{until}'"),
        read_only: on(read_only),
        closed: on(strictest),
        server_id: server_id.parse().map_err(|_| odd("answers no number for server_id"))?,
    })
}

fn odd(words: &str) -> Failure {
    Odd(words.into()).into()
}

fn on(switch: &str) -> bool {
    !matches!(switch, "0" | "OFF")
}
