//! A state's bytes as 64-bit little-endian words: every access atomic and within bounds.

use super::atomics::{AtomicU64, Ordering};
use super::fault::StateFault;
use super::layout::{CHECK_START, check_word, pack};

/// A whole state, addressed by byte offsets that are multiples of eight.
#[derive(Clone, Copy)]
pub struct Words<'a>(pub &'a [AtomicU64]);

impl<'a> Words<'a> {
    /// The word at byte `at`; `what` names it if it lies outside.
    pub fn cell(self, at: u64, what: &'static str) -> Result<&'a AtomicU64, StateFault> {
        let place = usize::try_from(at / 8).ok().filter(|_| at.is_multiple_of(8));
        place.and_then(|place| self.0.get(place)).ok_or(StateFault::Damaged { what, at })
    }

    /// The value at byte `at`.
    pub fn get(self, at: u64, what: &'static str) -> Result<u64, StateFault> {
        Ok(load(self.cell(at, what)?))
    }

    /// The `len` bytes from `at` (both multiples of eight) as words.
    pub fn range(self, at: u64, len: u64, what: &'static str) -> Result<Words<'a>, StateFault> {
        let fault = StateFault::Damaged { what, at };
        let end = at.checked_add(len).ok_or(fault)?;
        if !at.is_multiple_of(8) || !len.is_multiple_of(8) {
            return Err(fault);
        }
        let start = usize::try_from(at / 8).map_err(|_| fault)?;
        let end = usize::try_from(end / 8).map_err(|_| fault)?;
        self.0.get(start..end).map(Words).ok_or(fault)
    }

    /// Every value, in order.
    pub fn values(self) -> impl Iterator<Item = u64> + 'a {
        self.0.iter().map(load)
    }

    /// The checksum of these words but the one at byte `skip`.
    pub fn checksum(self, skip: u64) -> u64 {
        let place = usize::try_from(skip / 8).unwrap_or(usize::MAX);
        let words = self.values().enumerate().filter(|(i, _)| *i != place);
        words.fold(CHECK_START, |check, (_, word)| check_word(check, word))
    }

    /// Whether these words start with exactly `text`.
    pub fn start_with(self, text: &[u8]) -> bool {
        let words = self.0.get(..text.len().div_ceil(8));
        words.is_some_and(|words| {
            let mut pairs = words.iter().zip(text.chunks(8));
            pairs.all(|(word, chunk)| load(word) == pack(chunk))
        })
    }
}

/// A word's value. Relaxed: the order is the business of `two_copies`.
fn load(word: &AtomicU64) -> u64 {
    u64::from_le(word.load(Ordering::Relaxed))
}
