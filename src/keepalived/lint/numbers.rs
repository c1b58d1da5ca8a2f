//! Numbers as keepalived reads them.

use crate::keepalived::conf::Statement;
use std::str::FromStr;

/// The first value of a statement.
pub(super) fn number<T: FromStr>(at: &Statement) -> Option<T> {
    at.value(0)?.parse().ok()
}

/// What keepalived makes of a track file's text: strtol with base 0 of what it reads, which takes the digits at the front
/// and calls everything else 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrackValue {
    Number(i64),
    /// A number as octal, which a person would read otherwise.
    Octal(i64),
    /// No number: 0 for keepalived.
    Garbage,
}

impl TrackValue {
    pub(super) fn of(text: &str) -> TrackValue {
        let text = text.trim();
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
            let octal: String = digits.chars().take_while(|c| ('0'..='7').contains(c)).collect();
            return TrackValue::Octal(i64::from_str_radix(&octal, 8).unwrap_or(0));
        }
        text.parse().map_or(TrackValue::Garbage, TrackValue::Number)
    }
}

/// `1 server`, `2 servers`.
pub(super) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::TrackValue::{self, *};

    #[test]
    fn a_leading_zero_is_octal_and_words_are_nothing() {
        for (text, value) in [
            ("0\n", Number(0)),
            (" 12 ", Number(12)),
            ("-3", Number(-3)),
            ("010", Octal(8)),
            ("09", Octal(0)),
            ("", Garbage),
            ("UP", Garbage),
            ("1 2", Garbage),
        ] {
            assert_eq!(TrackValue::of(text), value, "{text}");
        }
    }
}
