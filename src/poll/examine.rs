//! A closer look at one server than a poll takes: further questions, on a connection of their own, by one deadline.

use super::asker::dialect;
use super::connect;
use super::dialect::Dialect;
use super::failure::{Failure, shorten};
use super::target::Target;
use crate::clock::now;
use crate::core::observation::Answer;
use crate::core::time::Moment;
use crate::mysql::{Connection, Fault, Set};

/// What a server answered to one question.
#[derive(Debug)]
pub struct Reply {
    /// Its rows; an error says in words why the server refused this question.
    pub rows: Result<Set, String>,
    /// When it was asked.
    pub began: Moment,
    /// When it had answered.
    pub ended: Moment,
}

/// Asks what `questions` has for the server's dialect, one after the other; a reply for each. A question that the server
/// refuses does not keep it from the next. Errors: no connection, or it broke, or the target's timeout has passed.
pub fn examine(
    mut target: Target,
    questions: impl Fn(Dialect) -> Vec<String>,
) -> Result<(Dialect, Vec<Reply>), Answer> {
    let deadline = now() + target.timeout;
    let result = connect::open(&mut target, &mut false, deadline).and_then(|mut connection| {
        let dialect = dialect(&mut connection, &mut None, deadline)?;
        let replies =
            questions(dialect).into_iter().map(|question| reply(&mut connection, &question, deadline));
        Ok((dialect, replies.collect::<Result<_, _>>()?))
    });
    result.map_err(|failure| failure.answer(&target, now() >= deadline))
}

fn reply(connection: &mut Connection, question: &str, deadline: Moment) -> Result<Reply, Failure> {
    let began = now();
    let rows = match connection.rows(question, deadline) {
        Ok(rows) => Ok(rows),
        Err(Fault::Refused(refusal)) => Err(format!("{} {}", refusal.code, shorten(&refusal.message))),
        Err(fault) => return Err(fault.into()),
    };
    Ok(Reply { rows, began, ended: now() })
}
