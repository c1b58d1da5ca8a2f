//! Statements and their blocks.

use super::trouble::{Trouble, Why};
use super::words::words;
use std::fmt;
use std::sync::Arc;

/// Blocks inside blocks, at most; keepalived knows five.
const DEEPEST: usize = 32;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A keyword with what follows it on its line, and its block.
#[derive(Debug)]
pub struct Statement {
    /// Where it stands.
    pub place: Place,
    /// The line as keepalived sees it: without comments, parameters replaced, up to its brace.
    pub text: String,
    /// Its words, quotes removed; empty only for a block that belongs to nothing.
    pub words: Vec<String>,
    /// What stands in its braces, if it has any.
    pub block: Option<Vec<Statement>>,
}

impl Statement {
    /// The first word.
    pub fn keyword(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The `i`th word after the keyword, from 0.
    pub fn value(&self, i: usize) -> Option<&str> {
        self.words.get(i + 1).map(String::as_str)
    }

    /// What stands in the block; nothing if there is none.
    pub fn inside(&self) -> &[Statement] {
        self.block.as_deref().unwrap_or_default()
    }

    /// The statements of the block with this keyword.
    pub fn all<'s>(&'s self, keyword: &'s str) -> impl Iterator<Item = &'s Statement> {
        self.inside().iter().filter(move |s| s.keyword() == keyword)
    }

    /// The last of them: the one that counts for keepalived.
    pub fn get(&self, keyword: &str) -> Option<&Statement> {
        self.inside().iter().rev().find(|s| s.keyword() == keyword)
    }
}

/// Puts statements together.
#[derive(Default)]
pub(super) struct Builder {
    /// The blocks that are open, the outermost first, each with the statement it belongs to.
    open: Vec<(Statement, Vec<Statement>)>,
    /// The innermost block so far.
    here: Vec<Statement>,
    /// Open blocks that are not built: they are too deep.
    too_deep: usize,
    pub(super) trouble: Vec<Trouble>,
}

impl Builder {
    pub(super) fn note(&mut self, place: &Place, why: Why) {
        self.trouble.push(Trouble { place: place.clone(), why });
    }

    pub(super) fn statement(&mut self, text: &str, place: &Place) {
        let words = words(text);
        if self.too_deep == 0 && !words.is_empty() {
            self.here.push(Statement { place: place.clone(), text: text.to_owned(), words, block: None });
        }
    }

    pub(super) fn open(&mut self, place: &Place) {
        if self.too_deep > 0 || self.open.len() == DEEPEST {
            if self.too_deep == 0 {
                self.note(place, Why::Deep);
            }
            self.too_deep += 1;
            return;
        }
        let owner = self.here.pop_if(|last| last.block.is_none()).unwrap_or_else(|| {
            self.note(place, Why::Opened);
            Statement { place: place.clone(), text: String::new(), words: Vec::new(), block: None }
        });
        self.open.push((owner, std::mem::take(&mut self.here)));
    }

    pub(super) fn close(&mut self, place: &Place) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        match self.open.pop() {
            Some((owner, around)) => {
                let block = std::mem::replace(&mut self.here, around);
                self.here.push(Statement { block: Some(block), ..owner });
            }
            None => self.note(place, Why::Closed),
        }
    }

    /// The whole, once everything is read; blocks that are still open end here.
    pub(super) fn end(mut self, end: &Place) -> (Vec<Statement>, Vec<Trouble>) {
        let unclosed = self.open.len() + self.too_deep;
        self.too_deep = 0;
        if unclosed > 0 {
            self.note(end, Why::Unclosed(unclosed));
        }
        while !self.open.is_empty() {
            self.close(end);
        }
        (self.here, self.trouble)
    }
}
