//! Building a state in words that are all zero, wherever they come from, and publishing into it.

use std::collections::HashSet;

use super::atomics::{AtomicU64, Ordering};
use super::copy::{fill, put, put_bytes, take_bytes};
use super::fault::StateFault;
use super::layout::{
    self, ADDRESS_MAX, LINE, NAME_MAX, PATH_TEXT_MAX, STATIC_LEN, VERSION_TEXT_MAX, copy, copy_node, header,
    key_hash, node, pool, whole_words,
};
use super::record::{FileSpec, PoolRecord, PoolSpec};
use super::two_copies;
use super::words::Words;
pub use super::write_error::WriteError;

/// Where everything of a state goes. Holds no state itself.
#[derive(Debug)]
pub struct Image {
    len: u64,
    nodes_at: u64,
    index_at: u64,
    index_slots: u64,
    texts_at: u64,
    pools: Vec<Place>,
}

/// Where a pool goes.
#[derive(Clone, Copy, Debug)]
struct Place {
    first_node: u64,
    nodes: u64,
    generation_at: u64,
    copy_len: u64,
    memory_at: u64,
    memory_capacity: u64,
}

impl Image {
    /// Plans a state for `spec`: refuses texts of a wrong length, names and addresses that are not unique.
    pub fn plan(spec: &FileSpec) -> Result<Image, WriteError> {
        validate(spec)?;
        let nodes: u64 = spec.pools.iter().map(|pool| pool.nodes.len() as u64).sum();
        // Half full at most: a name and an address for every node.
        let index_slots = (nodes * 4).next_power_of_two().max(2);
        let nodes_at = header::LEN + pool::LEN * spec.pools.len() as u64;
        let index_at = nodes_at + node::LEN * nodes;
        let texts_at = index_at + index_slots * 8;
        let texts = text_len(&spec.daemon_version) + text_len(&spec.config_path);
        let mut image = Image {
            len: (texts_at + texts).next_multiple_of(LINE),
            nodes_at,
            index_at,
            index_slots,
            texts_at,
            pools: Vec::with_capacity(spec.pools.len()),
        };
        let mut first_node = 0;
        for pool in &spec.pools {
            let place = Place::plan(pool, first_node, image.len).ok_or(WriteError::TooBig)?;
            first_node += place.nodes;
            image.len = place.copies_end().ok_or(WriteError::TooBig)?;
            image.pools.push(place);
        }
        // Behind all copies: who reads verdicts touches no page of them.
        for place in &mut image.pools {
            place.memory_at = image.len;
            image.len = place.memories_end().ok_or(WriteError::TooBig)?;
        }
        image.len = image.len.checked_next_multiple_of(LINE).ok_or(WriteError::TooBig)?;
        // A node's number plus one has half a word in the index; a file's size is an i64.
        let fits = nodes < u64::from(u32::MAX) && image.len < 1 << 62;
        fits.then_some(image).ok_or(WriteError::TooBig)
    }

    /// Where what never changes ends: header, directory, index and texts lie before this.
    pub fn fixed_len(&self) -> u64 {
        self.pools.first().map_or(self.len, |pool| pool.generation_at)
    }

    /// Size of the state in bytes, a multiple of 64.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// A state for `spec` in ordinary memory, nothing published yet.
    pub fn build(spec: &FileSpec) -> Result<(Image, Vec<AtomicU64>), WriteError> {
        let image = Image::plan(spec)?;
        let words: Vec<AtomicU64> = (0..image.len / 8).map(|_| AtomicU64::new(0)).collect();
        image.write(&words, spec)?;
        Ok((image, words))
    }

    /// Writes header, directory and index into `words`, which are all zero. `spec` is the planned one.
    pub fn write(&self, words: &[AtomicU64], spec: &FileSpec) -> Result<(), WriteError> {
        let words = Words(words);
        let mut number = 0;
        for (pool_number, (pool, place)) in spec.pools.iter().zip(&self.pools).enumerate() {
            self.write_pool(words, pool_number as u64, pool, place)?;
            for (position, node) in pool.nodes.iter().enumerate() {
                let entry = self.node_entry(words, number)?;
                put(entry, node::POOL, pool_number as u64)?;
                put(entry, node::POSITION, position as u64)?;
                put_text(entry, node::NAME_LEN, node::NAME, &node.name)?;
                put_text(entry, node::ADDRESS_LEN, node::ADDRESS, &node.address)?;
                put(entry, node::CHECK, entry.checksum(node::CHECK))?;
                for key in [&node.name, &node.address] {
                    self.index(words, key_hash(pool.name.as_bytes(), key.as_bytes()), number)?;
                }
                number += 1;
            }
        }
        self.write_header(words, spec, number)
    }

