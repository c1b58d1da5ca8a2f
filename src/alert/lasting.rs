//! What lasts: told once it has lasted a while, again now and then, and once more when it is over. One alert a cause.

use super::line::Line;
use crate::core::time::{Duration, Moment, Short};
use std::collections::HashMap;

/// Something that is not as it should be, as seen just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ongoing {
    /// The event's word of it; at most one of a word for a pool and node.
    pub word: &'static str,
    /// The node's name, if it is about one.
    pub node: Option<String>,
    /// Severity of its alert and its reminders.
    pub severity: &'static str,
    /// What is so.
    pub words: String,
    /// What helps.
    pub help: Option<String>,
    /// Its beginning has an event of its own.
    pub told: bool,
}

/// What is seen of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What is not as it should be.
    pub seen: Vec<Ongoing>,
    /// Words of what can't be judged now, for something worse is in the way: not seen, and not over either.
    pub hidden: &'static [&'static str],
}

/// How long something has to last before it counts, and how often it is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// One lost poll is no alert; and what is gone for as long is over.
    pub settle: Duration,
    /// `None`: never.
    pub remind_every: Option<Duration>,
}

/// What lasts, by pool. The daemon's own has the empty name.
#[derive(Default)]
pub struct Lasting {
    pools: HashMap<String, Vec<Entry>>,
}

struct Entry {
    ongoing: Ongoing,
    began: Moment,
    seen: Moment,
    /// When it was told last, by whatever event; `None`: it does not count yet.
    told: Option<Moment>,
    /// It began before we looked for the first time.
    older: bool,
}

impl Lasting {
    /// What lasted already when the daemon was started: its predecessor has told it.
    pub fn take_up(&mut self, pool: &str, look: Look, now: Moment) {
        let entry = |ongoing| Entry { ongoing, began: now, seen: now, told: Some(now), older: true };
        if !look.seen.is_empty() {
            self.pools.insert(pool.to_owned(), look.seen.into_iter().map(entry).collect());
        }
    }

    /// Takes what is seen of a pool, all of it; gives what is to be told, without number and time.
    pub fn look(&mut self, pool: &str, look: Look, patience: Patience, now: Moment) -> Vec<Line> {
        if look.seen.is_empty() && !self.pools.contains_key(pool) {
            return Vec::new();
        }
        let entries = self.pools.entry(pool.to_owned()).or_default();
        for ongoing in look.seen {
            match entries.iter_mut().find(|e| e.is(&ongoing)) {
                Some(entry) => (entry.ongoing, entry.seen) = (ongoing, now),
                None => entries.push(Entry { ongoing, began: now, seen: now, told: None, older: false }),
            }
        }
        let mut lines: Vec<Line> = entries.iter_mut().filter_map(|e| e.due(patience, now)).collect();
        entries.iter_mut().filter(|e| look.hidden.contains(&e.ongoing.word)).for_each(|e| e.seen = now);
        entries.retain(|entry| {
            let over = entry.is_over(patience, now);
            lines.extend(over.then(|| entry.recovered()).flatten());
            !over
        });
        if entries.is_empty() {
            self.pools.remove(pool);
        }
        let pool = (!pool.is_empty()).then(|| pool.to_owned());
        lines.iter_mut().for_each(|line| line.pool.clone_from(&pool));
        lines
    }

    /// Forgets pools that are not there any more.
    pub fn keep(&mut self, is_there: impl Fn(&str) -> bool) {
        self.pools.retain(|pool, _| pool.is_empty() || is_there(pool));
    }
}

impl Entry {
    fn is(&self, other: &Ongoing) -> bool {
        (self.ongoing.word, &self.ongoing.node) == (other.word, &other.node)
    }

    /// Its alert, or a reminder, if it is time for one.
    fn due(&mut self, patience: Patience, now: Moment) -> Option<Line> {
        if self.seen != now {
            return None;
        }
        let Ongoing { word, told, .. } = &self.ongoing;
        let words = self.words();
        let line = match self.told {
            None if now.since(self.began) < patience.settle => return None,
            None if *told => None,
            None => Some(self.line(word, None, words)),
            Some(last) if now.since(last) < patience.remind_every? => return None,
            Some(_) => Some(self.line("reminder", Some(word), format!("for {}: {words}", self.length()))),
        };
        self.told = Some(now);
        line
    }

    /// Not seen for long enough; at once, if it did not count yet.
    fn is_over(&self, patience: Patience, now: Moment) -> bool {
        self.seen != now && (self.told.is_none() || now.since(self.seen) >= patience.settle)
    }

    fn recovered(&self) -> Option<Line> {
        self.told?;
        let words = format!("no longer so, after {}: {}", self.length(), self.ongoing.words);
        let line = self.line("recovered", Some(self.ongoing.word), words);
        Some(Line { severity: "notice".into(), ends: Some(self.ongoing.severity.into()), ..line })
    }

