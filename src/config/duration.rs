//! Durations as the file writes them: `250ms`, `1s`, `1m30s`, `2h`.

use std::time::Duration;

const UNITS: [&str; 4] = ["ms", "s", "m", "h"];

/// The duration of a text; `None` unless it is whole numbers, each with one of ms, s, m, h.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let after = &rest[digits..];
        let unit = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        if digits == 0 || !UNITS.contains(&&after[..unit]) {
            return None;
        }
        rest = &after[unit..];
    }
    humantime::parse_duration(text).ok()
}

/// A duration of whole milliseconds as the file writes it.
pub(super) fn written(duration: Duration) -> String {
    let s = duration.as_secs();
    let parts =
        [(s / 3600, "h"), (s / 60 % 60, "m"), (s % 60, "s"), (u64::from(duration.subsec_millis()), "ms")];
    let words: String =
        parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if words.is_empty() { "0s".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        for ms in [0, 1, 250, 1000, 1500, 60_000, 90_000, 3_600_000, 5_400_250] {
            let duration = Duration::from_millis(ms);
            assert_eq!(parse(&written(duration)), Some(duration), "{ms}");
        }
        assert_eq!(written(Duration::from_millis(90_000)), "1m30s");
    }

    #[test]
    fn only_numbers_with_a_unit_are_durations() {
        for text in
            ["", "1", "0", "s", "1 s", "1d", "1S", "1.5s", "-1s", "1s2", "1us", "99999999999999999999h", "1é"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("1m30s"), Some(Duration::from_secs(90)));
    }
}
