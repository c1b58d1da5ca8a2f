//! What changes something: each command says what happens, shows how it goes on, and ends when it is done; or says why
//! not, and what would help.

use super::connect::{Daemon, Trouble, report};
use super::options::Change;
use super::print;
use crate::control::client::Unreachable;
use crate::control::protocol::{Code, Failure, Progress, Request};
use crate::core::time::{Duration, Short};
use crate::exit::Exit;
use serde_json::Value;
use std::io::{IsTerminal, stdin, stdout};

pub(super) fn run(daemon: &Daemon, change: Change) -> Exit {
    if let Change::Switchover { force: true, yes: false, how, .. } = &change
        && !how.dry_run
        && stdin().is_terminal()
        && stdout().is_terminal()
        && !is_wanted(daemon, &change)
    {
        return Exit::No;
    }
    let request = request(&change, false);
    let result = if request.waits() { watch(daemon, &request) } else { daemon.ask::<String>(&request) };
    match result {
        Ok(done) => {
            print::out(&done);
            Exit::Done
        }
        Err(trouble) => report(&trouble),
    }
}

/// Says what force would do, and what would be lost; whether the operator wants that. Where it would be refused, the
/// command itself says so.
fn is_wanted(daemon: &Daemon, change: &Change) -> bool {
    let Ok(words) = daemon.ask::<String>(&request(change, true)) else { return true };
    print::out(&format!("{words}\nDo it? [y/N]"));
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Prints each step, and gives the end.
fn watch(daemon: &Daemon, request: &Request) -> Result<String, Trouble> {
    let (mut begun, mut end) = (false, None);
    let each = |value: Value| match serde_json::from_value::<Progress>(value.clone()) {
        Ok(step) => {
            show(&step);
            begun = true;
            true
        }
        Err(_) => {
            end = Some(value);
            false
        }
    };
    let watched = daemon.follow_briefly(request, each);
    match (end, watched) {
        (Some(Value::String(done)), _) => Ok(done),
        (_, Err(Trouble::Unreachable(Unreachable::Silent { .. }))) if begun => {
            Err(Trouble::Failure(Failure::new(
                Code::Busy,
                "mppd went away in the middle; started again it goes on with it; see mpp status",
            )))
        }
        (_, Err(trouble)) => Err(trouble),
        (end, Ok(())) => Ok(end.map_or(String::new(), |value| value.to_string())),
    }
}

fn show(step: &Progress) {
    match step.after_ms {
        0 => print::out(&step.progress),
        ms => print::out(&format!("{:>6}  {}", Short(Duration::from_millis(ms)).to_string(), step.progress)),
    };
}

/// The request for a change; `dry`: only to say what would happen.
fn request(change: &Change, dry: bool) -> Request {
    match change {
        Change::Recover { target, how } => Request::Recover {
            pool: target.pool.clone(),
            node: target.node.clone(),
            reason: how.reason.clone(),
            dry_run: how.dry_run,
            wait: !how.no_wait,
        },
        Change::Switchover { pool, to, force, how, .. } => Request::Switchover {
            pool: pool.clone(),
            to: to.clone(),
            force: *force,
            reason: how.reason.clone(),
            dry_run: dry || how.dry_run,
            wait: !dry && !how.no_wait,
        },
        Change::Drain { node, now, force, lasting, how } => Request::Drain {
            pool: node.pool.clone(),
            node: node.node.clone(),
            now: *now,
            force: *force,
            for_s: lasting.map(|d| d.as_secs()),
            reason: how.reason.clone(),
            dry_run: how.dry_run,
            wait: !how.no_wait,
        },
        Change::Undrain { node, reason, no_wait } => Request::Undrain {
            pool: node.pool.clone(),
            node: node.node.clone(),
            reason: reason.clone(),
            no_wait: *no_wait,
        },
        Change::Pause { pool, lasting, reason, no_wait } => Request::Pause {
            pool: pool.clone(),
            for_s: lasting.map(|d| d.as_secs()),
            reason: reason.clone(),
            no_wait: *no_wait,
        },
        Change::Resume { pool, reason, no_wait } => {
            Request::Resume { pool: pool.clone(), reason: reason.clone(), no_wait: *no_wait }
        }
        Change::Ack { pool, reason, no_wait } => {
            Request::Ack { pool: pool.clone(), reason: reason.clone(), no_wait: *no_wait }
        }
        Change::Reload { force } => Request::Reload { force: *force },
    }
}
