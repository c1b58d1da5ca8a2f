//! `mpp status`: the table; with the daemon dead, the last published state.

use super::connect::{Daemon, Trouble, report};
use super::{print, table};
use crate::control::protocol::{Code, Failure, Request};
use crate::control::published::from_snapshot;
use crate::control::status::Status;
use crate::exit::Exit;
use crate::state::Snapshot;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// Between two pictures of `--watch`.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn run(daemon: &Daemon, pool: Option<String>, json: bool, watch: bool) -> Exit {
    let request = Request::Status { pool };
    if watch {
        return again_and_again(daemon, &request);
    }
    match daemon.ask::<Status>(&request) {
        Ok(status) => {
            print::out(&render(&status, json));
            Exit::Done
        }
        Err(trouble) => {
            let exit = report(&trouble);
            if trouble.is_silence() {
                match last_published(daemon, &request) {
                    Ok(status) => _ = print::out(&render(&status, json)),
                    Err(failure) => print::err(&format!("mpp: {failure}")),
                }
            }
            exit
        }
    }
}

fn again_and_again(daemon: &Daemon, request: &Request) -> Exit {
    loop {
        let status = match daemon.ask::<Status>(request) {
            Err(trouble) if trouble.is_silence() => last_published(daemon, request).map_err(Trouble::Failure),
            result => result,
        };
        let picture = match status {
            Ok(status) => render(&status, false),
            Err(trouble) => return report(&trouble),
        };
        // Home, the picture line by line over the old one, and the rest of the screen blank: no flicker.
        if !print::out(&format!("\x1b[H{}\x1b[J\n", picture.replace('\n', "\x1b[K\n"))) {
            return Exit::Done;
        }
        std::thread::sleep(AGAIN);
    }
}

pub(super) fn last_published(daemon: &Daemon, request: &Request) -> Result<Status, Failure> {
    let none = |e| Failure::new(Code::Busy, format!("and there is no published state: {e}"));
    let mut status = from_snapshot(&Snapshot::read(&daemon.state_file()).map_err(none)?);
    if let Some(wanted) = request.pool() {
        status.pools.retain(|p| p.name == wanted);
        if status.pools.is_empty() {
            return Err(Failure::new(Code::NoSuchPool, format!("and no pool {wanted} was published")));
        }
    }
    Ok(status)
}

fn render(status: &Status, json: bool) -> String {
    if json {
        return serde_json::to_string(status).unwrap_or_default();
    }
    table::render(status, io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}
