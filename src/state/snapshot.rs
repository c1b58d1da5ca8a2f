//! A whole state as owned values: for `mpp status` without a daemon, and for a daemon that restarts.

use super::atomics::AtomicU64;
use super::copy::{take, take_text};
use super::fault::StateFault;
use super::layout::{header, node, pool};
use super::pool::Pool;
use super::reader::{Header, View};
use super::record::{NodeSpec, PoolRecord};
use super::words::Words;

/// A state at one instant, pool by pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The numbers of the header.
    pub header: Header,
    /// Version of the daemon that wrote it.
    pub daemon_version: String,
    /// Path of that daemon's configuration.
    pub config_path: String,
    /// The pools, in the order of the configuration.
    pub pools: Vec<PoolSnapshot>,
}

/// A pool, and the last record published of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSnapshot {
    /// Its name.
    pub name: String,
    /// Its nodes, in order of priority.
    pub nodes: Vec<NodeSpec>,
    /// The record, consistent in itself.
    pub record: PoolRecord,
}

impl Snapshot {
    /// Takes every pool of `view`, which may be in use by its writer.
    pub fn of(view: &View<'_>) -> Result<Snapshot, StateFault> {
        Ok(Snapshot {
            header: view.header()?,
            daemon_version: view.header_text(header::DAEMON_VERSION_AT)?,
            config_path: view.header_text(header::CONFIG_PATH_AT)?,
            pools: view.pool_snapshots()?,
        })
    }

    /// Takes a state from a file's bytes that nobody writes any more.
    pub fn from_bytes(bytes: &[u8]) -> Result<Snapshot, StateFault> {
        let words = words_of(bytes);
        Snapshot::of(&View::check(&words, bytes.len() as u64)?)
    }

    /// The pool of this name.
    pub fn pool(&self, name: &str) -> Option<&PoolSnapshot> {
        self.pools.iter().find(|pool| pool.name == name)
    }
}

/// A file's bytes as words; a last part of a word is left out.
pub fn words_of(bytes: &[u8]) -> Vec<AtomicU64> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| AtomicU64::new(u64::from_ne_bytes(*word))).collect()
}

/// Words of one's own, as they are now.
fn copied(words: Words<'_>) -> Vec<AtomicU64> {
    words.values().map(|value| AtomicU64::new(value.to_le())).collect()
}

impl View<'_> {
    /// A text whose offset is at `at` in the header, and its length behind that.
    fn header_text(&self, at: u64) -> Result<String, StateFault> {
        let get = |at| self.words.get(at, "the header");
        take_text(self.words, get(at)?, get(at + 8)?)
    }

    /// Every pool. They must follow each other and share nothing: what is taken out of a damaged
    /// file can't be larger than the file.
    fn pool_snapshots(&self) -> Result<Vec<PoolSnapshot>, StateFault> {
        let mut pools = Vec::new();
        let (mut next_node, mut next_at, mut next_memory) = (0, 0, 0);
        for number in 0..self.pools.count {
            let pool = self.pool(number)?;
            let follows = pool.generation_at >= next_at && pool.memory_at >= next_memory;
            if pool.first_node != next_node || !follows {
                let (what, at) = ("the order of the pools", pool.generation_at);
                return Err(StateFault::Damaged { what, at });
            }
            next_node += pool.nodes;
            next_at = pool.generation_at.saturating_add(pool.copy_len);
            next_memory = pool.memory_at.saturating_add(pool.memory_capacity);
            pools.push(self.pool_snapshot(&pool)?);
        }
        Ok(pools)
    }

    /// Name, nodes and published record of `pool`.
    pub fn pool_snapshot(&self, pool: &Pool<'_>) -> Result<PoolSnapshot, StateFault> {
        let numbers = pool.first_node..pool.first_node + pool.nodes;
        Ok(PoolSnapshot {
            name: pool.name()?,
            nodes: numbers.map(|number| self.node_spec(number)).collect::<Result<_, _>>()?,
            record: self.record(pool)?,
        })
    }

    /// Name and address of node `number`.
    fn node_spec(&self, number: u64) -> Result<NodeSpec, StateFault> {
        let (entry, _) = self.nodes.record(self.words, number, "a node's entry")?;
        let len = |at| entry.get(at, "a node's entry");
        Ok(NodeSpec {
            name: take_text(entry, node::NAME, len(node::NAME_LEN)?)?,
            address: take_text(entry, node::ADDRESS, len(node::ADDRESS_LEN)?)?,
        })
    }

    /// The published record of `pool`, all of it of one publication.
    pub fn record(&self, pool: &Pool<'_>) -> Result<PoolRecord, StateFault> {
        // Words first, sense later: a copy that is being overwritten makes none.
        let (words, memory) = self.read_copy(pool, |copy, words| {
            let at = pool.memory_at.saturating_add(pool.memory_capacity.saturating_mul(copy));
            let memory = self.words.range(at, pool.memory_capacity, "a memory")?;
            Ok((copied(words), copied(memory)))
        })?;
        let both = (Words(&words), Words(&memory));
        take(both, self.copy_head, self.copy_node_stride, pool.nodes)
    }
}

impl Pool<'_> {
    /// The pool's name.
    pub fn name(&self) -> Result<String, StateFault> {
        let len = self.entry.get(pool::NAME_LEN, "a pool's entry")?;
        take_text(self.entry, pool::NAME, len)
    }
}
