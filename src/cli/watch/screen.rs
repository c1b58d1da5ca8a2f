//! The screen: a pure function of what is known and of the room there is.
//!
//! ```text
//! host, time, how many pools      how to leave
//! STALE, and why
//! column titles
//! the pools, those with troubles first
//! -- what is not shown ------------------------
//! the last events
//! ```

use super::columns::Columns;
use super::line::{Line, wrap};
use super::pool::{Shown, urgency};
use super::view::View;
use crate::alert;
use crate::cli::look::Look;
use crate::control::status::{Peer, Status};
use jiff::Timestamp;

/// Events have this part of the screen at least.
const EVENTS_PART: usize = 6;

/// A screen: as many lines as the terminal has, or fewer.
pub(super) struct Screen {
    /// From the top.
    pub(super) lines: Vec<Line>,
    /// The first line of the pools that is shown: what was asked for, or the last there is.
    pub(super) top: usize,
    /// How many lines of the pools are shown.
    pub(super) page: usize,
}

/// What is known, on so many columns and lines.
pub(super) fn screen(view: &View, (width, height): (u16, u16)) -> Screen {
    let (width, height) = (usize::from(width), usize::from(height));
    let mut lines = head(view, width);
    // The line above the events, and so many of them.
    let below = 1 + (height / EVENTS_PART).min(height.saturating_sub(lines.len() + 2));
    let room = height.saturating_sub(lines.len() + below);
    let body = view.status.as_ref().map_or_else(Body::default, |status| body(view, status, width, room));
    let top = view.top.min(body.lines.len().saturating_sub(room));
    let page = room.min(body.lines.len() - top);
    let rule = rule(&body, top, page, width);
    lines.extend(body.lines.into_iter().skip(top).take(page));
    lines.push(rule);
    let left = height.saturating_sub(lines.len());
    let events = view.events.iter().skip(view.events.len().saturating_sub(left));
    lines.extend(events.map(|event| told(view, event)));
    lines.truncate(height);
    let lines = lines.into_iter().map(|line| line.within(width)).collect();
    Screen { lines, top, page }
}

/// Whose screen this is, of when, and whether it can be believed.
fn head(view: &View, width: usize) -> Vec<Line> {
    let mut lines = vec![title(view, width)];
    lines.extend(view.stale().map(|stale| Line::of(Look::Changed, &stale)));
    let problem = view.problem.iter().flat_map(|problem| wrap(problem, width, 2));
    lines.extend(problem.map(|problem| Line::of(Look::Bad, &problem)));
    match &view.status {
        Some(status) => lines.push(Line::of(Look::Plain, &Columns::of(status, width).heading())),
        None if view.problem.is_none() => lines.push(Line::of(Look::Plain, "mppd is asked ...")),
        None => {}
    }
    lines
}

fn title(view: &View, width: usize) -> Line {
    let time = view.wall.to_zoned(view.zone.clone()).strftime("%H:%M:%S");
    let pools = view.status.as_ref().map_or(String::new(), counted);
    let (left, right) = (format!("{}  {time}{pools}", view.host), "q quits");
    let line = Line::of(Look::Strong, &left);
    let between = width.saturating_sub(line.width() + right.len());
    if between < 2 { line } else { line.with(Look::Plain, &format!("{}{right}", " ".repeat(between))) }
}

fn counted(status: &Status) -> String {
    let all = status.pools.len();
    let troubled = status.pools.iter().filter(|pool| urgency(pool) < usize::MAX).count();
    let plural = if all == 1 { "" } else { "s" };
    let troubled = if troubled == 0 { String::new() } else { format!(", {troubled} with troubles") };
    format!("  {all} pool{plural}{troubled}")
}

/// All lines of all pools, and where each pool ends.
#[derive(Default)]
struct Body {
    lines: Vec<Line>,
    ends: Vec<usize>,
}

