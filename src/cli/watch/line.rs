//! A line of the screen: texts, each with its look, cut and wrapped by the room that terminals give them.

use crate::cli::look::Look;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands for what was cut off.
const CUT: &str = "..";

/// A line. Whatever a server or an operator wrote, there is nothing in it that a terminal would obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    spans: Vec<(Look, String)>,
}

impl Line {
    /// A line of one text.
    pub(super) fn of(look: Look, text: &str) -> Line {
        Line::default().with(look, text)
    }

    /// The same with a text more.
    pub(super) fn with(mut self, look: Look, text: &str) -> Line {
        self.spans.push((look, clean(text)));
        self
    }

    /// Its texts, from left to right.
    pub(super) fn spans(&self) -> impl Iterator<Item = (Look, &str)> {
        self.spans.iter().map(|(look, text)| (*look, text.as_str()))
    }

    /// The columns it takes.
    pub(super) fn width(&self) -> usize {
        self.spans().map(|(_, text)| text.width()).sum()
    }

    /// No wider than so many columns; what was cut off is marked.
    pub(super) fn within(self, width: usize) -> Line {
        if self.width() <= width {
            return self;
        }
        let mut room = width.saturating_sub(CUT.len());
        let mut line = Line::default();
        for (look, text) in self.spans {
            let part = head(&text, room);
            room = room.saturating_sub(part.width());
            let is_whole = part.len() == text.len();
            line.spans.push((look, part.to_owned()));
            if !is_whole {
                break;
            }
        }
        line.with(Look::Plain, &CUT[..width.min(CUT.len())])
    }
}

/// Blanks for control characters; nothing for what has no width, such as marks that turn the direction of writing.
pub(super) fn clean(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.filter(|c| c.width().is_some_and(|w| w > 0)).collect()
}

/// A text in no more than so many columns; what was cut off is marked.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(CUT.len());
    format!("{}{}", head(text, room), &CUT[..width.min(CUT.len())])
}

/// A text over at most `most` lines of so many columns, broken at blanks where there are any; the rest is cut off.
pub(super) fn wrap(text: &str, width: usize, most: usize) -> Vec<String> {
    let text = clean(text);
    let mut rest = text.trim();
    let mut lines = Vec::new();
    while !rest.is_empty() && lines.len() + 1 < most && rest.width() > width {
        let line = head(rest, width);
        let end = line.rfind(' ').filter(|&end| end > 0).unwrap_or(line.len());
        if end == 0 {
            break;
        }
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() && most > 0 {
        lines.push(cut(rest, width));
    }
    lines
}

/// As much of the beginning as fits.
fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > width
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line) -> String {
        line.spans().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_is_cut_off_is_marked_whatever_its_letters_are_wide() {
        for (whole, width, wanted) in [
            ("replication", 11, "replication"),
            ("replication", 6, "repl.."),
            ("レプリカ", 7, "レプ.."),
            ("replication", 2, ".."),
            ("replication", 1, "."),
            ("replication", 0, ""),
        ] {
            assert_eq!(cut(whole, width), wanted);
            let line = Line::of(Look::Plain, whole).within(width);
            assert!(line.width() <= width, "{line:?}");
        }
        let two = Line::of(Look::Strong, "db1 ").with(Look::Plain, "connection refused");
        assert_eq!(text(&two.clone().within(12)), "db1 connec..");
        assert_eq!(text(&two.clone().within(4)), "db..");
        assert_eq!(text(&two.within(3)), "d..");
    }

    #[test]
    fn long_words_break_at_blanks_and_end_with_the_last_line() {
        assert_eq!(wrap("db2 promoted; db1 failed", 14, 3), ["db2 promoted;", "db1 failed"]);
        assert_eq!(wrap("db2 promoted; db1 failed", 14, 1), ["db2 promoted.."]);
        assert_eq!(wrap("0123456789", 4, 2), ["0123", "45.."]);
        assert_eq!(wrap("", 4, 2), Vec::<String>::new());
        assert_eq!(wrap("anything", 0, 2), [""]);
    }

    #[test]
    fn nothing_a_server_says_reaches_the_terminal_as_an_order() {
        assert_eq!(text(&Line::of(Look::Plain, "a\x1b[2J\n\u{9b}b\u{202e}c")), "a [2J  bc");
    }
}
