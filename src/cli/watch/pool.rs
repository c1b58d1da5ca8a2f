//! A pool on the screen: all there is to say of it, or one line while there is nothing.

use super::columns::{Column, Columns};
use super::line::{Line, wrap};
use super::view::{View, age};
use crate::cli::look::Look;
use crate::control::status::{Checkpoint, Node, Pool, Trouble, VirtualServer};

/// How many lines one thing may take.
const LINES: usize = 2;

/// A pool, for a screen so wide.
pub(super) struct Shown<'a> {
    /// All that is known.
    pub(super) view: &'a View,
    /// Of its nodes.
    pub(super) columns: &'a Columns,
    /// The screen's.
    pub(super) width: usize,
    /// What it is about.
    pub(super) pool: &'a Pool,
}

/// How urgent a pool is; less comes first.
pub(super) fn urgency(pool: &Pool) -> usize {
    let faulty = pool.virtual_servers.iter().any(|v| !v.faults.is_empty());
    let worst = pool.troubles.iter().map(rank).min().unwrap_or(usize::MAX);
    if faulty { worst.min(1) } else { worst }
}

fn rank(trouble: &Trouble) -> usize {
    let severities = ["alert", "critical", "warning", "notice", "info"];
    severities.iter().position(|severity| *severity == trouble.severity).unwrap_or(severities.len())
}

