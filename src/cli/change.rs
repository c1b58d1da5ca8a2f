//! What changes something: each command says what was done, or why not and what would help.

use super::connect::{Daemon, report};
use super::options::Change;
use super::print;
use crate::control::protocol::Request;
use crate::exit::Exit;

pub(super) fn run(daemon: &Daemon, change: Change) -> Exit {
    match daemon.ask::<String>(&request(change)) {
        Ok(done) => {
            print::out(&done);
            Exit::Done
        }
        Err(trouble) => report(&trouble),
    }
}

fn request(change: Change) -> Request {
    match change {
        Change::Recover { target } => Request::Recover { pool: target.pool, node: target.node },
        Change::Switchover { pool, to, force, reason } => Request::Switchover { pool, to, force, reason },
        Change::Drain { node, now, force, lasting, reason } => Request::Drain {
            pool: node.pool,
            node: node.node,
            now,
            force,
            for_s: lasting.map(|d| d.as_secs()),
            reason,
        },
        Change::Undrain { node } => Request::Undrain { pool: node.pool, node: node.node },
        Change::Pause { pool, lasting, reason } => {
            Request::Pause { pool, for_s: lasting.map(|d| d.as_secs()), reason }
        }
        Change::Resume { pool } => Request::Resume { pool },
        Change::Ack { pool } => Request::Ack { pool },
        Change::Reload { force } => Request::Reload { force },
    }
}
