//! When hundreds of pools say the same at once: the first lines as they are, then one line a second for the rest.

use super::line::Line;
use crate::core::time::{Duration, Moment};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many lines of a kind are told within a [`SECOND`] as they are: a screen of them.
const FIRST: usize = 20;
/// Of failovers more: somebody will have to go through them one by one.
const FAILOVERS: usize = 200;
/// How long is waited for more of the same.
const SECOND: Duration = Duration::from_secs(1);
/// How many pools a summary names.
const NAMED: usize = 10;

/// Lines that differ in no more than pool, node, numbers and reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    severity: String,
    event: String,
    about: Option<String>,
    to: Option<String>,
}

/// What has come of a kind within its second.
struct Burst {
    since: Moment,
    told: usize,
    held: Vec<Arc<Line>>,
}

/// Thins out what is told. The journal has all of it.
#[derive(Default)]
pub struct Flood {
    bursts: HashMap<Kind, Burst>,
}

impl Flood {
    /// The line, if it is to be told now; else it is held back.
    pub fn pass(&mut self, line: Arc<Line>, now: Moment) -> Option<Arc<Line>> {
        let kind = Kind::of(&line);
        let most = if kind.event == "failover" { FAILOVERS } else { FIRST };
        let burst = self.bursts.entry(kind).or_insert(Burst { since: now, told: 0, held: Vec::new() });
        if burst.told < most {
            burst.told += 1;
            return Some(line);
        }
        burst.held.push(line);
        None
    }

    /// What is to be told of lines held back for a second. While they go on coming, it is one line a second.
    pub fn settle(&mut self, now: Moment) -> Vec<Arc<Line>> {
        let mut told = Vec::new();
        self.bursts.retain(|kind, burst| {
            if now.since(burst.since) < SECOND {
                return true;
            }
            let held = std::mem::take(&mut burst.held);
            burst.since = now;
            told.extend(kind.summary(&held));
            !held.is_empty()
        });
        told
    }

    /// What is to be told of all that is still held back: nothing more comes.
    pub fn end(&mut self) -> Vec<Arc<Line>> {
        self.bursts.drain().filter_map(|(kind, burst)| kind.summary(&burst.held)).collect()
    }
}

impl Kind {
    fn of(line: &Line) -> Kind {
        Kind {
            severity: line.severity.clone(),
            event: line.event.clone(),
            about: line.about.clone(),
            to: line.to.clone(),
        }
    }

    fn summary(&self, held: &[Arc<Line>]) -> Option<Arc<Line>> {
        let last = match held {
            [] => return None,
            [only] => return Some(Arc::clone(only)),
            [.., last] => last,
        };
        let mut known = HashSet::new();
        let pools: Vec<&str> =
            held.iter().filter_map(|l| l.pool.as_deref()).filter(|p| known.insert(*p)).collect();
        Some(Arc::new(Line {
            event: "flood".into(),
            about: Some(self.about.as_ref().unwrap_or(&self.event).clone()),
            reason: format!("{} more: {self}{}; mpp events --since 1m", held.len(), names(&pools)),
            seq: last.seq,
            time: last.time.clone(),
            severity: self.severity.clone(),
            ends: last.ends.clone(),
            ..Line::default()
        }))
    }
}

/// `event=state to=FAIL_OFFLINE`
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event={}", self.event)?;
        self.about.iter().try_for_each(|about| write!(f, " about={about}"))?;
        self.to.iter().try_for_each(|to| write!(f, " to={to}"))
    }
}

/// `, 480 pools: db21, db22, ...`
fn names(pools: &[&str]) -> String {
    let list = pools.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match pools.len() {
        0 => String::new(),
        1 => format!(", pool {list}"),
        n if n > NAMED => format!(", {n} pools: {list}, ..."),
        n => format!(", {n} pools: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: usize, severity: &str, event: &str) -> Arc<Line> {
        let pool = Some(format!("db{n}"));
        let (severity, event, to) = (severity.into(), event.into(), Some("FAIL_OFFLINE".into()));
        Arc::new(Line { seq: n as u64, severity, event, pool, to, ..Line::default() })
    }

    fn at(ms: u64) -> Moment {
        Moment(ms * 1_000_000)
    }

    /// How many of these are told at once.
    fn pass(flood: &mut Flood, event: &str, n: std::ops::RangeInclusive<usize>, ms: u64) -> usize {
        n.filter_map(|n| flood.pass(line(n, "alert", event), at(ms))).count()
    }

    #[test]
    fn five_hundred_pools_at_once_are_twenty_lines_and_one() {
        let mut flood = Flood::default();
        assert_eq!(pass(&mut flood, "state", 1..=500, 0), 20);
        assert!(flood.settle(at(999)).is_empty());
        let told = flood.settle(at(1000));
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].to_string(),
            "event=flood about=state reason=\"480 more: event=state to=FAIL_OFFLINE, 480 pools: db21, db22, db23, \
             db24, db25, db26, db27, db28, db29, db30, ...; mpp events --since 1m\""
        );
        assert_eq!((told[0].severity.as_str(), told[0].seq), ("alert", 500));
    }

    #[test]
    fn while_it_goes_on_there_is_a_line_a_second_and_after_a_quiet_one_all_is_told_again() {
        let mut flood = Flood::default();
        pass(&mut flood, "state", 1..=30, 0);
        assert_eq!(flood.settle(at(1000)).len(), 1);
        assert_eq!(pass(&mut flood, "state", 1..=30, 1500), 0);
        assert_eq!(flood.settle(at(2000)).len(), 1);
        assert_eq!(pass(&mut flood, "state", 7..=7, 2500), 0);
        assert_eq!(flood.settle(at(3000))[0].event, "state", "one alone is told as it is");
        assert!(flood.settle(at(4000)).is_empty());
        assert_eq!(pass(&mut flood, "state", 1..=30, 4500), 20);
    }

    #[test]
    fn kinds_and_severities_are_kept_apart_and_failovers_are_told_longest() {
        let mut flood = Flood::default();
        assert_eq!(pass(&mut flood, "state", 1..=30, 0), 20);
        assert_eq!(pass(&mut flood, "failover", 1..=300, 0), 200);
        assert!(flood.pass(line(1, "notice", "state"), at(0)).is_some());
        let mut words: Vec<String> = flood.end().iter().map(|l| l.reason[..8].to_owned()).collect();
        words.sort();
        assert_eq!(words, ["10 more:", "100 more"]);
    }
}
