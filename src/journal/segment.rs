//! One file of events: a JSON object a line, named by the number of its first event.

use crate::alert::Line;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// From what length on the next file is begun, bytes.
pub(super) const FULL: u64 = 1 << 20;
/// So much of a file is read, bytes: far more than one of ours has.
const READ: u64 = 8 << 20;
/// No number is as high, nor can programs that count in doubles tell it from the next: it is damage.
const TOO_HIGH: u64 = 1 << 53;
const SUFFIX: &str = ".jsonl";
const DIGITS: usize = 20;

/// A file of events.
pub(super) struct Segment {
    /// The number of its first event.
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

/// What is in one.
pub(super) struct Contents {
    /// Its events, in order.
    pub(super) lines: Vec<Line>,
    /// How much of it is whole lines, bytes.
    pub(super) whole: u64,
    /// How much there is, bytes.
    pub(super) len: u64,
    /// What of the whole lines is no event, in words.
    pub(super) fault: Option<String>,
}

impl Segment {
    /// The one that begins with this event.
    pub(super) fn beginning_with(first: u64, dir: &Path) -> Segment {
        Segment { first, path: dir.join(format!("{first:0DIGITS$}{SUFFIX}")) }
    }

    fn named(path: PathBuf) -> Option<Segment> {
        let digits = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?;
        let first = digits.parse().ok().filter(|_| digits.len() == DIGITS)?;
        Some(Segment { first, path })
    }

    /// Reads it: what is damaged is left out and said; a last line without its end is left out.
    pub(super) fn read(&self) -> io::Result<Contents> {
        let file = File::open(&self.path)?;
        let len = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(READ).read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |last| last + 1);
        bytes.truncate(whole);
        let mut lines = Vec::new();
        let mut damaged = Vec::new();
        for (n, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
            match serde_json::from_slice::<Line>(line) {
                Ok(line) if line.seq < TOO_HIGH => lines.push(line),
                _ => damaged.push(n + 1),
            }
        }
        let fault = damaged.first().map(|first| self.fault(damaged.len(), *first));
        Ok(Contents { lines, whole: whole as u64, len, fault })
    }

    fn fault(&self, lines: usize, first: usize) -> String {
        let path = self.path.display();
        match lines {
            1 => format!("{path}:{first}: damaged; this line is left out"),
            _ => format!("{path}:{first}: damaged; {lines} lines of this file are left out"),
        }
    }
}

/// The files of a directory, oldest first.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(dir)? {
        segments.extend(Segment::named(entry?.path()));
    }
    segments.sort_unstable_by_key(|segment| segment.first);
    Ok(segments)
}
