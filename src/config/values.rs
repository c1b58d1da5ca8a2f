//! Reading one value: a duration, a number, a word, a path. What cannot be taken is noted, with what can.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::duration::{parse, written};
use super::section::Spot;
use super::suggest::nearest;
use super::tree::Tree;

/// So many milliseconds.
pub(super) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// So many seconds.
pub(super) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

impl Spot<'_> {
    /// A text; numbers, true and false have to be quoted to be one.
    pub(super) fn text(&self) -> Option<&str> {
        match self.tree {
            Tree::Text(text) if text.is_empty() => {
                self.fault("an empty text; give a value, or remove the key")
            }
            Tree::Text(text) if text.chars().any(char::is_control) => {
                self.fault(format!("{} contains control characters; remove them", self.tree.shown()));
            }
            Tree::Text(text) => return Some(text),
            Tree::List(_) | Tree::Map(_) => {
                self.fault(format!("{} is not a text; write one value", self.tree.shown()))
            }
            scalar => self.fault(format!("{} is not a text unless it is quoted; write {0}", scalar.shown())),
        }
        None
    }

    /// A duration within a range.
    pub(super) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        self.duration_else("", range)
    }

    /// A duration within a range, or a word: `None`.
    pub(super) fn duration_or(
        &self,
        word: &str,
        range: RangeInclusive<Duration>,
    ) -> Option<Option<Duration>> {
        if self.is(word) { Some(None) } else { self.duration_else(&format!(", or {word}"), range).map(Some) }
    }

    fn duration_else(&self, other: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let found = match self.tree {
            Tree::Text(text) => parse(text),
            _ => None,
        };
        match found {
            None => {
                self.fault(format!("{} is not a duration; write 1s, 250ms or 2m{other}", self.tree.shown()))
            }
            Some(d) if !range.contains(&d) => self.fault(format!(
                "{} is out of range; write {} to {}{other}",
                self.tree.shown(),
                written(*range.start()),
                written(*range.end())
            )),
            Some(d) => return Some(d),
        }
        None
    }

    /// A whole number within a range.
    pub(super) fn count(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let number = match self.tree {
            Tree::Integer(n) => u32::try_from(*n).ok().filter(|n| range.contains(n)),
            _ => None,
        };
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.fault(format!("{} is not a number from {low} to {high}; write one", self.tree.shown()));
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Option<bool> {
        if let Tree::Bool(b) = self.tree {
            return Some(*b);
        }
        self.fault(format!("{} is neither true nor false; write one of them", self.tree.shown()));
        None
    }

    /// One of several words, each with what it stands for.
    pub(super) fn word<T: Clone>(&self, words: &[(&str, T)]) -> Option<T> {
        let found = match self.tree {
            Tree::Text(text) => text,
            _ => "",
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == found) {
            return Some(meaning.clone());
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let meant = nearest(found, &all).map(|word| format!("; did you mean {word}?")).unwrap_or_default();
        let allowed =
            if let [only] = all[..] { only.to_owned() } else { format!("one of: {}", all.join(", ")) };
        self.fault(format!("{} is not allowed; write {allowed}{meant}", self.tree.shown()));
        None
    }

    /// Whether the value is this word.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.tree, Tree::Text(text) if text == word)
    }

    /// A name: 1 to 64 of `A-Z a-z 0-9 _ . -`, the first not a dot or dash.
    pub(super) fn name(&self) -> Option<String> {
        let text = self.text()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if text.len() <= 64 && text.chars().all(plain) && !text.starts_with(['.', '-']) {
            return Some(text.to_owned());
        }
        self.fault(format!(
            "{} is not a name; write 1 to 64 of A-Z a-z 0-9 _ . - and neither \".\" nor \"-\" first",
            self.tree.shown()
        ));
        None
    }

    /// The name of an account, as it stands in `file`: a `user`, a `group`.
    pub(super) fn account(&self, what: &str, file: &str) -> Option<String> {
        let name = self.text()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if first && name.len() <= 32 && name.chars().all(plain) {
            return Some(name.to_owned());
        }
        self.fault(format!("{} is not a {what}'s name; write one as in {file}", self.tree.shown()));
        None
    }

    /// Whether a text stands for itself in keepalived's configuration, where quotes, `$`, `~` and more mean something.
    pub(super) fn literal(&self, text: &str) -> bool {
        let plain =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':' | '@' | '+');
        let good = text.chars().all(plain);
        if !good {
            self.fault(format!(
                "{} has characters that keepalived would not take as they are; write A-Z a-z 0-9 _ . - / : @ + only",
                self.tree.shown()
            ));
        }
        good
    }

    /// A path; a relative one starts from the file's folder.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.text().map(|text| self.reading.folder.join(text))
    }

    /// A folder: an absolute path of at most `longest` bytes.
    pub(super) fn folder(&self, longest: usize) -> Option<PathBuf> {
        let text = self.text()?;
        if !Path::new(text).is_absolute() {
            self.fault(format!("{} is not an absolute path; begin it with /", self.tree.shown()));
        } else if text.len() > longest {
            self.fault(format!(
                "{} has {} bytes; at most {longest} are possible",
                self.tree.shown(),
                text.len()
            ));
        } else {
            return Some(PathBuf::from(text));
        }
        None
    }
}
