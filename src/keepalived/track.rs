//! The files that keepalived's FILE_CHECK watches: their names, and what stands in them.
//!
//! Two for every real server of every virtual server, in `RUNTIME_DIR/track`. One file for both does not work: a server
//! that is DOWN when keepalived starts would come up with weight 0 and keep it.

use super::plan::{Real, Wanted};
use std::path::{Path, PathBuf};

/// The directory, made before keepalived starts and never again: a new one is not watched.
pub fn directory(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("track")
}

/// `VIRTUAL_SERVER:NODE:down`: 0 is UP, 1 is DOWN. No name contains a colon.
pub fn down(virtual_server: &str, node: &str) -> String {
    format!("{virtual_server}:{node}:down")
}

/// `VIRTUAL_SERVER:NODE:weight-1`: the weight less one, which keepalived adds to the 1 of its configuration.
pub fn weight(virtual_server: &str, node: &str) -> String {
    format!("{virtual_server}:{node}:weight-1")
}

/// A file, what is to stand in it, and when it is written among others: what goes DOWN first, what comes UP last, with
/// its weight already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry<'p> {
    turn: u8,
    /// The name.
    pub(super) name: &'p str,
    /// The number in it.
    pub(super) value: i16,
}

/// The two files of a real server.
pub(super) fn entries(real: &Real, wanted: Wanted) -> [Entry<'_>; 2] {
    let turn = if wanted.up { 2 } else { 0 };
    [
        Entry { turn, name: &real.down_file, value: i16::from(!wanted.up) },
        Entry { turn: 1, name: &real.weight_file, value: i16::from(wanted.weight) - 1 },
    ]
}
