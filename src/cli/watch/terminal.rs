//! The terminal: taken, drawn on, and given back as it was, however this ends.

use super::line::Line;
use crate::cli::look::Look;
use crossterm::style::{Attribute, Color, Print, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{cursor, queue};
use std::io::{self, Write};
use std::panic;

/// A terminal, with what is on it.
pub(super) struct Terminal {
    /// Columns and lines.
    pub(super) size: (u16, u16),
    colour: bool,
    shown: Vec<Line>,
}

impl Terminal {
    /// Takes it: its other screen, every key as it is pressed.
    ///
    /// # Errors
    /// If it is none, or gone.
    pub(super) fn take(colour: bool) -> io::Result<Terminal> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            _ = give_back();
            before(info);
        }));
        let mut terminal = Terminal { size: (80, 24), colour, shown: Vec::new() };
        terminal.take_again()?;
        Ok(terminal)
    }

    /// Takes it again after it was given back, or after a shell had it.
    ///
    /// # Errors
    /// If it is gone.
    pub(super) fn take_again(&mut self) -> io::Result<()> {
        cook();
        enable_raw_mode()?;
        let mut out = Vec::new();
        queue!(out, EnterAlternateScreen, cursor::Hide, DisableLineWrap)?;
        write(&out)?;
        self.resize(size().unwrap_or(self.size))
    }

    /// It has this size now.
    ///
    /// # Errors
    /// If it is gone.
    pub(super) fn resize(&mut self, size: (u16, u16)) -> io::Result<()> {
        self.size = size;
        self.clear()
    }

    /// Blank: the next picture is drawn whole.
    ///
    /// # Errors
    /// If it is gone.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.shown.clear();
        let mut out = Vec::new();
        queue!(out, Clear(ClearType::All))?;
        write(&out)
    }

    /// Draws the lines that are not what they were, in one go.
    ///
    /// # Errors
    /// If it is gone.
    pub(super) fn draw(&mut self, lines: Vec<Line>) -> io::Result<()> {
        let mut out = Vec::new();
        for (row, line) in (0..self.size.1).zip(&lines) {
            if self.shown.get(usize::from(row)) != Some(line) {
                queue!(out, cursor::MoveTo(0, row))?;
                for (look, text) in line.spans() {
                    self.dress(&mut out, look)?;
                    queue!(out, Print(text), SetAttribute(Attribute::Reset))?;
                }
                // Behind the last column there is nothing to clear, but the cursor stands on it.
                if line.width() < usize::from(self.size.0) {
                    queue!(out, Clear(ClearType::UntilNewLine))?;
                }
            }
        }
        self.shown = lines;
        if out.is_empty() { Ok(()) } else { write(&out) }
    }

    fn dress(&self, out: &mut Vec<u8>, look: Look) -> io::Result<()> {
        let (attribute, colour) = match look {
            Look::Plain => (None, None),
            Look::Strong => (Some(Attribute::Bold), None),
            Look::Good => (None, Some(Color::DarkGreen)),
            Look::Doubtful => (None, Some(Color::DarkYellow)),
            Look::Bad => (Some(Attribute::Bold), Some(Color::DarkRed)),
            Look::Changed => (Some(Attribute::Reverse), None),
        };
        if let Some(attribute) = attribute {
            queue!(out, SetAttribute(attribute))?;
        }
        if let Some(colour) = colour.filter(|_| self.colour) {
            queue!(out, SetForegroundColor(colour))?;
        }
        Ok(())
    }
}

/// Gives the terminal back as it was.
///
/// # Errors
/// If it is gone.
pub(super) fn give_back() -> io::Result<()> {
    let mut out = Vec::new();
    queue!(out, EnableLineWrap, cursor::Show, LeaveAlternateScreen)?;
    let written = write(&out);
    cook();
    written
}

/// Lines and echo again, without a word to a terminal that may take none.
pub(super) fn cook() {
    // Where that fails the terminal is gone.
    _ = disable_raw_mode();
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut screen = io::stdout().lock();
    screen.write_all(bytes)?;
    screen.flush()
}
