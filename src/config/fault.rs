//! Faults as the operator reads them: `FILE:LINE:COL: what was found, what is allowed, what to do`.

use std::fmt;

/// How many faults of one file are told; the rest are counted.
pub(super) const TOLD: usize = 50;

/// Line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// One fault, or one warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named to `load`.
    pub file: String,
    /// Where in the file; `None` when it is about the whole of it.
    pub position: Option<Position>,
    /// What was found, what is allowed, what to do.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(p) => write!(f, "{}:{}:{}: {}", self.file, p.line, p.column, self.text),
            None => write!(f, "{}: {}", self.file, self.text),
        }
    }
}

/// All faults of a file, in the order of the file: at least one.
///
/// Prints one a line, at most 50, then `and N more`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The first 50.
    pub list: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
}

impl Faults {
    /// The one fault that keeps the rest of a file from being looked at.
    pub(super) fn only(file: &str, position: Option<Position>, text: String) -> Faults {
        Faults { list: vec![Fault { file: file.to_owned(), position, text }], more: 0 }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.list.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{fault}")?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Faults {}
