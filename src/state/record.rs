//! Owned types: what a state is made for, and what is published of a pool.

use std::time::Duration;

use super::verdict::{Role, StalePolicy, Verdict};

/// What a new file is made for. None of it changes while the file is in use, heartbeat apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// /proc/sys/kernel/random/boot_id as 16 bytes.
    pub boot_id: [u8; 16],
    /// The writer's process id.
    pub pid: u32,
    /// When the writer started, Unix ms.
    pub started_unix_ms: u64,
    /// A heartbeat older than this is stale.
    pub stale_after: Duration,
    /// What readers make of a stale state.
    pub stale_policy: StalePolicy,
    /// The daemon's version, at most 256 bytes.
    pub daemon_version: String,
    /// Path of its configuration, at most 4,096 bytes.
    pub config_path: String,
    /// The pools, in the order the numbers of [`super::image::Image::publish`] count.
    pub pools: Vec<PoolSpec>,
}

/// A pool of a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// 1 to 64 bytes.
    pub name: String,
    /// In order of priority; the first is the PRIMARY.
    pub nodes: Vec<NodeSpec>,
    /// Bytes of memory that can be published with the pool.
    pub memory_capacity: usize,
}

/// A node of a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// 1 to 64 bytes.
    pub name: String,
    /// 1 to 264 bytes, as `10.0.0.1:3306`, `[::1]:3306` or `host:3306`.
    pub address: String,
}

/// What is published of a pool: all of it by one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolRecord {
    /// The pool's epoch.
    pub epoch: u64,
    /// The active node's place in the pool.
    pub active: Option<u32>,
    /// Bits the daemon gives a meaning to.
    pub flags: u64,
    /// STATUS as a number the daemon gives a meaning to.
    pub status: u8,
    /// When this was published, Unix ms.
    pub published_unix_ms: u64,
    /// What the daemon wants back after a restart; at most the pool's `memory_capacity`.
    pub memory: Vec<u8>,
    /// As many as the pool has, in its order.
    pub nodes: Vec<NodeRecord>,
}

/// What is published of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeRecord {
    /// Verdict for the role rw.
    pub rw: Verdict,
    /// Verdict for the role ro.
    pub ro: Verdict,
    /// Verdict for the role geo.
    pub geo: Verdict,
    /// STATE as a number the daemon gives a meaning to.
    pub state: u8,
    /// STATUS as a number the daemon gives a meaning to.
    pub status: u8,
    /// The failure count.
    pub req: u32,
    /// Bits the daemon gives a meaning to.
    pub flags: u32,
    /// Time of the last request, Unix ms; 0 never.
    pub last_request_unix_ms: u64,
    /// Replication lag in ms, if there is one (the largest u64 is read back as one less).
    pub lag_ms: Option<u64>,
    /// The status message; cut to 160 bytes at a character.
    pub message: String,
}

impl NodeRecord {
    /// The verdict for `role`.
    pub fn verdict(&self, role: Role) -> Verdict {
        match role {
            Role::Rw => self.rw,
            Role::Ro => self.ro,
            Role::Geo => self.geo,
        }
    }
}