    fn words(&self) -> String {
        match &self.ongoing.help {
            Some(help) => format!("{}; {help}", self.ongoing.words),
            None => self.ongoing.words.clone(),
        }
    }

    /// `3m20s`, or `more than 3m20s`
    fn length(&self) -> String {
        let than = if self.older { "more than " } else { "" };
        format!("{than}{}", Short(self.seen.since(self.began)))
    }

    fn line(&self, event: &str, about: Option<&str>, reason: String) -> Line {
        Line {
            severity: self.ongoing.severity.into(),
            event: event.into(),
            about: about.map(Into::into),
            node: self.ongoing.node.clone(),
            reason,
            ..Line::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience =
        Patience { settle: Duration::from_secs(5), remind_every: Some(Duration::from_secs(3600)) };

    fn trouble(told: bool) -> Ongoing {
        let (words, help) = ("nobody".into(), Some("mpp why".into()));
        Ongoing { word: "no_redundancy", node: None, severity: "critical", words, help, told }
    }

    /// Looks at these seconds; what was told, and when.
    fn told(
        lasting: &mut Lasting,
        seen: Option<Ongoing>,
        seconds: impl Iterator<Item = u64>,
    ) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        for second in seconds {
            let now = Moment(second * 1_000_000_000);
            let look = Look { seen: seen.clone().into_iter().collect(), hidden: &[] };
            let lines = lasting.look("db", look, PATIENCE, now);
            all.extend(lines.into_iter().map(|line| (second, line.to_string())));
        }
        all
    }

    #[test]
    fn what_lasts_is_told_once_then_reminded_of_and_its_end_is_told() {
        let mut lasting = Lasting::default();
        assert_eq!(
            told(&mut lasting, Some(trouble(false)), 100..=7305),
            [
                (105, "pool=db event=no_redundancy reason=\"nobody; mpp why\"".to_owned()),
                (
                    3705,
                    "pool=db event=reminder about=no_redundancy reason=\"for 1h00m: nobody; mpp why\""
                        .to_owned()
                ),
                (
                    7305,
                    "pool=db event=reminder about=no_redundancy reason=\"for 2h00m: nobody; mpp why\""
                        .to_owned()
                ),
            ]
        );
        let over = "pool=db event=recovered about=no_redundancy reason=\"no longer so, after 2h00m: nobody\"";
        assert_eq!(told(&mut lasting, None, 7306..=7400), [(7310, over.to_owned())]);
        assert!(lasting.pools.is_empty());
    }

    #[test]
    fn what_comes_and_goes_is_one_alert_and_one_lost_poll_is_none() {
        let mut lasting = Lasting::default();
        for second in (100..1000).step_by(6) {
            assert!(told(&mut lasting, Some(trouble(false)), second..=second + 2).is_empty());
            assert!(told(&mut lasting, None, second + 3..=second + 5).is_empty());
        }
        assert_eq!(told(&mut lasting, Some(trouble(false)), 1000..=1010).len(), 1);
        for second in (1011..2000).step_by(6) {
            assert!(told(&mut lasting, None, second..=second + 2).is_empty());
            assert!(told(&mut lasting, Some(trouble(false)), second + 3..=second + 5).is_empty());
        }
    }

    #[test]
    fn what_has_an_event_of_its_own_is_only_reminded_of() {
        let mut lasting = Lasting::default();
        let told = told(&mut lasting, Some(trouble(true)), 0..=3700);
        assert_eq!(told.iter().map(|(second, _)| *second).collect::<Vec<_>>(), [3605]);
    }

    #[test]
    fn after_a_restart_nothing_is_told_twice_and_reminded_of_later() {
        let mut lasting = Lasting::default();
        lasting.take_up("db", Look { seen: vec![trouble(false)], hidden: &[] }, Moment(0));
        let reminder =
            "pool=db event=reminder about=no_redundancy reason=\"for more than 1h00m: nobody; mpp why\"";
        assert_eq!(told(&mut lasting, Some(trouble(false)), 0..=3700), [(3600, reminder.to_owned())]);
        assert_eq!(told(&mut lasting, None, 3701..=3710).len(), 1);
    }

    #[test]
    fn what_something_worse_hides_is_neither_over_nor_reminded_of() {
        let mut lasting = Lasting::default();
        assert_eq!(told(&mut lasting, Some(trouble(false)), 0..=10).len(), 1);
        for second in 11..=7200 {
            let look = Look { seen: Vec::new(), hidden: &["no_redundancy"] };
            assert!(lasting.look("db", look, PATIENCE, Moment(second * 1_000_000_000)).is_empty());
        }
        let over = "pool=db event=recovered about=no_redundancy reason=\"no longer so, after 2h00m: nobody\"";
        assert_eq!(told(&mut lasting, None, 7201..=7210), [(7205, over.to_owned())]);
    }
}
