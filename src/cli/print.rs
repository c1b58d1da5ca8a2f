//! Printing: the one place. A reader that has gone away, as in `mpp events | head -1`, is no reason to make a fuss; a
//! full disk is, as in `mpp keepalived render >mpp.conf`.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Standard output has not taken something that somebody wants to have.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a text to standard output, with a newline if it has none; says whether anybody still reads.
pub fn out(text: &str) -> bool {
    let result = write(io::stdout().lock(), text);
    if let Err(e) = &result
        && e.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        err(&format!("mpp: can't write to standard output: {e}"));
    }
    result.is_ok()
}

/// Whether something could not be written to standard output, for another reason than that nobody reads it.
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a text to standard error, with a newline if it has none.
pub fn err(text: &str) {
    // If nobody hears it there is nobody to tell that.
    _ = write(io::stderr().lock(), text);
}

/// Servers say what they like: a line with nothing in it that a terminal would act on.
pub fn harmless(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn write(mut to: impl Write, text: &str) -> io::Result<()> {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    to.write_all(format!("{text}{end}").as_bytes())?;
    to.flush()
}
