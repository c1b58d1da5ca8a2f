//! `mpp events`: what happened, and what happens; with the daemon dead, what it has left on disk.

use super::connect::{self, Daemon, Trouble, report};
use super::event_lines::EventLines;
use super::{print, when};
use crate::alert::Line;
use crate::clock::{self, Clocks, rfc3339};
use crate::config;
use crate::control::client::Unreachable;
use crate::control::events::{Events, LARGEST_PAGE, Page};
use crate::control::protocol::Request;
use crate::core::time::Moment;
use crate::exit::Exit;
use crate::journal::{Files, Filter, Order};
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// How many are shown where nobody says how many, nor since when.
const LAST: usize = 100;
/// How many are asked for at a time: about a file full.
const PAGE: usize = 5000;
/// How long a follower waits for a daemon that went away, and how long between two looks.
const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct EventsOptions {
    /// Not before this: 1h (ago), 02:00 (the last), yesterday, "2026-11-24 02:00", 2026-11-24T02:00:00Z
    #[arg(long, value_name = "T", value_parser = when::since)]
    since: Option<Timestamp>,
    /// Not after this, written likewise
    #[arg(long, value_name = "T", value_parser = when::until, conflicts_with = "follow")]
    until: Option<Timestamp>,
    /// Only of this pool
    #[arg(long)]
    pool: Option<String>,
    /// Only of this node
    #[arg(long)]
    node: Option<String>,
    /// Only of these kinds, such as failover,held
    #[arg(long, value_name = "WORD", value_delimiter = ',')]
    event: Vec<String>,
    /// Only as severe as this, or more
    #[arg(long, value_name = "SEVERITY", value_parser = ["alert", "critical", "error", "warning", "notice", "info"])]
    severity: Option<String>,
    /// The last so many, 10000 at most [default: 100, or all since and until the times that are given]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=LARGEST_PAGE as u64))]
    last: Option<u64>,
    /// Go on as things happen, also over a restart of mppd
    #[arg(long)]
    follow: bool,
    /// As JSON, an event a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(daemon: &Daemon, config: &Path, options: EventsOptions) -> Exit {
    if let (Some(since), Some(until)) = (options.since, options.until)
        && until < since
    {
        let (since, until) = (when::shown(since), when::shown(until));
        print::err(&format!(
            "mpp: --until ({until}) is before --since ({since}); an hour alone is the last such"
        ));
        return Exit::Usage;
    }
    let mut showing = Showing::of(daemon, &options);
    let exit = match showing.past() {
        Ok(()) if options.follow => return showing.follow(),
        Ok(()) => Exit::Done,
        Err(trouble) => {
            let exit = report(&trouble);
            if matches!(trouble, Trouble::Unreachable(_)) && trouble.is_silence() {
                showing.left_behind(config);
            }
            exit
        }
    };
    showing.end();
    exit
}

/// What is asked for, and how far it has been shown.
struct Showing<'d> {
    daemon: &'d Daemon,
    asked: Events,
    /// Only the last so many.
    last: Option<usize>,
    lines: EventLines,
    /// Up to this number everything has been shown.
    after: u64,
    any: bool,
    /// There are older ones.
    more: bool,
    /// Nobody reads any more.
    unread: bool,
}

impl<'d> Showing<'d> {
    fn of(daemon: &'d Daemon, options: &EventsOptions) -> Showing<'d> {
        let asked = Events {
            since: options.since.map(rfc3339),
            until: options.until.map(rfc3339),
            pool: options.pool.clone(),
            node: options.node.clone(),
            event: options.event.clone(),
            severity: options.severity.clone(),
            ..Events::default()
        };
        let all = options.since.is_some() || options.until.is_some();
        let last = options.last.and_then(|n| usize::try_from(n).ok()).or((!all).then_some(LAST));
        let lines = EventLines::to_stdout(options.json);
        Showing { daemon, asked, last, lines, after: 0, any: false, more: false, unread: false }
    }

    /// Shows what was, page by page: a reader that takes its time costs nobody anything.
    fn past(&mut self) -> Result<(), Trouble> {
        loop {
            let after = self.last.is_none().then_some(self.after);
            let page = Some(self.last.unwrap_or(PAGE));
            let request = Request::Events(Events { after, page, ..self.asked.clone() });
            let page: Page = self.daemon.ask(&request)?;
            self.say(&page.faults);
            _ = page.events.iter().all(|event| self.show(event));
            self.after = page.seq;
            if self.last.is_some() {
                self.more = page.more;
            }
            if self.last.is_some() || !page.more || self.unread {
                return Ok(());
            }
        }
    }

    /// Shows what happens, and what happened since.
    fn follow(mut self) -> Exit {
        let mut away: Option<Moment> = None;
        while !self.unread {
            let after = Some(self.after);
            let request = Request::Events(Events { after, follow: true, ..self.asked.clone() });
            let daemon = self.daemon;
            let Err(trouble) = daemon.follow(&request, |event| self.show(&event)) else { break };
            match &trouble {
                Trouble::Failure(_) => return report(&trouble),
                // It was there until just now.
                Trouble::Unreachable(Unreachable::Silent { .. }) => away = None,
                Trouble::Unreachable(_) => {}
            }
            if away.is_none() {
                print::err(&format!("mpp: mppd went away; waiting {PATIENCE:?} for it to come back"));
            }
            if clock::now().since(*away.get_or_insert_with(clock::now)) >= PATIENCE {
                return report(&trouble);
            }
            std::thread::sleep(AGAIN);
        }
        Exit::Done
    }

    /// Shows what the daemon has left on disk.
    fn left_behind(&mut self, config: &Path) {
        let files = Files::of(&config::state_dir(config).unwrap_or_else(|_| connect::STATE_DIR.into()));
        print::err(&format!("mpp: this is what it has left in {}", files.dir().display()));
        let filter = match Filter::of(&self.asked, Clocks::read().wall()) {
            Ok(filter) => filter,
            Err(failure) => return print::err(&format!("mpp: {failure}")),
        };
        let span = self.after + 1..u64::MAX;
        let Some(most) = self.last else {
            let each = |line: Line| !filter.wants(&line) || self.show_line(&line);
            let faults = files.read(&span, Order::OldestFirst, each);
            return self.say(&faults);
        };
        let mut newest = Vec::new();
        let each = |line: Line| {
            if filter.wants(&line) {
                newest.push(line);
            }
            newest.len() <= most
        };
        let faults = files.read(&span, Order::NewestFirst, each);
        self.say(&faults);
        self.more = newest.len() > most;
        newest.truncate(most);
        _ = newest.iter().rev().all(|line| self.show_line(line));
    }

    fn show_line(&mut self, line: &Line) -> bool {
        serde_json::to_value(line).is_ok_and(|event| self.show(&event))
    }

    fn show(&mut self, event: &Value) -> bool {
        self.any = true;
        self.after = event.get("seq").and_then(Value::as_u64).unwrap_or(self.after);
        self.unread = !self.lines.show(event);
        !self.unread
    }

    fn say(&self, faults: &[String]) {
        for fault in faults {
            print::err(&format!("mpp: {fault}"));
        }
    }

    /// How to see more.
    fn end(&self) {
        if !self.lines.are_for_people() || self.unread {
            return;
        }
        match self.last {
            Some(last) if self.more => print::err(&format!(
                "mpp: the last {last}; there are older ones: --last {}, or --since yesterday",
                (last * 10).min(LARGEST_PAGE)
            )),
            _ if !self.any => print::err("mpp: no such events; mpp events alone shows the last ones"),
            _ => {}
        }
    }
}
