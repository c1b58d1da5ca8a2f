//! From a place in the tree to line and column.
//!
//! The YAML parser itself is asked: it walks down to the place and is made to fail there, so that flow style,
//! quoted keys, comments and anchors are where the parser sees them, not where a second scanner guesses.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fault::Position;
use super::reading::Place;

/// How many bytes may be parsed again for one file's faults: enough for 50 faults at the end of a file of 10,000
/// nodes; a larger file may see some of its faults without a position.
const EFFORT: usize = 48 << 20;
/// The first look is at this much of the text, each further one at eight times more: most faults stand early.
const FIRST_LOOK: usize = 16 << 10;

/// A text in which places are looked for.
pub(super) struct Locator<'t> {
    text: &'t str,
    left: Cell<usize>,
}

impl<'t> Locator<'t> {
    /// For the faults of one reading of a text.
    pub(super) fn of(text: &'t str) -> Locator<'t> {
        Locator { text, left: Cell::new(EFFORT) }
    }

    /// Where a place stands; if it cannot be found, the nearest ancestor that can. `None`: the effort is spent.
    pub(super) fn find(&self, place: &Place) -> Option<Position> {
        let ancestors = (0..place.steps.len()).rev().map(|n| (&place.steps[..n], true));
        std::iter::once((&place.steps[..], place.value))
            .chain(ancestors)
            .find_map(|(steps, value)| self.walk(steps, value))
    }

    /// The whole lines of the first `look` bytes; all of the text if there are none.
    fn part(&self, look: usize) -> &'t str {
        let lines =
            self.text.as_bytes().get(..look).and_then(|bytes| bytes.iter().rposition(|byte| *byte == b'\n'));
        lines.map_or(self.text, |end| &self.text[..=end])
    }

    fn walk(&self, steps: &[usize], value: bool) -> Option<Position> {
        let mut look = FIRST_LOOK;
        loop {
            let part = self.part(look);
            let whole = part.len() == self.text.len();
            self.left.set(self.left.get().checked_sub(part.len())?);
            let reached = Cell::new(false);
            let document = serde_yaml::Deserializer::from_str(part).next()?;
            let error = Walk { steps, value, whole, reached: &reached }.deserialize(document).err();
            if reached.get() || whole {
                return error.filter(|_| reached.get()).and_then(|e| position(&e));
            }
            look *= 8;
        }
    }
}

/// Where the second document of `text` begins.
pub(super) fn second_document(text: &str) -> Option<Position> {
    let document = serde_yaml::Deserializer::from_str(text).nth(1)?;
    let walk = Walk { steps: &[], value: true, whole: true, reached: &Cell::new(false) };
    walk.deserialize(document).err().and_then(|e| position(&e))
}

/// Where a YAML error happened, if it says so.
pub(super) fn position(error: &serde_yaml::Error) -> Option<Position> {
    error.location().map(|at| Position { line: at.line(), column: at.column() })
}

/// Walks the steps down, then fails.
#[derive(Clone, Copy)]
struct Walk<'s> {
    steps: &'s [usize],
    value: bool,
    /// Whether this is all of the text. At the end of a part a value may look empty that stands in the next line.
    whole: bool,
    /// Set where the steps end: any other failure is not at the place.
    reached: &'s Cell<bool>,
}

impl Walk<'_> {
    fn stop<T, E: Error>(self) -> Result<T, E> {
        self.reached.set(self.steps.is_empty());
        Err(E::custom("here"))
    }

    fn below(self) -> Option<(usize, Self)> {
        let (first, rest) = self.steps.split_first()?;
        Some((*first, Walk { steps: rest, ..self }))
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place looked for")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.whole { self.stop() } else { Err(E::custom("perhaps not here")) }
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.stop()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.stop()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.stop()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.stop()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.stop()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.stop()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.stop()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((index, below)) = self.below() else { return self.stop() };
        for _ in 0..index {
            list.next_element::<IgnoredAny>()?;
        }
        list.next_element_seed(below)?;
        self.stop()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((index, below)) = self.below() else { return self.stop() };
        for _ in 0..index {
            if map.next_entry::<IgnoredAny, IgnoredAny>()?.is_none() {
                return self.stop();
            }
        }
        if below.steps.is_empty() && !below.value {
            map.next_key_seed(below)?;
        } else if map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(below)?;
        }
        self.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_beyond_the_first_look_is_found_where_it_stands() {
        let filler = format!("# {}\n", "x".repeat(61)).repeat(FIRST_LOOK / 64 - 1);
        for lead in 0..70 {
            let text = format!("{filler}#{}\npools:\n  # why\n  - a\n  - b: 1\n", "y".repeat(lead));
            let at = |steps: &[usize], value| {
                Locator::of(&text).find(&Place { steps: steps.to_vec(), value }).map(|p| (p.line, p.column))
            };
            let first = FIRST_LOOK / 64 + 1;
            assert_eq!(at(&[0], false), Some((first, 1)), "{lead}");
            assert_eq!(at(&[0], true), Some((first + 2, 3)), "{lead}");
            assert_eq!(at(&[0, 0], true), Some((first + 2, 5)), "{lead}");
            assert_eq!(at(&[0, 1, 0], true), Some((first + 3, 8)), "{lead}");
            assert_eq!(at(&[0, 7], true), Some((first + 2, 3)), "no such item: its list, {lead}");
        }
    }
}
