//! A pool's record to the words of a copy, and back.

use super::atomics::Ordering;
use super::fault::StateFault;
use super::layout::{MESSAGE_MAX, copy, copy_node, pack, whole_words};
use super::record::{NodeRecord, PoolRecord};
use super::verdict::{Verdict, VerdictWord};
use super::words::Words;

/// Writes `value` at byte `at`; whether others may see it yet is the business of `two_copies`.
pub(super) fn put(words: Words<'_>, at: u64, value: u64) -> Result<(), StateFault> {
    words.cell(at, "a word to write")?.store(value.to_le(), Ordering::Relaxed);
    Ok(())
}

/// Writes `bytes` from `at` on, the last word padded with zeros.
pub(super) fn put_bytes(words: Words<'_>, at: u64, bytes: &[u8]) -> Result<(), StateFault> {
    let places = (at..).step_by(8);
    places.zip(bytes.chunks(8)).try_for_each(|(at, chunk)| put(words, at, pack(chunk)))
}

/// The `len` bytes from `at` on.
pub(super) fn take_bytes(words: Words<'_>, at: u64, len: u64) -> Result<Vec<u8>, StateFault> {
    let range = words.range(at, whole_words(len), "a text")?;
    let mut bytes: Vec<u8> = range.values().flat_map(u64::to_le_bytes).collect();
    bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    Ok(bytes)
}

/// The text of `len` bytes at `at`, which must be UTF-8.
pub(super) fn take_text(words: Words<'_>, at: u64, len: u64) -> Result<String, StateFault> {
    let what = "a text";
    String::from_utf8(take_bytes(words, at, len)?).map_err(|_| StateFault::Damaged { what, at })
}

/// Fills one copy, but for its memory. The caller has checked the number of nodes and the memory's length.
pub(super) fn fill(words: Words<'_>, record: &PoolRecord) -> Result<(), StateFault> {
    put(words, copy::EPOCH, record.epoch)?;
    let active = record.active.map_or(0, |active| u64::from(active) + 1);
    put(words, copy::ACTIVE, active)?;
    put(words, copy::FLAGS, record.flags)?;
    put(words, copy::STATUS, u64::from(record.status))?;
    put(words, copy::PUBLISHED, record.published_unix_ms)?;
    put(words, copy::MEMORY_LEN, record.memory.len() as u64)?;
    let mut at = copy::LEN;
    for node in &record.nodes {
        fill_node(words, at, node)?;
        at += copy_node::LEN;
    }
    Ok(())
}

fn fill_node(words: Words<'_>, at: u64, node: &NodeRecord) -> Result<(), StateFault> {
    for (offset, verdict) in [(copy_node::RW, node.rw), (copy_node::RO, node.ro), (copy_node::GEO, node.geo)]
    {
        put(words, at + offset, VerdictWord::pack(verdict).0)?;
    }
    let message = &node.message.as_bytes()[..node.message.floor_char_boundary(MESSAGE_MAX)];
    put(words, at + copy_node::STATE, small_fields(node, message.len()))?;
    put(words, at + copy_node::FLAGS, u64::from(node.flags))?;
    put(words, at + copy_node::LAST_REQUEST, node.last_request_unix_ms)?;
    let lag = node.lag_ms.map_or(0, |lag| lag.saturating_add(1));
    put(words, at + copy_node::LAG, lag)?;
    put_bytes(words, at + copy_node::MESSAGE, message)
}

/// STATE, STATUS, the message's length and req share one word.
fn small_fields(node: &NodeRecord, message_len: usize) -> u64 {
    u64::from(node.state)
        | u64::from(node.status) << 8
        | (message_len as u64) << 16
        | u64::from(node.req) << 32
}

/// Reads one copy of a pool of `nodes` nodes, `stride` apart from `nodes_at` on, and its memory.
pub(super) fn take(
    (words, memory): (Words<'_>, Words<'_>),
    nodes_at: u64,
    stride: u64,
    nodes: u64,
) -> Result<PoolRecord, StateFault> {
    let get = |at| words.get(at, "a copy");
    let damaged = |at| StateFault::Damaged { what: "a copy", at };
    let active = get(copy::ACTIVE)?;
    if active > nodes {
        return Err(damaged(copy::ACTIVE));
    }
    Ok(PoolRecord {
        epoch: get(copy::EPOCH)?,
        active: active.checked_sub(1).and_then(|active| u32::try_from(active).ok()),
        flags: get(copy::FLAGS)?,
        status: u8::try_from(get(copy::STATUS)?).map_err(|_| damaged(copy::STATUS))?,
        published_unix_ms: get(copy::PUBLISHED)?,
        memory: take_bytes(memory, 0, get(copy::MEMORY_LEN)?)?,
        nodes: (0..nodes).map(|node| take_node(words, nodes_at + node * stride)).collect::<Result<_, _>>()?,
    })
}

fn take_node(words: Words<'_>, at: u64) -> Result<NodeRecord, StateFault> {
    let get = |offset| words.get(at + offset, "a node in a copy");
    let [state, status, short, long, req @ ..] = get(copy_node::STATE)?.to_le_bytes();
    let message_len = u64::from(u16::from_le_bytes([short, long]));
    let flags = get(copy_node::FLAGS)?;
    let what = "a node in a copy";
    if message_len > MESSAGE_MAX as u64 || flags > u64::from(u32::MAX) {
        return Err(StateFault::Damaged { what, at });
    }
    Ok(NodeRecord {
        rw: take_verdict(words, at + copy_node::RW)?,
        ro: take_verdict(words, at + copy_node::RO)?,
        geo: take_verdict(words, at + copy_node::GEO)?,
        state,
        status,
        req: u32::from_le_bytes(req),
        flags: flags as u32,
        last_request_unix_ms: get(copy_node::LAST_REQUEST)?,
        lag_ms: get(copy_node::LAG)?.checked_sub(1),
        message: take_text(words, at + copy_node::MESSAGE, message_len)?,
    })
}

fn take_verdict(words: Words<'_>, at: u64) -> Result<Verdict, StateFault> {
    let what = "a verdict";
    let word = VerdictWord(words.get(at, what)?);
    word.unpack().ok_or(StateFault::Damaged { what, at })
}
