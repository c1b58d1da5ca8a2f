//! One order: a server is to take writes, or to take none. A thread carries it out on a connection of its own, for it may
//! have to wait for a lock, and ends.

use super::STACK;
use super::asked::ask;
use crate::clock::now;
use crate::core::event::Gate;
use crate::core::observation::Answer;
use crate::core::time::{Duration, Moment};
use crate::mysql::{Connection, Fault};
use crate::poll::{Dialect, Failure, Target, dialect, open, report_to};
use std::io;
use std::sync::Arc;
use std::thread;

/// What of [`crate::core::gate::LIMIT`] is left for the end to come to who waits for it.
const ANSWER: Duration = Duration::from_millis(100);
/// The shortest lock_wait_timeout there is.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// How long a server has at least to begin, once it has told its clock.
const BEGIN: Duration = Duration::from_millis(50);

/// What MySQL and MariaDB say when the monitor lacks a privilege.
const NOT_PERMITTED: u16 = 1227;
/// When the wait for a lock was over: by lock_wait_timeout, by max_statement_time.
const LOCKED: [u16; 2] = [1205, 1969];
/// When the value is none: see [`statement`].
const NO_VALUE: u16 = 1231;

/// How the thread of an order ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Done, or why not, in words.
    Known(Result<(), String>),
    /// A library panicked on what the server sent, in these words; the thread sleeps for ever.
    Senseless(String),
}

/// What to do with the end. It is called once; or never, where a password cannot be read to its end.
pub type Done = Arc<dyn Fn(End) + Send + Sync>;

/// Starts the thread that carries an order out; it ends before `due`, two seconds from now. Errors: no thread to be
/// had.
pub fn order(mut target: Target, gate: Gate, due: Moment, done: Done) -> io::Result<()> {
    let deadline = due - ANSWER;
    target.timeout = deadline.since(now());
    let thread = thread::Builder::new().name(format!("gate-{}", target.name)).stack_size(STACK);
    thread.spawn(move || {
        let crashed = Arc::clone(&done);
        report_to(Box::new(move |words| crashed(End::Senseless(words))));
        done(End::Known(carry_out(target, gate, deadline)));
    })?;
    Ok(())
}

fn carry_out(mut target: Target, gate: Gate, deadline: Moment) -> Result<(), String> {
    let result = open(&mut target, &mut false, deadline)
        .and_then(|mut connection| turn(&mut connection, gate, deadline));
    result.map_err(|failure| words(&failure, &target, now() >= deadline))?
}

/// The inner result is what the server has made of it.
fn turn(connection: &mut Connection, gate: Gate, deadline: Moment) -> Result<Result<(), String>, Failure> {
    let dialect = dialect(connection, &mut None, deadline)?;
    let left = deadline.since(now());
    let begin = match dialect {
        Dialect::MariaDb => left / 2,
        Dialect::MySql80 | Dialect::MySql82 => left.saturating_sub(LOCK_WAIT).max(BEGIN),
    };
    let asked = ask(connection, dialect, begin, deadline)?;
    if is(gate, asked.read_only, asked.closed) {
        return Ok(Ok(()));
    }
    if dialect != Dialect::MariaDb {
        let limit = format!("SET SESSION lock_wait_timeout = {}", LOCK_WAIT.as_secs());
        connection.order(&limit, deadline)?;
    }
    connection.order(&statement(dialect, gate, &asked.in_time, left / 2), deadline)?;
    let asked = ask(connection, dialect, BEGIN, deadline)?;
    Ok(match is(gate, asked.read_only, asked.closed) {
        true => Ok(()),
        false => Err("it was set, and was set back at once by somebody else".into()),
    })
}

fn is(gate: Gate, read_only: bool, closed: bool) -> bool {
    match gate {
        Gate::Open => !read_only && !closed,
        Gate::Closed => closed,
    }
}

/// The one statement that changes something. When it is too late the value is none that the server takes. MySQL's
/// `read_only = OFF` switches super_read_only off too.
fn statement(dialect: Dialect, gate: Gate, in_time: &str, longest: Duration) -> String {
    let (variable, value) = match (gate, dialect) {
        (Gate::Open, _) => ("read_only", "OFF"),
        (Gate::Closed, Dialect::MariaDb) => ("read_only", "ON"),
        (Gate::Closed, Dialect::MySql80 | Dialect::MySql82) => ("super_read_only", "ON"),
    };
    let limit = match dialect {
        Dialect::MariaDb => format!("SET STATEMENT max_statement_time = {:.3} FOR ", longest.as_secs_f64()),
        Dialect::MySql80 | Dialect::MySql82 => String::new(),
    };
    format!("{limit}SET GLOBAL {variable} = IF({in_time}, '{value}', 'too late')")
}

fn words(failure: &Failure, target: &Target, late: bool) -> String {
    let words = match failure.answer(target, late) {
        Answer::Offline(offline) => offline.reason,
        Answer::Saturated(why) | Answer::Denied(why) => why,
        Answer::Online(_) | Answer::Overdue => "no answer".into(),
    };
    match failure {
        Failure::Client(_, Fault::Refused(e)) if e.code == NOT_PERMITTED => {
            format!("{words} (mpp config grants)")
        }
        Failure::Client(_, Fault::Refused(e)) if LOCKED.contains(&e.code) => {
            format!("something holds a lock, or runs long: {words}")
        }
        Failure::Client(_, Fault::Refused(e)) if e.code == NO_VALUE => {
            "it stood still when it was asked; nothing was changed".into()
        }
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_holds_for_a_time_and_closes_a_mysql_server_to_administrators_too() {
        let said = |dialect, gate| statement(dialect, gate, "1 < 2", Duration::from_millis(900));
        assert_eq!(
            said(Dialect::MariaDb, Gate::Closed),
            "SET STATEMENT max_statement_time = 0.900 FOR SET GLOBAL read_only = IF(1 < 2, 'ON', 'too late')"
        );
        assert_eq!(
            said(Dialect::MySql82, Gate::Closed),
            "SET GLOBAL super_read_only = IF(1 < 2, 'ON', 'too late')"
        );
        assert_eq!(said(Dialect::MySql80, Gate::Open), "SET GLOBAL read_only = IF(1 < 2, 'OFF', 'too late')");
    }
}
