//! Why a state can't be made or published.

use std::{fmt, io, path::PathBuf};

use super::fault::StateFault;

/// Why a state can't be made or published; worded for the operator.
#[derive(Debug)]
pub enum WriteError {
    /// A name, address or other text has a length outside its limits.
    Length {
        /// What it is.
        what: &'static str,
        /// The text, cut.
        text: String,
        /// Its length in bytes.
        has: usize,
        /// The longest allowed, in bytes; the shortest is 1.
        max: usize,
    },
    /// Two nodes of a pool, or two pools, answer to one name or address.
    Duplicate {
        /// The name or address.
        text: String,
    },
    /// More than a file can hold.
    TooBig,
    /// The file has no pool of this number.
    NoSuchPool {
        /// The number.
        pool: usize,
    },
    /// The record has another number of nodes than the pool, or an active node it does not have.
    Nodes {
        /// Nodes of the pool.
        has: u64,
    },
    /// The memory does not fit: make a new file with a larger `memory_capacity`.
    MemoryTooBig {
        /// Bytes that were to be published.
        needed: usize,
        /// Bytes there is room for.
        capacity: u64,
    },
    /// A pool was not published before the file was to be revealed.
    Unpublished {
        /// The pool's number.
        pool: usize,
    },
    /// There was no heartbeat before the file was to be revealed.
    NoHeartbeat,
    /// The layout does not hold; a bug.
    Layout(StateFault),
    /// The system refused.
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { what, text, has, max } => {
                write!(out, "{what} `{text}` has {has} bytes; 1 to {max} are allowed")
            }
            Self::Duplicate { text } => {
                write!(out, "`{text}` is the name or address of two: make them differ")
            }
            Self::TooBig => out.write_str("too many pools, nodes or too much memory for one state"),
            Self::NoSuchPool { pool } => write!(out, "the state has no pool number {pool}"),
            Self::Nodes { has } => {
                write!(out, "the record does not fit a pool of {has} nodes")
            }
            Self::MemoryTooBig { needed, capacity } => {
                write!(out, "{needed} bytes of memory, room for {capacity}: make a new state")
            }
            Self::Unpublished { pool } => {
                write!(out, "pool number {pool} has not been published yet")
            }
            Self::NoHeartbeat => out.write_str("no heartbeat has been given yet"),
            Self::Layout(fault) => write!(out, "the layout does not hold: {fault}"),
            Self::Io { what, path, error } => {
                write!(out, "failed to {what} {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for WriteError {}

impl From<StateFault> for WriteError {
    fn from(fault: StateFault) -> Self {
        Self::Layout(fault)
    }
}
