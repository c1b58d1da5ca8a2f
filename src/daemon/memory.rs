//! What pools remember, as bytes within the published state: one store publishes both, so a restart takes up
//! exactly what was published last. After a reboot it comes from `persist`.

use super::fleet::Past;
use super::persist;
use crate::config::Settings;
use crate::core::pool::Memory;
use crate::state::{ReadError, Snapshot};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

/// What a predecessor left behind.
#[derive(Default)]
pub(super) struct Legacy {
    /// By pool name.
    pub(super) pasts: HashMap<String, Past>,
    /// What could not be taken up, in words.
    pub(super) faults: Vec<String>,
}

/// A memory as bytes, in the room of `bytes`, whose contents go.
pub(super) fn to_bytes(memory: &Memory, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.clear();
    // JSON can say all of it: to publish a pool without its memory would be to forget who is ACTIVE.
    serde_json::to_writer(&mut bytes, memory).expect("a memory is JSON");
    bytes
}

/// A memory from its bytes.
pub(super) fn from_bytes(bytes: &[u8]) -> serde_json::Result<Memory> {
    serde_json::from_slice(bytes)
}

/// What a pool's memory usually takes at most, bytes: some 1,200, and 1,300 to 1,500 a node with channels and errors.
pub(super) fn usual(nodes: usize) -> usize {
    2048 + nodes * 2048
}

/// What is remembered of the pools: as published in this boot; where there is nothing, as last written to disk.
pub(super) fn read(settings: &Settings, boot_id: [u8; 16]) -> Legacy {
    let mut legacy = published(&settings.runtime_dir.join("state"), boot_id);
    if settings.pools.iter().all(|p| legacy.pasts.contains_key(&p.decision.name)) {
        return legacy;
    }
    let found = persist::read(&settings.state_dir);
    if let Some(record) = found.record {
        if let Some(fault) = &found.fault {
            legacy.faults.push(format!("{fault}; taken up is what was written before"));
        }
        for (name, memory) in record.pools {
            legacy.pasts.entry(name).or_insert(Past::Reboot(memory, record.then));
        }
    } else {
        legacy.faults.extend(found.fault);
    }
    legacy
}

/// What the predecessor published; nothing if there was none in this boot.
fn published(path: &Path, boot_id: [u8; 16]) -> Legacy {
    match Snapshot::read(path) {
        Ok(snapshot) if snapshot.header.boot_id != boot_id => Legacy::default(),
        Ok(snapshot) => from_snapshot(snapshot),
        Err(ReadError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => Legacy::default(),
        Err(e) => Legacy { faults: vec![e.to_string()], ..Legacy::default() },
    }
}

fn from_snapshot(snapshot: Snapshot) -> Legacy {
    let mut legacy = Legacy::default();
    for pool in snapshot.pools {
        match from_bytes(&pool.record.memory) {
            Ok(memory) => _ = legacy.pasts.insert(pool.name, Past::Restart(memory)),
            Err(e) => legacy.faults.push(format!("pool {}: its memory can't be read: {e}", pool.name)),
        }
    }
    legacy
}