    fn write_pool(
        &self,
        words: Words<'_>,
        number: u64,
        pool: &PoolSpec,
        place: &Place,
    ) -> Result<(), WriteError> {
        let entry = words.range(header::LEN + number * pool::LEN, pool::LEN, "a pool")?;
        put_text(entry, pool::NAME_LEN, pool::NAME, &pool.name)?;
        put(entry, pool::FIRST_NODE, place.first_node)?;
        put(entry, pool::NODES, place.nodes)?;
        put(entry, pool::GENERATION_AT, place.generation_at)?;
        put(entry, pool::COPY_AT, place.generation_at + LINE)?;
        put(entry, pool::COPY_LEN, place.copy_len)?;
        put(entry, pool::MEMORY_CAPACITY, place.memory_capacity)?;
        put(entry, pool::MEMORY_AT, place.memory_at)?;
        Ok(put(entry, pool::CHECK, entry.checksum(pool::CHECK))?)
    }

    fn node_entry<'a>(&self, words: Words<'a>, number: u64) -> Result<Words<'a>, WriteError> {
        Ok(words.range(self.nodes_at + number * node::LEN, node::LEN, "a node")?)
    }

    /// Puts node `number` into the first free slot for `hash`; there always is one.
    fn index(&self, words: Words<'_>, hash: u64, number: u64) -> Result<(), WriteError> {
        let mask = self.index_slots - 1;
        let mut place = hash & mask;
        while words.get(self.index_at + place * 8, "the index")? != 0 {
            place = (place + 1) & mask;
        }
        let slot = layout::slot(hash, number);
        Ok(put(words, self.index_at + place * 8, slot)?)
    }

    fn write_header(&self, words: Words<'_>, spec: &FileSpec, nodes: u64) -> Result<(), WriteError> {
        let config_path_at = self.texts_at + text_len(&spec.daemon_version);
        put_bytes(words, self.texts_at, spec.daemon_version.as_bytes())?;
        put_bytes(words, config_path_at, spec.config_path.as_bytes())?;
        put_bytes(words, header::BOOT_ID, &spec.boot_id)?;
        let stale_after = u64::try_from(spec.stale_after.as_nanos()).unwrap_or(u64::MAX);
        for (at, value) in [
            (header::MAGIC, layout::MAGIC),
            (header::VERSION, layout::NEWEST),
            (header::SIZE, self.len),
            (header::PID, u64::from(spec.pid)),
            (header::STARTED, spec.started_unix_ms),
            (header::STALE_AFTER, stale_after),
            (header::STALE_POLICY, spec.stale_policy.to_word()),
            (header::POOLS_AT, header::LEN),
            (header::POOLS, self.pools.len() as u64),
            (header::POOL_STRIDE, pool::LEN),
            (header::NODES_AT, self.nodes_at),
            (header::NODES, nodes),
            (header::NODE_STRIDE, node::LEN),
            (header::INDEX_AT, self.index_at),
            (header::INDEX_SLOTS, self.index_slots),
            (header::COPY_HEAD, copy::LEN),
            (header::COPY_NODE_STRIDE, copy_node::LEN),
            (header::DAEMON_VERSION_AT, self.texts_at),
            (header::DAEMON_VERSION_LEN, spec.daemon_version.len() as u64),
            (header::CONFIG_PATH_AT, config_path_at),
            (header::CONFIG_PATH_LEN, spec.config_path.len() as u64),
            (header::STATIC_LEN, STATIC_LEN),
        ] {
            put(words, at, value)?;
        }
        let fixed = words.range(0, STATIC_LEN, "the header")?;
        Ok(put(words, header::CHECK, fixed.checksum(header::CHECK))?)
    }

    /// Publishes `record` for pool number `pool` by one store. One thread at a time.
    pub fn publish(&self, words: &[AtomicU64], pool: usize, record: &PoolRecord) -> Result<(), WriteError> {
        let place = self.place(pool)?;
        place.accepts(record)?;
        let words = Words(words);
        let generation = words.cell(place.generation_at, "a generation")?;
        two_copies::publish(generation, |copy| {
            fill(place.copy(words, copy)?, record)?;
            put_bytes(place.memory(words, copy)?, 0, &record.memory)
        })?;
        Ok(())
    }

    /// What pool number `pool` remembers, as published last. Errors: no such pool, or its place in the state is spoilt.
    pub fn memory(&self, words: &[AtomicU64], pool: usize) -> Result<Vec<u8>, WriteError> {
        let place = self.place(pool)?;
        let words = Words(words);
        let copy = words.get(place.generation_at, "a generation")? & 1;
        let len = place.copy(words, copy)?.get(copy::MEMORY_LEN, "a copy")?;
        Ok(take_bytes(place.memory(words, copy)?, 0, len)?)
    }

    /// Refuses a state that readers must not see yet: without a heartbeat, or a pool not published.
    pub fn check_complete(&self, words: &[AtomicU64]) -> Result<(), WriteError> {
        let words = Words(words);
        if words.get(header::HEARTBEAT, "the heartbeat")? == 0 {
            return Err(WriteError::NoHeartbeat);
        }
        for (pool, place) in self.pools.iter().enumerate() {
            if words.get(place.generation_at, "a generation")? == 0 {
                return Err(WriteError::Unpublished { pool });
            }
        }
        Ok(())
    }

    /// Notes a sign of life at CLOCK_BOOTTIME `boottime_ns`, in the words this image was written to.
    pub fn heartbeat(&self, words: &[AtomicU64], boottime_ns: u64) {
        const PLACE: usize = header::HEARTBEAT as usize / 8;
        words[PLACE].store(boottime_ns.to_le(), Ordering::Relaxed);
    }

    fn place(&self, pool: usize) -> Result<&Place, WriteError> {
        self.pools.get(pool).ok_or(WriteError::NoSuchPool { pool })
    }
}

