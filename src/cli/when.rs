//! Times as people write them: a while ago, a time of day, a day, or RFC 3339.

use crate::clock::Clocks;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousZoned, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// The beginning of a span of time. What the clocks showed twice, in autumn, is the first of the two.
///
/// # Errors
/// What is wrong, and what can be written.
pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    when(text, &now(), AmbiguousZoned::earlier)
}

/// The end of one. What the clocks showed twice is the second of the two.
///
/// # Errors
/// As [`since`].
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    when(text, &now(), AmbiguousZoned::later)
}

/// A time where this machine is.
pub(super) fn shown(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn now() -> Zoned {
    Clocks::read().wall().to_zoned(TimeZone::system())
}

/// Which of two a time is that the clocks showed twice.
type Which = fn(AmbiguousZoned) -> Result<Zoned, jiff::Error>;

fn when(text: &str, now: &Zoned, which: Which) -> Result<Timestamp, String> {
    let text = text.trim();
    let found = exact(text).or_else(|| ago(text, now)).or_else(|| local(text, now, which));
    found.ok_or_else(|| {
        "write how long ago (90s, 1h, 2d), a time of day (02:00), a day (yesterday, 2026-11-24), both \
         (\"yesterday 02:00\", \"2026-11-24 02:00\"), or 2026-11-24T02:00:00Z"
            .to_owned()
    })
}

fn exact(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn ago(text: &str, now: &Zoned) -> Option<Timestamp> {
    let ago = humantime::parse_duration(text).ok()?;
    now.timestamp().checked_sub(SignedDuration::try_from(ago).ok()?).ok()
}

/// `02:00`, `yesterday`, `2026-11-24`, and a day with a time behind it, where this machine is.
fn local(text: &str, now: &Zoned, which: Which) -> Option<Timestamp> {
    let zoned = |civil: DateTime| which(now.time_zone().to_ambiguous_zoned(civil)).ok();
    if let Some(time) = time(text) {
        let today = zoned(now.date().to_datetime(time))?;
        let last = if today <= *now { today } else { zoned(now.date().yesterday().ok()?.to_datetime(time))? };
        return Some(last.timestamp());
    }
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    Some(zoned(date(day, now)?.to_datetime(time(clock.trim())?))?.timestamp())
}

fn date(text: &str, now: &Zoned) -> Option<Date> {
    match text {
        "today" => Some(now.date()),
        "yesterday" => now.date().checked_sub(1.day()).ok(),
        _ => Date::strptime("%Y-%m-%d", text).ok(),
    }
}

fn time(text: &str) -> Option<Time> {
    let formats = ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"];
    formats.iter().find_map(|format| Time::strptime(format, text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday morning, in a zone with summer time.
    fn monday() -> Zoned {
        "2026-11-23T03:00:00+01:00[Europe/Berlin]".parse().expect("a time")
    }

    fn at(text: &str) -> String {
        when(text, &monday(), AmbiguousZoned::earlier).map_or_else(|e| e, |t| t.to_string())
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("1h", "2026-11-23T01:00:00Z"),
            ("2d", "2026-11-21T02:00:00Z"),
            ("1h 30m", "2026-11-23T00:30:00Z"),
            ("02:00", "2026-11-23T01:00:00Z"),
            ("03:00", "2026-11-23T02:00:00Z"),
            ("22:15", "2026-11-22T21:15:00Z"),
            ("22:15:30.250", "2026-11-22T21:15:30.25Z"),
            ("today", "2026-11-22T23:00:00Z"),
            ("yesterday", "2026-11-21T23:00:00Z"),
            ("yesterday 22:00", "2026-11-22T21:00:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-07-20 12:00", "2026-07-20T10:00:00Z"),
            ("2026-07-20T12:00:05", "2026-07-20T10:00:05Z"),
            ("2026-07-20T12:00:05Z", "2026-07-20T12:00:05Z"),
            ("2026-07-20T12:00:05+03:00", "2026-07-20T09:00:05Z"),
        ] {
            assert_eq!(at(text), wanted, "{text}");
        }
    }

    #[test]
    fn an_hour_that_came_twice_is_taken_in_whole() {
        let at = |which| when("2026-10-25 02:30", &monday(), which).expect("a time").to_string();
        assert_eq!(at(AmbiguousZoned::earlier), "2026-10-25T00:30:00Z");
        assert_eq!(at(AmbiguousZoned::later), "2026-10-25T01:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_told_what_is() {
        for text in
            ["", "5", "-1h", "25:00", "yesterday 99:00", "2026-13-01", "2026-02-30", "last night", "\u{0}"]
        {
            assert!(at(text).contains("write how long ago"), "{text}: {}", at(text));
        }
        let far = "99999999999999y";
        assert!(at(far).contains("write how long ago"), "{far}");
    }
}
