//! The files that keepalived's FILE_CHECK watches: their names, and what stands in them.
//!
//! Two for every real server of every virtual server, in `RUNTIME_DIR/track`. One file for both does not work: a server
//! that is DOWN when keepalived starts would come up with weight 0 and keep it.

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
