//! keepalived's configuration language, read as keepalived 2.2 reads it: from files to a tree of statements.
//!
//! - `files`, `glob`: the files, and which of them an `include` means
//! - `comment`, `define`, `repeat`: what happens to a line before it means anything
//! - `reader`: file after file, line after line
//! - `words`, `tree`: statements and their blocks
//! - `trouble`: what was not understood

mod comment;
mod define;
mod files;
mod glob;
mod reader;
mod repeat;
mod tree;
mod trouble;
mod words;

pub use files::{Alone, Disk, Files, Unread};
pub use reader::{Limits, read};
pub use tree::{Place, Statement};
pub use trouble::{Trouble, Why};
pub use words::{script, words};

/// A configuration, with all its files.
#[derive(Debug)]
pub struct Conf {
    /// The statements outside of any block, in order.
    pub statements: Vec<Statement>,
    /// What was not understood, in order.
    pub trouble: Vec<Trouble>,
}
