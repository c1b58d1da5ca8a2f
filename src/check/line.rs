//! Text for the operator without an allocator: one line, bounded, whatever was in the arguments.

use core::fmt::{self, Write};

/// Longest line, in bytes; what is more is cut at a character.
const LINE_MAX: usize = 1024;

/// A line that is being written.
pub struct Line {
    bytes: [u8; LINE_MAX],
    len: usize,
}

impl Line {
    /// A line feed behind what `args` say, cut to [`LINE_MAX`].
    pub fn of(args: fmt::Arguments<'_>) -> Line {
        let mut line = Line { bytes: [0; LINE_MAX], len: 0 };
        // It fails only when the line is full: what fits is kept.
        let _ = line.write_fmt(args);
        line.bytes[line.len] = b'\n';
        line.len += 1;
        line
    }

    /// The text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or("\n")
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // One byte is kept for the line feed.
        let room = LINE_MAX - 1 - self.len;
        let fits = &text.as_bytes()[..text.floor_char_boundary(room)];
        self.bytes[self.len..][..fits.len()].copy_from_slice(fits);
        self.len += fits.len();
        (fits.len() == text.len()).then_some(()).ok_or(fmt::Error)
    }
}

/// Bytes from outside, made fit to be shown: neither control characters nor broken UTF-8.
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                let is_plain = !character.is_control();
                out.write_char(if is_plain { character } else { char::REPLACEMENT_CHARACTER })?;
            }
            if !chunk.invalid().is_empty() {
                out.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// Nanoseconds as seconds with one decimal.
pub struct Seconds(pub u64);

impl fmt::Display for Seconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0 / 100_000_000;
        write!(out, "{}.{}s", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_at_a_character_and_ends_with_a_line_feed() {
        let line = Line::of(format_args!("{}", "ä".repeat(LINE_MAX)));
        assert_eq!(line.text().len(), LINE_MAX - 1);
        assert!(line.text().ends_with("ä\n"));
    }

    #[test]
    fn what_came_from_outside_can_not_break_the_line() {
        let line = Line::of(format_args!("{}", Shown(b"a\nb\x1b[31m\xff\xc3\xa4")));
        assert_eq!(line.text(), "a\u{fffd}b\u{fffd}[31m\u{fffd}ä\n");
    }

    #[test]
    fn an_age_is_shown_in_tenths_of_a_second() {
        assert_eq!(Seconds(7_260_000_000).to_string(), "7.2s");
        assert_eq!(Seconds(3_000_000_000).to_string(), "3.0s");
    }
}