impl Shown<'_> {
    /// Nothing is wrong, nothing changes, nothing is unusual.
    pub(super) fn is_quiet(&self) -> bool {
        let pool = self.pool;
        urgency(pool) == usize::MAX
            && pool.active.is_some()
            && pool.flags.iter().all(|flag| flag == "failback_off")
            && pool.nodes.iter().all(|node| node.status == "OK" && !node.drained)
            && pool.checkpoints.iter().all(|checkpoint| checkpoint.status == "OK")
            && !self.view.changes.any(&pool.name, self.view.now)
    }

    /// In one line.
    pub(super) fn in_short(&self) -> Line {
        let others = self.pool.nodes.iter().filter(|node| Some(&node.name) != self.pool.active.as_ref());
        let others: Vec<String> = others.map(|node| format!("{} {}", node.name, node.state)).collect();
        self.heading().with(Look::Plain, &format!("  {}", others.join(", ")))
    }

    /// With all there is to say.
    pub(super) fn in_full(&self) -> Vec<Line> {
        let mut lines = vec![self.heading()];
        let pool = self.pool;
        let how = pool.waits_for.as_ref().or(pool.active_how.as_ref());
        lines.extend(how.into_iter().flat_map(|how| self.wrapped(2, Look::Plain, how)));
        let mut troubles: Vec<&Trouble> = pool.troubles.iter().collect();
        troubles.sort_by_key(|trouble| rank(trouble));
        lines.extend(troubles.iter().flat_map(|trouble| self.trouble(trouble)));
        for node in &pool.nodes {
            lines.extend(self.node(node));
            lines.extend(
                pool.checkpoints_of(Some(&node.name)).flat_map(|checkpoint| self.checkpoint(checkpoint)),
            );
        }
        lines.extend(pool.virtual_servers.iter().flat_map(|service| self.virtual_server(service)));
        lines.extend(pool.checkpoints_of(None).flat_map(|checkpoint| self.checkpoint(checkpoint)));
        lines
    }

    /// `[ db ] OK  epoch 2 *db2 ACTIVE for 12s, was db1  paused`.
    fn heading(&self) -> Line {
        let pool = self.pool;
        let line = Line::of(Look::Strong, &format!("[ {} ] ", pool.name))
            .with(Look::of_state(&pool.status), &pool.status)
            .with(Look::Strong, &format!("  epoch {} ", pool.epoch));
        let since = pool.active_since.as_deref().and_then(|since| self.view.since(since));
        let since = since.map_or(String::new(), |since| format!(" for {since}"));
        let active = match &pool.active {
            Some(active) => format!("{active} ACTIVE{since}"),
            None => "no node is ACTIVE".into(),
        };
        let line = match self.view.changes.active(&pool.name, self.view.now) {
            Some(before) => {
                let was = if before.was.is_empty() { "none" } else { &before.was };
                line.with(Look::Changed, &format!("*{active}, was {was}"))
            }
            None if pool.active.is_none() => line.with(Look::Bad, &format!(" {active}")),
            None => line.with(Look::Strong, &format!(" {active}")),
        };
        match &pool.flags[..] {
            [] => line,
            flags => line.with(Look::Doubtful, &format!("  {}", flags.join(", "))),
        }
    }

    /// `! alert    db1 is FAIL_OFFLINE, for 12s: connection refused`, and what helps.
    fn trouble(&self, trouble: &Trouble) -> Vec<Line> {
        let look = Look::of_severity(&trouble.severity);
        let severity = format!("! {:8} ", trouble.severity);
        let indent = severity.len();
        let words = wrap(&trouble.words, self.room(indent), LINES);
        let mut lines: Vec<Line> = Vec::new();
        for text in words {
            let front = if lines.is_empty() { severity.clone() } else { " ".repeat(indent) };
            lines.push(Line::of(look, &front).with(Look::Plain, &text));
        }
        let help = trouble.help.iter().flat_map(|help| wrap(&format!("-> {help}"), self.room(indent), LINES));
        lines.extend(help.map(|help| Line::of(Look::Strong, &format!("{}{help}", " ".repeat(indent)))));
        lines
    }

    /// Its columns, then its message: behind them, or below where it is too long for that.
    fn node(&self, node: &Node) -> Vec<Line> {
        let mut line = Line::default();
        for (column, cell) in self.columns.cells(node) {
            let changed = self.view.changes.node(&self.pool.name, &node.name, column, self.view.now);
            let look = match column {
                _ if changed.is_some() => Look::Changed,
                Column::Status | Column::State => Look::of_state(cell.trim_end()),
                _ => Look::Plain,
            };
            line = line.with(Look::Plain, if changed.is_some() { "*" } else { " " }).with(look, &cell);
        }
        let message = self.message(node);
        let room = self.room(self.columns.width() + 1);
        match &wrap(&message, room, LINES)[..] {
            [] => vec![line],
            [short] if *short == message => vec![line.with(Look::Plain, &format!(" {message}"))],
            _ => std::iter::once(line).chain(self.wrapped(5, Look::Plain, &message)).collect(),
        }
    }

    fn message(&self, node: &Node) -> String {
        let before = self.view.changes.node(&self.pool.name, &node.name, Column::State, self.view.now);
        let was = before.map(|b| format!("was {} {} ago", b.was, age(self.view.now.since(b.until))));
        let drained = node.drained.then(|| "drained".to_owned());
        let message = Some(node.message.clone()).filter(|message| message != "--");
        let parts: Vec<String> = [was, drained, message].into_iter().flatten().collect();
        if parts.is_empty() { "--".into() } else { parts.join("; ") }
    }

    /// ` C external:http:www.example.com:default OK`, and how often it did not answer, and why.
    fn checkpoint(&self, checkpoint: &Checkpoint) -> Vec<Line> {
        let Checkpoint { id, status, req, message, .. } = checkpoint;
        let whole = match message.as_str() {
            "--" => format!("C {id} {status}"),
            _ => format!("C {id} {status} {req}: {message}"),
        };
        self.wrapped(1, Look::of_state(status), &whole)
    }

    /// ` V 198.18.2.1:3306 rw: db1 weight 1, 12 connections`.
    fn virtual_server(&self, service: &VirtualServer) -> Vec<Line> {
        let (look, words) = match (service.faults.first(), service.loaded) {
            (Some(fault), _) => (Look::Bad, format!("FAIL: {fault}")),
            (None, None) => (Look::Doubtful, "the kernel's table has not been read yet".into()),
            (None, Some(_)) => (Look::Plain, service.loaded_words()),
        };
        let whole = format!("V {} {} {}: {words}", service.address, service.role, service.name);
        self.wrapped(1, look, &whole)
    }

    /// A text over the lines it may take, the later ones further in.
    fn wrapped(&self, indent: usize, look: Look, text: &str) -> Vec<Line> {
        let lines = wrap(text, self.room(indent + 2), LINES);
        let front = |n: usize| " ".repeat(if n == 0 { indent } else { indent + 2 });
        lines.iter().enumerate().map(|(n, text)| Line::of(look, &(front(n) + text))).collect()
    }

    fn room(&self, indent: usize) -> usize {
        self.width.saturating_sub(indent)
    }
}
