//! A pool in the directory, and reading its published copy.

use super::fault::StateFault;
use super::layout;
use super::reader::View;
use super::two_copies;
use super::words::Words;

/// Where a pool's name, nodes, generation and copies are. All offsets have been checked.
#[derive(Clone, Copy)]
pub struct Pool<'a> {
    /// Its record in the directory.
    pub(super) entry: Words<'a>,
    /// Its first node's number in the nodes' directory.
    pub first_node: u64,
    /// How many nodes it has.
    pub nodes: u64,
    /// Where its generation word is.
    pub generation_at: u64,
    /// Copy 0 and copy 1.
    pub(super) copies: Words<'a>,
    /// Length of one copy in bytes.
    pub(super) copy_len: u64,
    /// Where the memory of copy 0 starts; that of copy 1 follows.
    pub memory_at: u64,
    /// How many bytes of memory a copy can have.
    pub memory_capacity: u64,
}

impl<'a> View<'a> {
    /// Pool `number` of the directory.
    pub fn pool(&self, number: u64) -> Result<Pool<'a>, StateFault> {
        let (entry, at) = self.pools.record(self.words, number, "a pool's entry")?;
        let field = |offset| entry.get(offset, "a pool's entry");
        let copy_len = field(layout::pool::COPY_LEN)?;
        let copies_len = copy_len.saturating_mul(2);
        let pool = Pool {
            entry,
            first_node: field(layout::pool::FIRST_NODE)?,
            nodes: field(layout::pool::NODES)?,
            generation_at: field(layout::pool::GENERATION_AT)?,
            copies: self.words.range(field(layout::pool::COPY_AT)?, copies_len, "a copy")?,
            copy_len,
            memory_at: field(layout::pool::MEMORY_AT)?,
            memory_capacity: field(layout::pool::MEMORY_CAPACITY)?,
        };
        let last_node = pool.first_node.saturating_add(pool.nodes);
        let nodes_len = self.copy_node_stride.saturating_mul(pool.nodes);
        if last_node > self.nodes.count || self.copy_head.saturating_add(nodes_len) > copy_len {
            let what = "a pool's entry";
            return Err(StateFault::Damaged { what, at });
        }
        Ok(pool)
    }

    /// Has `take` read the published copy of `pool`, 0 or 1 and its words, again until no writer interfered.
    pub fn read_copy<T>(
        &self,
        pool: &Pool<'a>,
        mut take: impl FnMut(u64, Words<'a>) -> Result<T, StateFault>,
    ) -> Result<T, StateFault> {
        let generation = self.words.cell(pool.generation_at, "a pool's generation")?;
        two_copies::read(generation, |copy| {
            take(copy, pool.copies.range(copy * pool.copy_len, pool.copy_len, "a copy")?)
        })?
    }
}
