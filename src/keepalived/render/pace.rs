//! Durations as keepalived has them.

use std::time::Duration;

/// In keepalived's form: seconds, with as many digits as it takes.
pub(super) fn seconds(duration: Duration) -> String {
    let (whole, millis) = (duration.as_secs(), duration.subsec_millis());
    let text = format!("{whole}.{millis:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_no_digit_too_many() {
        for (ms, text) in
            [(250, "0.25"), (50, "0.05"), (1000, "1"), (10_000, "10"), (1500, "1.5"), (205, "0.205")]
        {
            assert_eq!(seconds(Duration::from_millis(ms)), text);
        }
    }
}