impl Place {
    /// Room for `pool` from byte `at` on, unless that is beyond all bounds.
    fn plan(pool: &PoolSpec, first_node: u64, at: u64) -> Option<Place> {
        let nodes = pool.nodes.len() as u64;
        let copy_len = (copy::LEN + nodes * copy_node::LEN).checked_next_multiple_of(LINE)?;
        let memory_capacity = whole_words(pool.memory_capacity as u64);
        Some(Place { first_node, nodes, generation_at: at, copy_len, memory_at: 0, memory_capacity })
    }

    fn copies_end(&self) -> Option<u64> {
        let copies = self.copy_len.checked_mul(2)?;
        self.generation_at.checked_add(LINE)?.checked_add(copies)
    }

    fn memories_end(&self) -> Option<u64> {
        self.memory_at.checked_add(self.memory_capacity.checked_mul(2)?)
    }

    /// Copy 0 or 1.
    fn copy<'a>(&self, words: Words<'a>, copy: u64) -> Result<Words<'a>, StateFault> {
        words.range(self.generation_at + LINE + copy * self.copy_len, self.copy_len, "a copy")
    }

    /// The memory of copy 0 or 1.
    fn memory<'a>(&self, words: Words<'a>, copy: u64) -> Result<Words<'a>, StateFault> {
        words.range(self.memory_at + copy * self.memory_capacity, self.memory_capacity, "a memory")
    }

    fn accepts(&self, record: &PoolRecord) -> Result<(), WriteError> {
        let active_is_there = record.active.is_none_or(|active| u64::from(active) < self.nodes);
        if record.nodes.len() as u64 != self.nodes || !active_is_there {
            return Err(WriteError::Nodes { has: self.nodes });
        }
        let needed = record.memory.len();
        let capacity = self.memory_capacity;
        if needed as u64 > capacity {
            return Err(WriteError::MemoryTooBig { needed, capacity });
        }
        Ok(())
    }
}

/// Every text within its limits, every pool and every node of a pool called by names of its own.
fn validate(spec: &FileSpec) -> Result<(), WriteError> {
    let mut pools = HashSet::new();
    check_len("the daemon's version", &spec.daemon_version, VERSION_TEXT_MAX)?;
    check_len("the configuration's path", &spec.config_path, PATH_TEXT_MAX)?;
    for pool in &spec.pools {
        check_len("the pool name", &pool.name, NAME_MAX)?;
        check_unique(pools.insert(&pool.name), &pool.name)?;
        let mut keys = HashSet::new();
        for node in &pool.nodes {
            check_len("the node name", &node.name, NAME_MAX)?;
            check_len("the address", &node.address, ADDRESS_MAX)?;
            check_unique(keys.insert(&node.name), &node.name)?;
            let is_new = node.address == node.name || keys.insert(&node.address);
            check_unique(is_new, &node.address)?;
        }
    }
    Ok(())
}

fn check_len(what: &'static str, text: &str, max: usize) -> Result<(), WriteError> {
    if (1..=max).contains(&text.len()) {
        return Ok(());
    }
    let shown = text[..text.floor_char_boundary(NAME_MAX)].to_owned();
    Err(WriteError::Length { what, text: shown, has: text.len(), max })
}

fn check_unique(is_unique: bool, text: &str) -> Result<(), WriteError> {
    let text = text.to_owned();
    is_unique.then_some(()).ok_or(WriteError::Duplicate { text })
}

fn put_text(entry: Words<'_>, len_at: u64, at: u64, text: &str) -> Result<(), WriteError> {
    put(entry, len_at, text.len() as u64)?;
    Ok(put_bytes(entry, at, text.as_bytes())?)
}

/// Room a text takes, in whole words.
fn text_len(text: &str) -> u64 {
    whole_words(text.len() as u64)
}
