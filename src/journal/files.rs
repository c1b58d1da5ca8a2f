//! All files of events, read in either order.

use super::segment::{self, Segment};
use crate::alert::Line;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// In which order events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// The events of a state directory.
pub struct Files {
    dir: PathBuf,
}

impl Files {
    /// Those of this `state_dir`; touches nothing yet.
    pub fn of(state_dir: &Path) -> Files {
        Files { dir: state_dir.join("events") }
    }

    /// Where they lie.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Shows `each` the events of these numbers until it has enough (`false`). One file is in memory at a time. What
    /// could not be read comes back in words, a line a file; where there are no files that is no fault.
    pub fn read(&self, span: &Range<u64>, order: Order, mut each: impl FnMut(Line) -> bool) -> Vec<String> {
        let segments = match self.segments(span) {
            Ok(segments) => segments,
            Err(e) if e.kind() == ErrorKind::NotFound => return Vec::new(),
            Err(e) => return vec![format!("{}: {e}", self.dir.display())],
        };
        let mut faults = Vec::new();
        for place in 0..segments.len() {
            let from_the_end = segments.len() - 1 - place;
            let place = if order == Order::OldestFirst { place } else { from_the_end };
            let Some((segment, last)) = segments.get(place) else { break };
            let mut lines = match read(segment, *last, &mut faults) {
                Ok(lines) => lines,
                Err(e) => {
                    faults.push(format!("{}: {e}", segment.path.display()));
                    continue;
                }
            };
            lines.retain(|line| span.contains(&line.seq));
            if order == Order::NewestFirst {
                lines.reverse();
            }
            if !lines.into_iter().all(&mut each) {
                break;
            }
        }
        faults
    }

    /// The files that may have some of these, and whether each is the last there is.
    fn segments(&self, span: &Range<u64>) -> io::Result<Vec<(Segment, bool)>> {
        let segments = segment::list(&self.dir)?;
        let firsts: Vec<u64> = segments.iter().map(|segment| segment.first).collect();
        let next = |place: usize| firsts.get(place + 1).copied();
        let marked = segments.into_iter().enumerate().map(|(place, segment)| (next(place), segment));
        let wanted = marked
            .filter(|(next, segment)| segment.first < span.end && next.is_none_or(|next| next > span.start));
        Ok(wanted.map(|(next, segment)| (segment, next.is_none())).collect())
    }
}

/// The events of a file. The last one may be written to just now, or be what a crash has left: then its last line counts
/// when it has its end.
fn read(segment: &Segment, last: bool, faults: &mut Vec<String>) -> io::Result<Vec<Line>> {
    match segment.read() {
        Ok(contents) => {
            faults.extend(contents.fault);
            if contents.whole < contents.len && !last {
                faults.push(format!("{}: its end is missing", segment.path.display()));
            }
            Ok(contents.lines)
        }
        // The oldest has just been removed to make room.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}