impl Body {
    fn of(pools: impl Iterator<Item = Vec<Line>>, peers: &[Line]) -> Body {
        let mut body = Body::default();
        for lines in pools {
            body.lines.extend(lines);
            body.ends.push(body.lines.len());
        }
        body.lines.extend_from_slice(peers);
        body
    }

    /// How many pools have no line from `top` up to `end`.
    fn hidden(&self, top: usize, end: usize) -> usize {
        let begins = std::iter::once(&0).chain(&self.ends);
        begins.zip(&self.ends).filter(|&(&begin, &its_end)| its_end <= top || begin >= end).count()
    }
}

/// Pools with troubles first. Where there is no room for everything, those that have nothing to tell take one line.
fn body(view: &View, status: &Status, width: usize, room: usize) -> Body {
    let columns = Columns::of(status, width);
    let mut pools: Vec<Shown<'_>> =
        status.pools.iter().map(|pool| Shown { view, columns: &columns, width, pool }).collect();
    pools.sort_by_key(|shown| (urgency(shown.pool), shown.is_quiet()));
    let peers: Vec<Line> = status.peers.iter().flat_map(|peer| self::peer(peer, width)).collect();
    let whole = Body::of(pools.iter().map(Shown::in_full), &peers);
    if whole.lines.len() <= room {
        return whole;
    }
    let lines = |shown: &Shown<'_>| match shown.is_quiet() && pools.len() > 1 {
        true => vec![shown.in_short()],
        false => shown.in_full(),
    };
    Body::of(pools.iter().map(lines), &peers)
}

/// ` D lb2 same site: answers`.
fn peer(peer: &Peer, width: usize) -> Vec<Line> {
    let look = match peer.reachable {
        Some(true) => Look::Plain,
        Some(false) => Look::Bad,
        None => Look::Doubtful,
    };
    let whole = format!("D {} {}: {}", peer.name, peer.site(), peer.words());
    let lines = wrap(&whole, width.saturating_sub(3), 2);
    let front = |n: usize| if n == 0 { " " } else { "   " };
    lines.iter().enumerate().map(|(n, text)| Line::of(look, &format!("{}{text}", front(n)))).collect()
}

/// What is not shown, and how to get there.
fn rule(body: &Body, top: usize, page: usize, width: usize) -> Line {
    let (pools, hidden) = (body.ends.len(), body.hidden(top, top + page));
    let (above, below) = (top, body.lines.len() - top - page);
    let words = match (above + below, hidden) {
        (0, _) => "-- events ".to_owned(),
        (_, 0) => format!("-- not shown: {above} lines above, {below} below; j k "),
        _ => format!(
            "-- {hidden} of {pools} pools not shown: {above} lines above, {below} below; j k PgDn PgUp "
        ),
    };
    let rest = "-".repeat(width.saturating_sub(words.len()));
    Line::of(Look::Strong, &(words + &rest))
}

/// `06:11:33.903 alert    db/db2 failover: db2 promoted; db1 failed: connection refused`.
fn told(view: &View, event: &alert::Line) -> Line {
    let place = [&event.pool, &event.node].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    let place = if place.is_empty() { String::new() } else { format!("{} ", place.join("/")) };
    let change = match (&event.from, &event.to) {
        (Some(from), Some(to)) => format!(" {from} -> {to}"),
        (None, Some(to)) => format!(" {to}"),
        _ => String::new(),
    };
    Line::of(Look::Plain, &format!("{} ", time(view, &event.time)))
        .with(Look::of_severity(&event.severity), &format!("{:8} ", event.severity))
        .with(Look::Plain, &format!("{place}{}{change}: {}", event.event, event.reason))
}

/// To the millisecond today, with its day before that.
fn time(view: &View, rfc3339: &str) -> String {
    let Ok(time) = rfc3339.parse::<Timestamp>() else { return rfc3339.to_owned() };
    let (then, now) = (time.to_zoned(view.zone.clone()), view.wall.to_zoned(view.zone.clone()));
    let format = if then.date() == now.date() { "%H:%M:%S%.3f" } else { "%m-%d %H:%M " };
    then.strftime(format).to_string()
}
