//! What the reader did not understand, or was not willing to read.

use super::tree::Place;
use std::fmt;

/// Something not understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub place: Place,
    /// What.
    pub why: Why,
}

/// What is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A `"` without its other end.
    Quote,
    /// A line longer than keepalived's buffer; bytes.
    LongLine(usize),
    /// A `}` too many.
    Closed,
    /// A `{` with nothing that it could belong to.
    Opened,
    /// So many blocks are not closed at the end.
    Unclosed(usize),
    /// Blocks, files or repetitions inside each other, too deep.
    Deep,
    /// More lines, once everything is expanded, than are looked at.
    Lines(usize),
    /// More or larger files than are looked at.
    Files,
    /// A parameter that is not defined.
    Undefined(String),
    /// A `~SEQ` or `~LST` that makes no sense.
    Repeat(String),
    /// An `include` that no file answers to.
    NoFile(String),
    /// A file that keepalived skips.
    Skipped(String),
    /// A file that includes itself.
    Cycle(String),
}

impl Why {
    /// Whether keepalived goes on without something that was meant to be there.
    pub fn loses(&self) -> bool {
        match self {
            Why::NoFile(pattern) => !pattern.contains(['*', '?', '[']),
            Why::Skipped(_) | Why::LongLine(_) | Why::Closed | Why::Opened | Why::Unclosed(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Quote => f.write_str("a \" without its other end"),
            Why::LongLine(bytes) => write!(f, "a line of {bytes} bytes, more than keepalived's 1023"),
            Why::Closed => f.write_str("a } too many"),
            Why::Opened => f.write_str("a { with no keyword before it"),
            Why::Unclosed(n) => write!(f, "{n} blocks without their }}"),
            Why::Deep => f.write_str("blocks, files or repetitions nested too deep"),
            Why::Lines(n) => write!(f, "more than {n} lines once everything is expanded"),
            Why::Files => f.write_str("more files, or larger ones, than are looked at"),
            Why::Undefined(name) => write!(f, "${name}, which is not defined"),
            Why::Repeat(text) => write!(f, "{text}, no repetition keepalived knows"),
            Why::NoFile(pattern) => write!(f, "include {pattern}, and there is no such file"),
            Why::Skipped(why) => write!(f, "an include that keepalived skips: {why}"),
            Why::Cycle(path) => write!(f, "include {path}, which is being read already"),
        }
    }
}
