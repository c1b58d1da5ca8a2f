//! Reading a state: check it, find a node without scanning, take its verdict, tell its age.

use super::atomics::AtomicU64;
use super::fault::StateFault;
use super::layout::{self, NEWEST, OLDEST, TAG, copy_node, header, key_hash, node};
use super::pool::Pool;
use super::verdict::{Role, StalePolicy, Verdict, VerdictWord};
use super::words::Words;

/// A state whose header has been checked. Cheap to make, borrows the words.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(super) words: Words<'a>,
    pub(super) pools: Table,
    pub(super) nodes: Table,
    pub(super) copy_head: u64,
    pub(super) copy_node_stride: u64,
    index_at: u64,
    index_slots: u64,
}

/// A table of records of one length, each with its checksum in front.
#[derive(Clone, Copy)]
pub(super) struct Table {
    at: u64,
    pub(super) count: u64,
    stride: u64,
}

/// The numbers of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Layout version.
    pub version: u64,
    /// The boot the writer lives in.
    pub boot_id: [u8; 16],
    /// The writer's process id.
    pub pid: u64,
    /// When the writer started, Unix ms.
    pub started_unix_ms: u64,
    /// A heartbeat older than this is stale, ns.
    pub stale_after_ns: u64,
    /// What a stale state means.
    pub stale_policy: StalePolicy,
    /// The last sign of life, CLOCK_BOOTTIME in ns.
    pub heartbeat_ns: u64,
    /// Whether another file has taken this one's place: map the path again.
    pub replaced: bool,
}

/// A node that was found.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// Its pool.
    pub pool: Pool<'a>,
    /// Its place in the pool, 0 the PRIMARY.
    pub position: u64,
}

impl<'a> View<'a> {
    /// Checks the header of the state in `words`, a file of `len` bytes.
    pub fn check(words: &'a [AtomicU64], len: u64) -> Result<Self, StateFault> {
        let words = Words(words);
        let get = |at| words.get(at, "the header");
        if len < header::LEN {
            return Err(StateFault::TooShort { has: len });
        }
        if get(header::MAGIC)? != layout::MAGIC {
            return Err(StateFault::NotAState);
        }
        let found = get(header::VERSION)?;
        if !(OLDEST..=NEWEST).contains(&found) {
            return Err(StateFault::Version { found });
        }
        let says = get(header::SIZE)?;
        if says != len {
            return Err(StateFault::Size { says, has: len });
        }
        let fixed = words.range(0, get(header::STATIC_LEN)?, "the header")?;
        if get(header::CHECK)? != fixed.checksum(header::CHECK) {
            return Err(damaged("the header", header::CHECK));
        }
        Self::tables(words)
    }

    /// Takes the tables from a header whose checksum is right.
    fn tables(words: Words<'a>) -> Result<Self, StateFault> {
        let get = |at| words.get(at, "the header");
        let table = |at, min| {
            let table = Table { at: get(at)?, count: get(at + 8)?, stride: get(at + 16)? };
            let len = table.count.checked_mul(table.stride);
            let fits = words.range(table.at, len.unwrap_or(u64::MAX), "a table").is_ok();
            (fits && table.stride >= min).then_some(table).ok_or(damaged("a table", at))
        };
        let view = View {
            words,
            pools: table(header::POOLS_AT, layout::pool::LEN)?,
            nodes: table(header::NODES_AT, node::LEN)?,
            copy_head: get(header::COPY_HEAD)?,
            copy_node_stride: get(header::COPY_NODE_STRIDE)?,
            index_at: get(header::INDEX_AT)?,
            index_slots: get(header::INDEX_SLOTS)?,
        };
        let index_len = view.index_slots.saturating_mul(8);
        words.range(view.index_at, index_len, "the index")?;
        if !view.index_slots.is_power_of_two() {
            return Err(damaged("the index", header::INDEX_SLOTS));
        }
        if view.copy_head < layout::copy::LEN || view.copy_node_stride < copy_node::LEN {
            return Err(damaged("the header", header::COPY_HEAD));
        }
        Ok(view)
    }

    /// The numbers of the header, as they are now.
    pub fn header(&self) -> Result<Header, StateFault> {
        let get = |at| self.words.get(at, "the header");
        let mut boot_id = [0; 16];
        boot_id[..8].copy_from_slice(&get(header::BOOT_ID)?.to_le_bytes());
        boot_id[8..].copy_from_slice(&get(header::BOOT_ID + 8)?.to_le_bytes());
        Ok(Header {
            version: get(header::VERSION)?,
            boot_id,
            pid: get(header::PID)?,
            started_unix_ms: get(header::STARTED)?,
            stale_after_ns: get(header::STALE_AFTER)?,
            stale_policy: StalePolicy::from_word(get(header::STALE_POLICY)?)
                .ok_or(damaged("the stale policy", header::STALE_POLICY))?,
            heartbeat_ns: get(header::HEARTBEAT)?,
            replaced: get(header::REPLACED)? != 0,
        })
    }

