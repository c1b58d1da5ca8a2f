//! Server-sent events as they come: each whole, in time, and no larger than what there is to say.

use super::connection::{SILENCE, Trouble};
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use std::io::BufRead;

/// The largest line, bytes: the status of 10,000 nodes has about half of it.
const LARGEST: usize = 16 << 20;
/// How long an event may take to come, from its beginning.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event of the stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// What it is called.
    pub(super) name: String,
    /// Its data, JSON.
    pub(super) data: Vec<u8>,
}

/// The next event, which begins within [`SILENCE`]; its reader must not wait for ever.
pub(super) fn next(reader: &mut impl BufRead) -> Result<Event, Trouble> {
    let (begin, until) = (now() + SILENCE, now() + PATIENCE);
    let mut event = Event::default();
    loop {
        let line = line(reader, until)?;
        match field(&line) {
            (b"event", value) => event.name = String::from_utf8_lossy(value).into_owned(),
            (b"data", value) if event.data.is_empty() => event.data = value.to_owned(),
            (b"data", _) => return Err(Trouble::Garbage("an event of several lines".into())),
            (b"", _) if line.is_empty() && !event.data.is_empty() => return Ok(event),
            // A comment, a field that says nothing to us, a blank line too many.
            _ if event == Event::default() && now() > begin => return Err(Trouble::Silent),
            _ if now() > until => return Err(Trouble::late()),
            _ => {}
        }
    }
}

/// A line without its end.
fn line(reader: &mut impl BufRead, until: Moment) -> Result<Vec<u8>, Trouble> {
    let mut line = Vec::new();
    loop {
        let there = reader.fill_buf().map_err(Trouble::of_reading)?;
        if there.is_empty() {
            return Err(Trouble::Ended);
        }
        let end = there.iter().position(|&byte| byte == b'\n');
        let part = there.get(..end.unwrap_or(there.len())).unwrap_or_default();
        line.extend_from_slice(part);
        let taken = part.len() + usize::from(end.is_some());
        reader.consume(taken);
        if line.len() > LARGEST {
            return Err(Trouble::Garbage(format!("a line of more than {} MiB", LARGEST >> 20)));
        }
        if end.is_some() {
            line.truncate(line.strip_suffix(b"\r").map_or(line.len(), <[u8]>::len));
            return Ok(line);
        }
        if now() > until {
            return Err(Trouble::late());
        }
    }
}

impl Trouble {
    fn late() -> Trouble {
        Trouble::Garbage(format!("no whole event within {PATIENCE:?}"))
    }
}

/// `data: {}` is the field `data` with the value `{}`.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
    let (name, value) = line.split_at(colon);
    let value = value.strip_prefix(b":").unwrap_or(value);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(mut bytes: &[u8]) -> (Vec<(String, String)>, Trouble) {
        let mut events = Vec::new();
        loop {
            match next(&mut bytes) {
                Ok(event) => events.push((event.name, String::from_utf8_lossy(&event.data).into_owned())),
                Err(trouble) => return (events, trouble),
            }
        }
    }

    #[test]
    fn events_are_read_as_they_stand_and_what_says_nothing_is_passed_over() {
        let text = b": hello\r\n\r\nevent: status\r\nid: 7\r\ndata: {\"a\":1}\r\n\r\n\n\nevent:alive\ndata:{}\n\ndata: cut";
        let (events, end) = all(text);
        assert_eq!(events, [("status".into(), "{\"a\":1}".into()), ("alive".into(), "{}".into())]);
        assert!(matches!(end, Trouble::Ended));
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let (_, end) = all(&vec![b'x'; LARGEST + 100_000]);
        assert!(end.to_string().contains("16 MiB"), "{end}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_that_is_sent_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            all(&bytes);
        }
    }
}
