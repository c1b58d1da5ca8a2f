//! Events as people read them. On a terminal a day has its heading and a line its room; elsewhere an event is one line.

use super::print;
use crate::alert::Line;
use crossterm::terminal;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use std::fmt::Write;
use std::io::{self, IsTerminal};

/// Where the words of an event begin on a terminal: behind the time and the severity.
const MARGIN: usize = 22;
/// How wide a terminal is that does not say, as on a serial line.
const USUAL: usize = 80;
/// A narrower terminal breaks lines itself.
const NARROWEST: usize = 60;

/// Shows events, one after the other.
pub(super) struct EventLines {
    manner: Manner,
    /// The day under whose heading we are.
    day: Option<Date>,
}

enum Manner {
    /// As JSON.
    Json,
    /// One line an event, with the day: for grep, and for tickets.
    Plain,
    /// For eyes.
    Screen { width: usize, colour: bool },
}

impl EventLines {
    /// To standard output, whatever that is.
    pub(super) fn to_stdout(json: bool) -> EventLines {
        let manner = match (json, io::stdout().is_terminal()) {
            (true, _) => Manner::Json,
            (false, false) => Manner::Plain,
            (false, true) => {
                let width = terminal::size().map_or(USUAL, |(width, _)| usize::from(width));
                let colour = std::env::var_os("NO_COLOR").is_none();
                Manner::Screen { width: width.max(NARROWEST), colour }
            }
        };
        EventLines { manner, day: None }
    }

    /// Whether people look at it.
    pub(super) fn are_for_people(&self) -> bool {
        !matches!(self.manner, Manner::Json)
    }

    /// Shows one; false if nobody reads any more.
    pub(super) fn show(&mut self, event: &Value) -> bool {
        print::out(&self.text(event))
    }

    fn text(&mut self, event: &Value) -> String {
        let line = serde_json::from_value::<Line>(event.clone());
        let (Ok(line), false) = (line, matches!(self.manner, Manner::Json)) else { return event.to_string() };
        let Ok(time) = line.time.parse::<Timestamp>() else { return format!("{} {line}", line.time) };
        let time = time.to_zoned(TimeZone::system());
        match self.manner {
            Manner::Json | Manner::Plain => {
                format!("{} {:8} {line}", time.strftime("%Y-%m-%d %H:%M:%S%.3f"), line.severity)
            }
            Manner::Screen { width, colour } => {
                let mut text = String::new();
                if self.day.replace(time.date()) != Some(time.date()) {
                    _ = writeln!(text, "{}", paint(&time.strftime("%Y-%m-%d %A").to_string(), "1", colour));
                }
                let severity = paint(&format!("{:8}", line.severity), shade(&line), colour);
                let words = wrapped(&line.to_string(), width.saturating_sub(MARGIN));
                _ = write!(text, "{} {severity} {words}", time.strftime("%H:%M:%S%.3f"));
                text
            }
        }
    }
}

/// Lines of at most so many characters, broken at blanks where that can be, all but the first behind the margin.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let len = word.chars().count();
        if column > 0 && column + 1 + len > width {
            _ = write!(out, "\n{:MARGIN$}", "");
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += len;
    }
    out
}

fn shade(line: &Line) -> &'static str {
    match line.severity_number() {
        0 | 1 => "1;31",
        2 | 3 => "31",
        4 => "33",
        _ => "0",
    }
}

fn paint(text: &str, shade: &str, colour: bool) -> String {
    if colour { format!("\x1b[{shade}m{text}\x1b[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn on_a_terminal_a_day_has_a_heading_and_no_line_is_wider_than_the_terminal() {
        let mut lines = EventLines { manner: Manner::Screen { width: 80, colour: false }, day: None };
        let event = |seq: u64, time: &str| {
            let reason = "db2 promoted; db1 failed: connection refused; nothing that db1 had shown is known to be lost";
            json!({"seq": seq, "time": time, "severity": "alert", "event": "failover", "pool": "db", "node": "db2",
                "req": 1, "epoch": 2, "reason": reason})
        };
        let first = lines.text(&event(1, "2026-11-22T12:00:00.123Z"));
        let second = lines.text(&event(2, "2026-11-22T12:00:00.456Z"));
        assert!(first.starts_with("2026-11-2") && first.lines().count() > second.lines().count(), "{first}");
        assert!(!second.starts_with("2026"), "{second}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let line: Line = serde_json::from_value(event(2, "")).expect("a line");
        assert!(words(&second).ends_with(&line.to_string()), "no word is lost: {second}");
        assert!(
            first.lines().chain(second.lines()).all(|line| line.chars().count() <= 80),
            "{first}\n{second}"
        );
        let later = lines.text(&event(3, "2026-11-24T12:00:00.000Z"));
        assert!(later.starts_with("2026-11-24 "), "{later}");
    }

    #[test]
    fn elsewhere_an_event_is_one_line_with_its_day() {
        let mut lines = EventLines { manner: Manner::Plain, day: None };
        let event = json!({"seq": 1, "time": "2026-11-22T12:00:00.123Z", "severity": "info", "event": "status",
            "reason": "a ".repeat(200)});
        let text = lines.text(&event);
        assert!(text.starts_with("2026-11-2") && text.contains("info     event=status"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
