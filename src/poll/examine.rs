//! A closer look at one server than a poll takes: further questions, on a connection of their own, by one deadline.

use super::connect;
use super::deadline::Watchdog;
use super::dialect::Dialect;
use super::failure::{Failure, Phase, shorten};
use super::fields::Record;
use super::mysql::{dialect, rows};
use super::target::Target;
use crate::clock::now;
use crate::core::observation::Answer;
use crate::core::time::Moment;
use ::mysql::{Conn, Error};

/// What a server answered to one question.
#[derive(Debug)]
pub struct Reply {
    /// Its rows; an error says in words why the server refused this question.
    pub rows: Result<Vec<Record>, String>,
    /// When it was asked.
    pub began: Moment,
    /// When it had answered.
    pub ended: Moment,
}

/// Asks what `questions` has for the server's dialect, one after the other; a reply for each. A question that the server
/// refuses does not keep it from the next. Errors: no connection, or it broke, or the target's timeout has passed.
pub fn examine(
    mut target: Target,
    watchdog: &Watchdog,
    questions: impl Fn(Dialect) -> Vec<String>,
) -> Result<(Dialect, Vec<Reply>), Answer> {
    let deadline = now() + target.timeout;
    let result = connect::open(&mut target, &mut false, deadline, watchdog).and_then(|mut connection| {
        let _watch = watchdog.watch(connection.mark, deadline);
        let dialect = dialect(&mut connection.conn, &mut None)?;
        let replies = questions(dialect).into_iter().map(|question| reply(&mut connection.conn, &question));
        Ok((dialect, replies.collect::<Result<_, _>>()?))
    });
    result.map_err(|failure| failure.answer(&target, now() >= deadline))
}

fn reply(conn: &mut Conn, question: &str) -> Result<Reply, Failure> {
    let began = now();
    let rows = match rows(conn, question) {
        Ok(rows) => Ok(rows),
        Err(Error::MySqlError(refusal)) => Err(format!("{} {}", refusal.code, shorten(&refusal.message))),
        Err(error) => return Err(Failure::Driver(Phase::Query, error)),
    };
    Ok(Reply { rows, began, ended: now() })
}
