//! The rows of an answer, in two pieces of memory, however many there are: what a thread frees in small pieces it keeps for
//! itself, and a thousand threads kept 30 MB.

/// The rows of one statement.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Of all its names and values, one behind the other; each is UTF-8.
    text: Vec<u8>,
    /// From where to where each is in it; `None` for NULL. The names come first, then row by row.
    places: Vec<Option<(u32, u32)>>,
    columns: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    set: &'a Set,
    first: usize,
}

impl Set {
    /// No rows yet, of so many columns.
    pub fn of(columns: usize) -> Set {
        Set { columns, ..Set::default() }
    }

    /// There will be so many more words, of about so many bytes in all.
    pub fn reserve(&mut self, words: usize, bytes: usize) {
        self.text.reserve(bytes);
        self.places.reserve(words);
    }

    /// Adds a word: the columns' names, then the values, row by row; `None` for NULL. What is no UTF-8 becomes U+FFFD.
    pub fn push(&mut self, word: Option<&[u8]>) {
        let place = word.map(|word| {
            let from = self.end();
            if word.is_ascii() || str::from_utf8(word).is_ok() {
                self.text.extend_from_slice(word);
            } else {
                self.text.extend_from_slice(String::from_utf8_lossy(word).as_bytes());
            }
            (from, self.end())
        });
        self.places.push(place);
    }

    /// The columns' names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        (0..self.columns).filter_map(|at| self.word(at))
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (1..=self.len()).map(|n| Row { set: self, first: n * self.columns })
    }

    /// The first of them.
    pub fn first(&self) -> Option<Row<'_>> {
        self.rows().next()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        (self.places.len().checked_div(self.columns)).map_or(0, |with_names| with_names.saturating_sub(1))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many words there are, names and values.
    pub(super) fn words(&self) -> usize {
        self.places.len()
    }

    fn word(&self, at: usize) -> Option<&str> {
        let (from, to) = (*self.places.get(at)?)?;
        str::from_utf8(self.text.get(from as usize..to as usize)?).ok()
    }

    /// An answer is far smaller than 4 GB.
    fn end(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

impl<'a> Row<'a> {
    /// The value of the first column with this name; `None` for NULL, and where there is no such column.
    pub fn get(&self, column: &str) -> Option<&'a str> {
        let set = self.set;
        let is_it = |place: &Option<(u32, u32)>| {
            place.is_some_and(|(from, to)| {
                (to - from) as usize == column.len()
                    && set.text.get(from as usize..to as usize) == Some(column.as_bytes())
            })
        };
        self.at(set.places.iter().take(set.columns).position(is_it)?)
    }

    /// The value of the column at this place, from 0; `None` for NULL, and where there is no such column.
    pub fn at(&self, column: usize) -> Option<&'a str> {
        (column < self.set.columns).then(|| self.set.word(self.first + column))?
    }

    /// All its values, by their columns' names; `None` for NULL.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let row = *self;
        self.set.columns().enumerate().map(move |(n, name)| (name, row.at(n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[Option<&[u8]>]) -> Set {
        let mut set = Set::of(2);
        words.iter().for_each(|word| set.push(*word));
        set
    }

    #[test]
    fn null_is_told_from_an_empty_text_and_what_is_no_text_is_shown_as_such() {
        let set =
            set(&[Some(b"host"), Some(b"error"), Some(b"db1"), None, Some(b""), Some("ö\u{e9}x".as_bytes())]);
        let rows: Vec<Row<'_>> = set.rows().collect();
        assert_eq!(rows[0].iter().collect::<Vec<_>>(), [("host", Some("db1")), ("error", None)]);
        assert_eq!(
            (rows[1].get("host"), rows[1].get("error"), rows[1].get("port")),
            (Some(""), Some("öéx"), None)
        );
        assert_eq!((rows.len(), rows[0].at(1), rows[0].at(2)), (2, None, None));
    }

    #[test]
    fn a_text_cut_in_the_middle_of_a_character_is_not_lost() {
        let set = set(&[Some(b"a"), Some(b"b"), Some(b"caf\xc3"), None]);
        assert_eq!(set.first().and_then(|row| row.get("a")), Some("caf\u{fffd}"));
    }

    #[test]
    fn what_breaks_off_is_no_row() {
        assert_eq!((set(&[]).len(), Set::default().rows().count()), (0, 0));
        assert!(set(&[Some(b"a"), Some(b"b"), Some(b"x")]).is_empty());
    }
}
