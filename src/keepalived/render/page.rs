//! Lines, blocks and their indentation, as keepalived wants them: each word and each brace where it belongs.

use std::fmt::{Display, Write};

/// A text that grows.
#[derive(Default)]
pub(super) struct Page {
    text: String,
    depth: usize,
}

impl Page {
    /// Adds a line.
    pub(super) fn line(&mut self, line: impl Display) {
        let indent = self.depth * 4;
        _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    /// Adds the operator's own lines; their blocks are indented.
    pub(super) fn own(&mut self, lines: &[String]) {
        for line in lines {
            self.depth -= usize::from(line == "}");
            self.line(line);
            self.depth += usize::from(line.ends_with('{'));
        }
    }

    /// Adds a comment, a line for each of the text's.
    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines() {
            self.line(if line.is_empty() { "#".to_owned() } else { format!("# {line}") });
        }
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Adds a block with what `inner` adds.
    pub(super) fn block(&mut self, head: impl Display, inner: impl FnOnce(&mut Page)) {
        self.line(format_args!("{head} {{"));
        self.depth += 1;
        inner(self);
        self.depth -= 1;
        self.line("}");
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
