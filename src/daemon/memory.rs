//! What pools remember, as bytes within the published state: one store publishes both, so a restart takes up
//! exactly what was published last.

use crate::core::pool::Memory;
use crate::state::{ReadError, Snapshot};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

/// What a predecessor of this boot left behind.
#[derive(Default)]
pub(super) struct Legacy {
    /// By pool name.
    pub(super) memories: HashMap<String, Memory>,
    /// What could not be taken up, in words.
    pub(super) faults: Vec<String>,
}

/// A memory as bytes.
pub(super) fn to_bytes(memory: &Memory) -> Vec<u8> {
    // JSON can say all of it: to publish a pool without its memory would be to forget who is ACTIVE.
    serde_json::to_vec(memory).expect("a memory is JSON")
}

/// What a pool's memory usually takes at most, bytes: an answer with channels and errors is some 1,500 a node.
pub(super) fn usual(nodes: usize) -> usize {
    4096 + nodes * 4096
}

/// Reads what the predecessor published; nothing if there was none in this boot.
pub(super) fn read(path: &Path, boot_id: [u8; 16]) -> Legacy {
    match Snapshot::read(path) {
        Ok(snapshot) if snapshot.header.boot_id != boot_id => {
            Legacy::fault(format!("{} is of another boot", path.display()))
        }
        Ok(snapshot) => from_snapshot(snapshot),
        Err(ReadError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => Legacy::default(),
        Err(e) => Legacy::fault(e.to_string()),
    }
}

impl Legacy {
    fn fault(fault: String) -> Legacy {
        Legacy { faults: vec![fault], ..Legacy::default() }
    }
}

fn from_snapshot(snapshot: Snapshot) -> Legacy {
    let mut legacy = Legacy::default();
    for pool in snapshot.pools {
        match serde_json::from_slice(&pool.record.memory) {
            Ok(memory) => _ = legacy.memories.insert(pool.name, memory),
            Err(e) => legacy.faults.push(format!("pool {}: its memory can't be read: {e}", pool.name)),
        }
    }
    legacy
}