    /// How many pools there are.
    pub fn pool_count(&self) -> u64 {
        self.pools.count
    }

    /// Finds the node of `pool` that has this name or this address.
    pub fn find(&self, pool: &[u8], node: &[u8]) -> Result<Found<'a>, StateFault> {
        let hash = key_hash(pool, node);
        let mask = self.index_slots - 1;
        // Bounded, because an index without an empty slot (a damaged one) would go round for ever.
        for step in 0..self.index_slots {
            let at = self.index_at + (hash.wrapping_add(step) & mask) * 8;
            let slot = self.words.get(at, "the index")?;
            if slot == 0 {
                return Err(self.absent(pool));
            }
            if slot & TAG != hash & TAG {
                continue;
            }
            let number = (slot & !TAG).checked_sub(1).ok_or(damaged("the index", at))?;
            if let Some(found) = self.candidate(number, pool, node)? {
                return Ok(found);
            }
        }
        Err(damaged("the index", self.index_at))
    }

    /// Node `number`, if it really is the one asked for.
    fn candidate(&self, number: u64, pool: &[u8], name: &[u8]) -> Result<Option<Found<'a>>, StateFault> {
        let (entry, at) = self.nodes.record(self.words, number, "a node's entry")?;
        let field = |offset| entry.get(offset, "a node's entry");
        let is_called = text_is(entry, node::NAME_LEN, node::NAME, name)?;
        if !is_called && !text_is(entry, node::ADDRESS_LEN, node::ADDRESS, name)? {
            return Ok(None);
        }
        let its_pool = self.pool(field(node::POOL)?)?;
        if !its_pool.is_called(pool)? {
            return Ok(None);
        }
        let position = field(node::POSITION)?;
        if position >= its_pool.nodes || its_pool.first_node + position != number {
            return Err(damaged("a node's entry", at));
        }
        Ok(Some(Found { pool: its_pool, position }))
    }

    /// Which of the two is missing, pool or node. Scans, but only to word a fault.
    fn absent(&self, pool: &[u8]) -> StateFault {
        let is_called = |number| self.pool(number).and_then(|entry| entry.is_called(pool));
        match (0..self.pools.count).find(|number| is_called(*number) == Ok(true)) {
            Some(_) => StateFault::NoSuchNode,
            None => StateFault::NoSuchPool,
        }
    }

    /// The published verdict of a node for `role`.
    pub fn verdict(&self, found: &Found<'a>, role: Role) -> Result<Verdict, StateFault> {
        let at = self.copy_head + found.position * self.copy_node_stride + verdict_at(role);
        let word = self.read_copy(&found.pool, |_, copy| copy.get(at, "a verdict"))?;
        match VerdictWord(word) {
            VerdictWord::NEVER => Err(StateFault::NeverPublished),
            word => word.unpack().ok_or(damaged("a verdict", at)),
        }
    }
}

impl Header {
    /// How long ago the writer gave a sign of life, ns, at CLOCK_BOOTTIME `now_ns` of boot `boot_id`.
    pub fn age_ns(&self, now_ns: u64, boot_id: &[u8; 16]) -> Result<u64, StateFault> {
        if self.boot_id != *boot_id {
            return Err(StateFault::AnotherBoot);
        }
        let by_ns = self.heartbeat_ns.saturating_sub(now_ns);
        if by_ns > 0 {
            return Err(StateFault::FromTheFuture { by_ns });
        }
        Ok(now_ns - self.heartbeat_ns)
    }
}

impl Pool<'_> {
    /// Whether this is the pool's name.
    pub fn is_called(&self, name: &[u8]) -> Result<bool, StateFault> {
        text_is(self.entry, layout::pool::NAME_LEN, layout::pool::NAME, name)
    }
}

impl Table {
    /// Record `number` and where it is, its checksum verified.
    pub(super) fn record<'a>(
        &self,
        words: Words<'a>,
        number: u64,
        what: &'static str,
    ) -> Result<(Words<'a>, u64), StateFault> {
        if number >= self.count {
            return Err(damaged(what, self.at));
        }
        let at = self.at + number * self.stride;
        let entry = words.range(at, self.stride, what)?;
        if entry.get(0, what)? != entry.checksum(0) {
            return Err(damaged(what, at));
        }
        Ok((entry, at))
    }
}

/// Where a role's verdict is in a node of a copy.
pub fn verdict_at(role: Role) -> u64 {
    match role {
        Role::Rw => copy_node::RW,
        Role::Ro => copy_node::RO,
        Role::Geo => copy_node::GEO,
    }
}

/// Whether the text of an entry is exactly `text`.
fn text_is(entry: Words<'_>, len_at: u64, at: u64, text: &[u8]) -> Result<bool, StateFault> {
    let len = entry.get(len_at, "a name")?;
    if usize::try_from(len) != Ok(text.len()) {
        return Ok(false);
    }
    let words = entry.range(at, layout::whole_words(len), "a name")?;
    Ok(words.start_with(text))
}

fn damaged(what: &'static str, at: u64) -> StateFault {
    StateFault::Damaged { what, at }
}
