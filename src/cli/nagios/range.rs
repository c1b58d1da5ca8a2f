//! Thresholds as the Monitoring Plugins write them: `10` is 0 to 10, `10:` at least 10, `~:10` at most 10, `10:20` between
//! the two, `@10:20` outside them. What is not in the range raises the alert.

use std::fmt;
use std::str::FromStr;

/// A threshold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    start: f64,
    end: f64,
    inverted: bool,
    text: String,
}

impl Range {
    /// Whether this value raises the alert.
    pub(super) fn alerts(&self, value: f64) -> bool {
        (self.start..=self.end).contains(&value) == self.inverted
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Range, String> {
        let wrong = || format!("{text:?} is no range; write 30, 10:, ~:30, 10:30 or @10:30, in seconds");
        let (inverted, bounds) = match text.strip_prefix('@') {
            Some(bounds) => (true, bounds),
            None => (false, text),
        };
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(wrong);
        let (start, end) = match bounds.split_once(':') {
            None => (0.0, number(bounds)?),
            Some((start, end)) => {
                let start = if start == "~" { f64::NEG_INFINITY } else { number(start)? };
                (start, if end.is_empty() { f64::INFINITY } else { number(end)? })
            }
        };
        if start > end {
            return Err(format!("{text:?} begins behind its end"));
        }
        Ok(Range { start, end, inverted, text: text.to_owned() })
    }
}

/// As it was written.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_alerts_as_the_conventions_say() {
        let cases = [
            ("10", 10.0, false),
            ("10", 10.5, true),
            ("10", -1.0, true),
            ("10:", 9.0, true),
            ("10:", 1e9, false),
            ("~:10", -5.0, false),
            ("~:10", 11.0, true),
            ("10:20", 15.0, false),
            ("10:20", 21.0, true),
            ("@10:20", 15.0, true),
            ("@10:20", 9.0, false),
            ("@0:0.5", 0.5, true),
        ];
        for (range, value, alerts) in cases {
            assert_eq!(range.parse::<Range>().expect("a range").alerts(value), alerts, "{range} of {value}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused_with_those_there_are() {
        for text in ["", "x", ":", "10:x", "~", "20:10", "30s", "nan", "@"] {
            let error = text.parse::<Range>().expect_err(text);
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
