//! What outsiders cause is told to standard error, but seldom: they cannot fill the journal.

use crate::cli::print;
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use std::sync::{Mutex, PoisonError};

/// At most one line in this time.
const SELDOM: Duration = Duration::from_secs(10);

/// Says one thing in a while, and how many it did not say.
#[derive(Default)]
pub(super) struct Log(Mutex<Said>);

#[derive(Default)]
struct Said {
    last: Option<Moment>,
    unsaid: u64,
}

impl Log {
    /// Says this, unless something was said a moment ago.
    pub(super) fn say(&self, line: String) {
        if let Some(line) = self.worded(line, now()) {
            say(&line);
        }
    }

    fn worded(&self, line: String, now: Moment) -> Option<String> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| now.since(last) < SELDOM) {
            said.unsaid += 1;
            return None;
        }
        said.last = Some(now);
        Some(match std::mem::take(&mut said.unsaid) {
            0 => line,
            unsaid => format!("{line} (and {unsaid} lines like this before it)"),
        })
    }
}

/// Says a line that nobody outside can cause.
pub(super) fn say(line: &str) {
    print::err(&format!("mpp-web: {}", print::harmless(line)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_are_told_as_one_with_their_number() {
        let log = Log::default();
        let at = |s: u64| Moment(1_000_000_000 * (100 + s));
        assert_eq!(log.worded("a".into(), at(0)).as_deref(), Some("a"));
        assert_eq!(log.worded("b".into(), at(1)), None);
        assert_eq!(log.worded("c".into(), at(9)), None);
        assert_eq!(log.worded("d".into(), at(10)).as_deref(), Some("d (and 2 lines like this before it)"));
        assert_eq!(log.worded("e".into(), at(20)).as_deref(), Some("e"));
    }
}
