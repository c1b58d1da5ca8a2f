//! A row's texts, in one piece of memory.

use std::ops::Range;
use std::sync::Arc;

/// Texts in their order, some of them missing: a row, or the names of its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    text: String,
    places: Vec<Option<Range<usize>>>,
}

impl Words {
    /// None yet.
    pub fn new() -> Words {
        Words::default()
    }

    /// None yet, with room for so many of so many bytes in all: then it takes two allocations, not twenty.
    pub fn with_room(words: usize, bytes: usize) -> Words {
        Words { text: String::with_capacity(bytes), places: Vec::with_capacity(words) }
    }

    /// Adds one at the end; `None` for NULL. What is no UTF-8 becomes U+FFFD.
    pub fn push(&mut self, word: Option<&[u8]>) {
        let place = word.map(|word| {
            let from = self.text.len();
            match str::from_utf8(word) {
                Ok(word) => self.text.push_str(word),
                Err(_) => self.text.push_str(&String::from_utf8_lossy(word)),
            }
            from..self.text.len()
        });
        self.places.push(place);
    }

    /// The one at this place, from 0; `None` for NULL, and beyond the end.
    pub fn get(&self, at: usize) -> Option<&str> {
        self.places.get(at)?.clone().map(|place| &self.text[place])
    }

    /// All of them; `None` for NULL.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.places.iter().map(|place| place.clone().map(|place| &self.text[place]))
    }
}

/// A row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What its values are called.
    pub columns: Arc<Words>,
    /// As many as there are columns.
    pub values: Words,
}

impl Record {
    /// The value of the first column with this name; `None` for NULL, and where there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.values.get(self.columns.iter().position(|name| name == Some(column))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_told_from_an_empty_text_and_what_is_no_text_is_shown_as_such() {
        let mut words = Words::new();
        for word in [Some(&b"db1"[..]), None, Some(b""), Some(b"\xffx")] {
            words.push(word);
        }
        assert_eq!(words.iter().collect::<Vec<_>>(), [Some("db1"), None, Some(""), Some("\u{fffd}x")]);
        assert_eq!((words.get(0), words.get(1), words.get(4)), (Some("db1"), None, None));
    }
}
