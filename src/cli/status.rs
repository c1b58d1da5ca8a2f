//! `mpp status`: the table; with the daemon dead, the last published state.

use super::connect::{Daemon, Trouble, report};
use super::table;
use crate::control::protocol::Request;
use crate::control::status::Status;
use crate::daemon::status::from_snapshot;
use crate::exit::Exit;
use crate::state::Snapshot;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// Between two pictures of `--watch`.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn run(daemon: &Daemon, pool: Option<String>, json: bool, watch: bool) -> Exit {
    if !watch {
        let (text, exit) = picture(daemon, &pool, json);
        return if print(&text).is_ok() { exit } else { Exit::No };
    }
    loop {
        let (text, _) = picture(daemon, &pool, false);
        // Home, the picture line by line over the old one, and the rest of the screen blank: no flicker.
        let text = text.replace('\n', "\x1b[K\n");
        if print(&format!("\x1b[H{text}\x1b[J")).is_err() {
            return Exit::Done;
        }
        std::thread::sleep(AGAIN);
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn picture(daemon: &Daemon, pool: &Option<String>, json: bool) -> (String, Exit) {
    match daemon.ask::<Status>(&Request::Status { pool: pool.clone() }) {
        Ok(status) => (render(&status, json), Exit::Done),
        Err(Trouble::Unreachable(why)) => {
            eprintln!("mpp: {why}");
            (last_published(daemon, pool.as_deref(), json), Exit::Unreachable)
        }
        Err(trouble) => (String::new(), report(&trouble)),
    }
}

fn last_published(daemon: &Daemon, pool: Option<&str>, json: bool) -> String {
    let path = daemon.state_file();
    match Snapshot::read(&path) {
        Ok(snapshot) => {
            let mut status = from_snapshot(&snapshot);
            status.pools.retain(|p| pool.is_none_or(|wanted| wanted == p.name));
            render(&status, json)
        }
        Err(why) => {
            eprintln!("mpp: and there is no published state: {why}");
            String::new()
        }
    }
}

fn render(status: &Status, json: bool) -> String {
    if json {
        return format!("{}\n", serde_json::to_string(status).unwrap_or_default());
    }
    table::render(status, io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}
