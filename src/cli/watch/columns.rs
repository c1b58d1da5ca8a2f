//! The columns of the nodes: what stands in each, how wide it is, and which go first where there is no room.

use super::line::{clean, cut};
use super::view::age;
use crate::control::status::{Node, Status};
use crate::core::time::{Duration, Short};
use unicode_width::UnicodeWidthStr;

/// What is left for messages at least.
const MESSAGE: usize = 8;
/// Names and addresses are not shown wider than this.
const WIDEST: usize = 24;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    /// `P` or `S`.
    Type,
    /// The name that commands take.
    Name,
    /// Its address.
    Address,
    /// Errors since the last good answer.
    Req,
    /// STATUS.
    Status,
    /// STATE.
    State,
    /// The roles it is UP for with a weight above 0.
    Serves,
    /// Replication lag.
    Lag,
    /// From the question to the answer.
    Rtt,
    /// Whether it takes writes.
    Write,
}

impl Column {
    /// All, from left to right.
    const ALL: [Column; 10] = [
        Column::Type,
        Column::Name,
        Column::Address,
        Column::Req,
        Column::Status,
        Column::State,
        Column::Serves,
        Column::Lag,
        Column::Rtt,
        Column::Write,
    ];
    /// Those that are left out where there is no room, the first one first.
    const DISPENSABLE: [Column; 6] =
        [Column::Address, Column::Rtt, Column::Lag, Column::Write, Column::Serves, Column::Req];
    /// Those whose changes are marked.
    pub(super) const MARKED: [Column; 4] = [Column::Status, Column::State, Column::Serves, Column::Write];

    fn title(self) -> &'static str {
        match self {
            Column::Type => "T",
            Column::Name => "Node",
            Column::Address => "Address",
            Column::Req => "Req",
            Column::Status => "Status",
            Column::State => "State",
            Column::Serves => "Serves",
            Column::Lag => "Lag",
            Column::Rtt => "RTT",
            Column::Write => "Write",
        }
    }

    /// Of a node.
    pub(super) fn cell(self, node: &Node) -> String {
        let none = || "--".to_owned();
        let gone = node.state == "FAIL_OFFLINE";
        match self {
            Column::Type => node.kind.chars().take(1).collect(),
            Column::Name => node.name.clone(),
            Column::Address => node.address.clone(),
            Column::Req => node.req.to_string(),
            Column::Status => node.status.clone(),
            Column::State => node.state.clone(),
            Column::Serves => serves(node),
            Column::Lag => node.lag_s.filter(|_| !gone).map_or_else(none, |s| age(seconds(s))),
            Column::Rtt => node.round_trip_ms.map_or_else(none, rtt),
            Column::Write => match node.read_only.filter(|_| !gone) {
                Some(read_only) => if read_only { "no" } else { "yes" }.into(),
                None => none(),
            },
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Column::Req | Column::Lag | Column::Rtt)
    }

    /// Columns of the terminal. Words that change have room for the longest from the start: nothing jumps.
    fn width(self, status: &Status) -> usize {
        let widest = |least: usize| {
            let nodes = status.pools.iter().flat_map(|pool| &pool.nodes);
            nodes.map(|node| self.cell(node).width()).fold(least, usize::max).min(WIDEST)
        };
        match self {
            Column::Type => 1,
            Column::Name | Column::Address => widest(self.title().len()),
            Column::Req => 3,
            Column::Status => "OK CRITICAL".len(),
            Column::State => "FAIL_OFFLINE".len(),
            Column::Serves => "rw ro geo".len(),
            Column::Lag | Column::Rtt => 6,
            Column::Write => 5,
        }
    }
}

/// The columns there is room for, with their widths; each has one column in front, blank or marked.
pub(super) struct Columns(Vec<(Column, usize)>);

impl Columns {
    /// For these nodes on a screen so wide.
    pub(super) fn of(status: &Status, width: usize) -> Columns {
        let mut columns = Columns(Column::ALL.map(|column| (column, column.width(status))).into());
        for column in Column::DISPENSABLE {
            if columns.width() + 1 + MESSAGE > width {
                columns.0.retain(|(c, _)| *c != column);
            }
        }
        columns
    }

    /// All of them together.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, width)| 1 + width).sum()
    }

    /// The line above them all.
    pub(super) fn heading(&self) -> String {
        let titles =
            self.0.iter().map(|&(column, width)| format!(" {}", padded(column, column.title(), width)));
        format!("{} Message", titles.collect::<String>())
    }

    /// A node's cells, padded.
    pub(super) fn cells(&self, node: &Node) -> impl Iterator<Item = (Column, String)> {
        self.0.iter().map(|&(column, width)| (column, padded(column, &column.cell(node), width)))
    }
}

fn padded(column: Column, text: &str, width: usize) -> String {
    let text = cut(&clean(text), width);
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if column.is_number() { blanks + &text } else { text + &blanks }
}

fn serves(node: &Node) -> String {
    let serves = |role: &&str| node.verdicts.get(*role).is_some_and(|v| v.up && v.weight > 0);
    let roles: Vec<&str> = ["rw", "ro", "geo"].into_iter().filter(serves).collect();
    if roles.is_empty() { "--".into() } else { roles.join(" ") }
}

fn rtt(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1}ms") } else { Short(seconds(ms / 1000.0)).to_string() }
}

/// Whatever the number is.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
