//! Reading a server's rows by the names of their columns, whatever the server.

use super::failure::shorten;
use crate::core::observation::{Run, Thread};
use crate::core::position::{BadGtid, Coordinate};
use crate::mysql::{Row, Set};
use std::fmt;
use std::str::FromStr;

/// Longest text taken for one value, bytes: a GTID position of a thousand domains.
pub(super) const LONGEST_VALUE: usize = 32 << 10;
/// Longest file name, bytes: FN_REFLEN of the servers.
const LONGEST_NAME: usize = 512;
/// Most channels of a server.
const MOST_CHANNELS: usize = 64;

/// What MySQL says before it says what happened.
const PREFACE: &str =
    "Coordinator stopped because there were error(s) in the worker(s). The most recent failure being: ";

/// What a server answered and should not have, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd(pub String);

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<BadGtid> for Odd {
    fn from(bad: BadGtid) -> Odd {
        Odd(format!("answers `{}` for a GTID", shorten(&bad.0)))
    }
}

/// The three sets of rows that every question asks for.
pub(super) struct Sets<'a> {
    /// The server's variables.
    pub(super) server: Fields<'a>,
    /// A row a channel.
    pub(super) channels: Vec<Fields<'a>>,
    /// The end of its binary log, if it writes one.
    pub(super) binlog: Option<Fields<'a>>,
}

impl Sets<'_> {
    pub(super) fn of(sets: &[Set]) -> Result<Sets<'_>, Odd> {
        let [variables, channels, binlog] = sets else {
            return Err(Odd(format!("answers {} sets of rows instead of 3", sets.len())));
        };
        if channels.len() > MOST_CHANNELS {
            return Err(Odd(format!("has {} channels, at most {MOST_CHANNELS}", channels.len())));
        }
        let server = variables.first().ok_or_else(|| missing("server_id"))?;
        Ok(Sets {
            server: Fields(server),
            channels: channels.rows().map(Fields).collect(),
            binlog: binlog.first().map(Fields),
        })
    }

    /// End of its own binary log.
    pub(super) fn end_of_binlog(&self) -> Result<Option<Coordinate>, Odd> {
        self.binlog.as_ref().map(|row| row.coordinate("File", "Position")).transpose()
    }
}

/// A row by its columns' names.
pub(super) struct Fields<'a>(Row<'a>);

impl<'a> Fields<'a> {
    /// `None` for NULL, and for a column that is not there.
    pub(super) fn optional(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Odd> {
        bounded(self.whole(name)?, name, LONGEST_VALUE)
    }

    /// A text of any length.
    pub(super) fn whole(&self, name: &str) -> Result<&'a str, Odd> {
        self.optional(name).ok_or_else(|| missing(name))
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<T, Odd> {
        parse(self.text(name)?, name)
    }

    /// `None` for NULL.
    pub(super) fn parsed_optional<T: FromStr>(&self, name: &str) -> Result<Option<T>, Odd> {
        self.optional(name).map(|text| parse(text, name)).transpose()
    }

    /// A switch that is on. Some have more than two positions: everything but off is on.
    pub(super) fn on(&self, name: &str) -> Result<bool, Odd> {
        Ok(!matches!(self.text(name)?, "0" | "OFF"))
    }

    pub(super) fn coordinate(&self, file: &str, offset: &str) -> Result<Coordinate, Odd> {
        let name = bounded(self.text(file)?, file, LONGEST_NAME)?;
        Ok(Coordinate { file: name.to_owned(), offset: self.parsed(offset)? })
    }

    pub(super) fn thread(&self, run: &str, number: &str, error: &str) -> Result<Thread, Odd> {
        let run = match self.text(run)? {
            "Yes" => Run::Yes,
            "No" => Run::No,
            _ => Run::Connecting,
        };
        let number = self.parsed(number)?;
        let error = self.text(error)?;
        let error = error.strip_prefix(PREFACE).unwrap_or(error);
        Ok(Thread { run, error: (number != 0).then(|| (number, shorten(error))) })
    }
}

/// What a server says is remembered and published: it must be of a size that servers say.
fn bounded<'a>(text: &'a str, name: &str, most: usize) -> Result<&'a str, Odd> {
    if text.len() <= most {
        return Ok(text);
    }
    Err(Odd(format!("answers {} bytes for {name}, at most {most}", text.len())))
}

fn parse<T: FromStr>(text: &str, name: &str) -> Result<T, Odd> {
    text.parse().map_err(|_| Odd(format!("answers `{}` for {name}", shorten(text))))
}

fn missing(name: &str) -> Odd {
    Odd(format!("answers without {name}"))
}
