//! Which events a hook is run for.

use super::line::{Line, severity_number};
use super::words::WAKING;

/// Events by their words and by how much they matter: both must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// These, with their reminders, recoveries and floods; `None`: all.
    pub events: Option<Vec<&'static str>>,
    /// `alert` to `info`: at least this severe. A recovery is as severe as what it ends.
    pub severity: &'static str,
}

impl Default for Pick {
    /// What wakes an operator.
    fn default() -> Pick {
        Pick { events: Some(WAKING.into()), severity: "warning" }
    }
}

impl Pick {
    /// Whether this event is one of them.
    pub fn takes(&self, line: &Line) -> bool {
        let severe = line.ends.as_deref().unwrap_or(&line.severity);
        let number = |word| severity_number(word).unwrap_or(5);
        number(severe) <= number(self.severity) && self.events.as_ref().is_none_or(|words| named(words, line))
    }
}

fn named(words: &[&str], line: &Line) -> bool {
    let is = |word: &str| words.contains(&word);
    is(&line.event) || line.about.as_deref().is_some_and(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(severity: &str, event: &str) -> Line {
        Line { severity: severity.into(), event: event.into(), ..Line::default() }
    }

    #[test]
    fn an_operator_is_woken_once_a_cause() {
        let pick = Pick::default();
        for (severity, event, wakes) in [
            ("alert", "failover", true),
            ("critical", "no_redundancy", true),
            ("alert", "publish", true),
            ("notice", "publish", false),
            ("notice", "stopped", false),
            ("alert", "state", false),
            ("alert", "status", false),
            ("notice", "election", false),
        ] {
            assert_eq!(pick.takes(&line(severity, event)), wakes, "{severity} {event}");
        }
    }

    #[test]
    fn whoever_is_told_of_a_trouble_is_reminded_of_it_and_told_that_it_is_over() {
        let about = |line: Line, ends: Option<&str>| Line {
            about: Some("held".into()),
            ends: ends.map(Into::into),
            ..line
        };
        let held = Pick { events: Some(vec!["held"]), severity: "info" };
        let severe = Pick { events: None, severity: "alert" };
        for pick in [&held, &severe] {
            assert!(pick.takes(&about(line("alert", "reminder"), None)));
            assert!(pick.takes(&about(line("notice", "recovered"), Some("alert"))));
        }
        assert!(!severe.takes(&about(line("notice", "recovered"), Some("warning"))));
        assert!(!held.takes(&line("alert", "failover")));
    }
}
