//! `mpp status`: the table; with the daemon dead, the last published state.

use super::connect::{Daemon, Trouble, report};
use super::{print, table, watch};
use crate::control::life::Life;
use crate::control::protocol::{Code, Failure, Request, listed};
use crate::control::published;
use crate::control::status::Status;
use crate::exit::Exit;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// Between two tables of `--watch`.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn run(daemon: &Daemon, pool: Option<String>, json: bool, again: bool) -> Exit {
    if again && is_screen() {
        return watch::run(daemon, pool, colour());
    }
    let request = Request::Status { pool, follow: false };
    if again {
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
                    Ok((status, _)) => _ = print::out(&render(&status, json)),
                    Err(failure) => print::err(&format!("mpp: {failure}")),
                }
            }
            exit
        }
    }
}

/// Where there is no screen to draw on: the table, and a blank line after each but the last.
fn again_and_again(daemon: &Daemon, request: &Request) -> Exit {
    let mut between = "";
    loop {
        let status = match daemon.ask::<Status>(request) {
            Err(trouble) if trouble.is_silence() => {
                last_published(daemon, request).map(|(status, _)| status).map_err(Trouble::Failure)
            }
            result => result,
        };
        let table = match status {
            Ok(status) => render(&status, false),
            Err(trouble) => return report(&trouble),
        };
        if !print::out(&format!("{between}{table}")) {
            return Exit::Done;
        }
        between = "\n";
        std::thread::sleep(AGAIN);
    }
}

/// A terminal whose cursor can be moved.
fn is_screen() -> bool {
    io::stdout().is_terminal()
        && std::env::var_os("TERM").is_some_and(|term| term != "dumb" && !term.is_empty())
}

/// Colour is wanted by whoever has not said otherwise, see no-color.org.
fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none()
}

/// What was published last, and whether its daemon lives.
pub(super) fn last_published(daemon: &Daemon, request: &Request) -> Result<(Status, Life), Failure> {
    let none = |e| Failure::new(Code::Busy, format!("and there is no published state: {e}"));
    let (mut status, life) = published::last(&daemon.state_file()).map_err(none)?;
    if let Some(wanted) = request.pool() {
        let names = listed(status.pools.iter().map(|p| p.name.as_str()));
        status.pools.retain(|p| p.name == wanted);
        if status.pools.is_empty() {
            let text = format!("and no pool {wanted} was published; there are: {names}");
            return Err(Failure::new(Code::NoSuchPool, text));
        }
    }
    Ok((status, life))
}

fn render(status: &Status, json: bool) -> String {
    if json {
        return serde_json::to_string(status).unwrap_or_default();
    }
    table::render(status, io::stdout().is_terminal() && colour())
}
