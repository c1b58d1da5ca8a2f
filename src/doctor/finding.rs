//! What the doctor says: findings with their advice, and what is good.

use super::rule::{Rule, Weight};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule found it.
    pub rule: &'static Rule,
    /// Where: `db/db2`, `pool db`, `this machine`.
    pub place: String,
    /// What was found, with its values.
    pub found: String,
    /// What ends it, in this order.
    pub advice: Vec<Step>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where: `db/db2`, `this machine`.
    pub on: String,
    /// What the lines are.
    pub kind: Kind,
    /// What to write, as it is.
    pub lines: Vec<String>,
}

/// What the lines of a step are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Statements, for an administrator of that server.
    Sql,
    /// Lines of the server's configuration, under `[mysqld]`; it is restarted then.
    MyCnf,
    /// The same, for its next start only: what runs is changed by another step.
    MyCnfLater,
    /// Commands, as root.
    Shell,
    /// Lines of this file.
    File(String),
    /// Words.
    Words,
}

/// Something that is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    /// Where, as in [`Finding::place`].
    pub place: String,
    /// What.
    pub text: String,
}

/// What one rule says of one place.
pub type Judgement = Result<Good, Finding>;

/// All that was found, the weightiest first; and what is good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Errors, warnings, notes; within a weight in the order of the pools, the machine last.
    pub findings: Vec<Finding>,
    /// In the order of the pools, the machine last.
    pub good: Vec<Good>,
}

impl Report {
    /// Sorts judgements.
    pub fn of(judgements: impl IntoIterator<Item = Judgement>) -> Report {
        let mut report = Report::default();
        for judgement in judgements {
            match judgement {
                Ok(good) => report.good.push(good),
                Err(finding) => report.findings.push(finding),
            }
        }
        report.findings.sort_by_key(|finding| finding.rule.weight);
        report
    }

    /// How many findings have this weight.
    pub fn count(&self, weight: Weight) -> usize {
        self.findings.iter().filter(|finding| finding.rule.weight == weight).count()
    }
}

impl Step {
    /// Statements for the server at `on`.
    pub(super) fn sql(on: &str, lines: impl IntoIterator<Item = impl Into<String>>) -> Step {
        Step::new(on, Kind::Sql, lines)
    }

    /// Commands for `on`.
    pub(super) fn shell(on: &str, lines: impl IntoIterator<Item = impl Into<String>>) -> Step {
        Step::new(on, Kind::Shell, lines)
    }

    /// Words about `on`.
    pub(super) fn words(on: &str, words: impl Into<String>) -> Step {
        Step::new(on, Kind::Words, [words])
    }

    pub(super) fn new(on: &str, kind: Kind, lines: impl IntoIterator<Item = impl Into<String>>) -> Step {
        Step { on: on.to_owned(), kind, lines: lines.into_iter().map(Into::into).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::{CLOCK, GTID_DOMAINS, LOG_BIN};
    use super::*;

    #[test]
    fn the_weightiest_comes_first_and_equals_stay_in_order() {
        let finding = |rule, place: &str| {
            Err(Finding { rule, place: place.into(), found: String::new(), advice: Vec::new() })
        };
        let good = Ok(Good { place: "db/db1".into(), text: "fine".into() });
        let all = [
            finding(&GTID_DOMAINS, "a"),
            finding(&CLOCK, "b"),
            good,
            finding(&LOG_BIN, "c"),
            finding(&CLOCK, "a"),
        ];
        let report = Report::of(all);
        let order: Vec<_> = report.findings.iter().map(|f| (f.rule.name, f.place.as_str())).collect();
        assert_eq!(order, [("log-bin", "c"), ("clock", "b"), ("clock", "a"), ("gtid-domains", "a")]);
        assert_eq!((report.good.len(), report.count(Weight::Warning)), (1, 2));
    }
}
