//! Why there is no answer, in words; and how much time is left.

use crate::clock::now;
use crate::core::time::{Duration, Moment};
use crate::mysql::Fault;
use crate::poll::failure::{plain_words, shorten};
use std::io::{self, ErrorKind};

/// Why a checkpoint does not answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Its deadline has passed.
    Late,
    /// In words.
    Said(String),
    /// It could not be asked, and why.
    Unable(String),
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Trouble {
        match e.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Trouble::Late,
            ErrorKind::UnexpectedEof => Trouble::Said("it hangs up".into()),
            kind => Trouble::Said(plain_words(kind).map_or_else(|| shorten(&e.to_string()), str::to_owned)),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        match fault {
            Fault::Unreachable(e) | Fault::Broken(e) => e.into(),
            _ => Trouble::Said("no MySQL server answers there".into()),
        }
    }
}

/// What is left until a deadline.
///
/// # Errors
/// [`Trouble::Late`] if nothing is.
pub(super) fn left(deadline: Moment) -> Result<Duration, Trouble> {
    let left = deadline.since(now());
    if left.is_zero() { Err(Trouble::Late) } else { Ok(left) }
}
