//! What outlasts the moments in which keepalived follows a decision: a fault, with since when.

use super::compare::{Difference, InWords, What};
use super::plan::Decided;
use crate::core::time::{Duration, Moment};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How much longer than two rounds of checks a difference may last: a busy machine is no fault.
const SLACK: Duration = Duration::from_secs(2);

/// A difference that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The virtual server, by its place in the plan; `None`: all of them.
    pub service: Option<usize>,
    /// Of what kind; together with the virtual server it tells faults apart.
    pub kind: Kind,
    /// The real server, by its place in the plan, if it is about one.
    pub real: Option<usize>,
    /// Since when.
    pub since: Moment,
    /// What is, and what helps.
    pub words: String,
}

impl Fault {
    /// What tells it apart from others, and from the same at another time.
    pub fn key(&self) -> (Option<usize>, Kind, Moment) {
        (self.service, self.kind, self.since)
    }
}

/// Why nothing can be said of single virtual servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blind {
    /// The table cannot be read: in words.
    NoTable(String),
    /// keepalived does not run; its process id should stand in this file.
    NotRunning(String),
}

/// Differences, and since when there is each.
#[derive(Default)]
pub struct Faults {
    since: BTreeMap<(usize, Kind), Moment>,
    blind: Option<Moment>,
}

/// A difference without what may change while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of a virtual server as a whole, or of all.
    Service,
    /// Of what the kernel has of a real server, by its place in the plan.
    Real(usize),
    /// A real server that is not checked.
    Unasked(usize),
    /// A real server of nobody's.
    Stranger(SocketAddr),
}

impl Faults {
    /// Takes in what is seen now; gives what has lasted too long.
    pub fn update(&mut self, decided: &Decided, differences: &[Difference], now: Moment) -> Vec<Fault> {
        self.blind = None;
        let before = std::mem::take(&mut self.since);
        let mut faults = Vec::new();
        for difference in differences {
            let kind = kind(&difference.what);
            let key = (difference.service, kind);
            let since = before.get(&key).copied().unwrap_or(now);
            self.since.insert(key, since);
            if now.since(since) >= patience(decided, difference.service) {
                let words = InWords(decided, difference).to_string();
                let (service, real) = (Some(difference.service), difference.what.real());
                faults.push(Fault { service, kind, real, since, words });
            }
        }
        faults
    }

    /// The same while nothing can be said of single ones.
    pub fn blinded(&mut self, decided: &Decided, why: &Blind, now: Moment) -> Vec<Fault> {
        let since = *self.blind.get_or_insert(now);
        let longest = (0..decided.plan.services.len()).map(|s| patience(decided, s)).max();
        if now.since(since) < longest.unwrap_or(SLACK) {
            return Vec::new();
        }
        vec![Fault { service: None, kind: Kind::Service, real: None, since, words: why.words() }]
    }

    /// A new plan: nothing of the old one counts.
    pub fn forget(&mut self) {
        *self = Faults::default();
    }
}

impl Blind {
    fn words(&self) -> String {
        match self {
            Blind::NoTable(why) => {
                format!(
                    "the kernel's table of virtual servers can't be read ({why}): no IPVS here; start keepalived"
                )
            }
            Blind::NotRunning(file) => format!(
                "keepalived is not running (no process of {file}): nothing that is decided reaches the kernel, and its \
                 table may be empty; start keepalived"
            ),
        }
    }
}

fn kind(what: &What) -> Kind {
    match what {
        What::Stranger(address) => Kind::Stranger(*address),
        What::Unasked(real, _) => Kind::Unasked(*real),
        _ => what.real().map_or(Kind::Service, Kind::Real),
    }
}

fn patience(decided: &Decided, service: usize) -> Duration {
    decided.plan.services[service].delay_loop * 2 + SLACK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keepalived::plan::{Plan, Wanted};
    use std::sync::Arc;

    const SECOND: u64 = 1_000_000_000;

    fn decided() -> Decided {
        let wanted = vec![Wanted { up: true, weight: 1 }; 2];
        Decided { generation: 1, plan: Arc::new(Plan::sample(2)), wanted }
    }

    #[test]
    fn a_difference_is_a_fault_once_it_has_outlasted_two_rounds_of_checks() {
        let (decided, mut faults) = (decided(), Faults::default());
        let missing = [Difference { service: 0, what: What::Missing(1) }];
        assert_eq!(faults.update(&decided, &missing, Moment(0)), []);
        assert_eq!(faults.update(&decided, &missing, Moment(2 * SECOND)), []);
        let lasting = faults.update(&decided, &missing, Moment(3 * SECOND));
        assert_eq!((lasting[0].service, lasting[0].real, lasting[0].since), (Some(0), Some(1), Moment(0)));
        assert_eq!(faults.update(&decided, &[], Moment(4 * SECOND)), []);
        assert_eq!(faults.update(&decided, &missing, Moment(5 * SECOND)), [], "its time begins anew");
    }

    #[test]
    fn a_weight_that_wobbles_while_it_is_wrong_is_one_fault() {
        let (decided, mut faults) = (decided(), Faults::default());
        let weight = |n| [Difference { service: 0, what: What::Weight(0, n) }];
        faults.update(&decided, &weight(5), Moment(0));
        assert_eq!(faults.update(&decided, &weight(6), Moment(3 * SECOND))[0].since, Moment(0));
    }

    #[test]
    fn with_keepalived_dead_that_is_the_one_fault() {
        let (decided, mut faults) = (decided(), Faults::default());
        let dead = Blind::NotRunning("/run/keepalived.pid".into());
        assert_eq!(faults.blinded(&decided, &dead, Moment(0)), []);
        let lasting = faults.blinded(&decided, &dead, Moment(3 * SECOND));
        assert_eq!((lasting.len(), lasting[0].service), (1, None));
        assert!(lasting[0].words.contains("keepalived is not running"));
    }
}
