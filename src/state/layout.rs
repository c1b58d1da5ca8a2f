//! Where everything is: offsets, sizes, limits, hash and checksum. All offsets and sizes in bytes.
//!
//! `docs/state-layout.md` repeats these tables, and a test compares the two.

/// The first eight bytes of a state.
pub const MAGIC: u64 = u64::from_le_bytes(*b"MPPSTATE");
/// The oldest layout this reader understands.
pub const OLDEST: u64 = 1;
/// The newest layout this reader understands, and the one this writer writes.
pub const NEWEST: u64 = 1;

/// Longest name of a pool or node.
pub const NAME_MAX: usize = 64;
/// Longest address: a host name of 253 bytes, a colon, a port, rounded up to words.
pub const ADDRESS_MAX: usize = 264;
/// Longest status message of a node; longer ones are cut at a character.
pub const MESSAGE_MAX: usize = 160;
/// Longest daemon version.
pub const VERSION_TEXT_MAX: usize = 256;
/// Longest path of the configuration: Linux' PATH_MAX.
pub const PATH_TEXT_MAX: usize = 4096;
/// Generations and copies start at a multiple of this, a cache line.
pub const LINE: u64 = 64;

/// One field of a record, for the document and its test.
pub struct Field {
    /// Its name, as the constant is called, in lower case.
    pub name: &'static str,
    /// Where it starts in its record.
    pub offset: u64,
    /// How many bytes it takes.
    pub size: u64,
}

macro_rules! record {
    ($(#[$about:meta])* $record:ident, $len:literal, { $($(#[$doc:meta])* $field:ident: $offset:literal, $size:literal;)* }) => {
        $(#[$about])*
        pub mod $record {
            $($(#[$doc])* pub const $field: u64 = $offset;)*
            /// Length of the record as this writer writes it; a reader takes the stride from the header.
            pub const LEN: u64 = $len;
            /// Every field, in order.
            pub const FIELDS: &[super::Field] =
                &[$(super::Field { name: stringify!($field), offset: $offset, size: $size }),*];
        }
    };
}

record!(
    /// The head of the file.
    header, 320, {
    /// [`super::MAGIC`].
    MAGIC: 0, 8;
    /// Layout version, [`super::OLDEST`] to [`super::NEWEST`].
    VERSION: 8, 8;
    /// Size of the whole file.
    SIZE: 16, 8;
    /// Checksum of bytes 0 to `STATIC_LEN`, this field left out.
    CHECK: 24, 8;
    /// The boot the writer lives in.
    BOOT_ID: 32, 16;
    /// The writer's process id.
    PID: 48, 8;
    /// When the writer started, Unix ms.
    STARTED: 56, 8;
    /// A heartbeat older than this is stale, ns.
    STALE_AFTER: 64, 8;
    /// What a stale state means: 0 hold, 1 down.
    STALE_POLICY: 72, 8;
    /// Where the pools' directory starts.
    POOLS_AT: 80, 8;
    /// How many pools.
    POOLS: 88, 8;
    /// From one pool of the directory to the next.
    POOL_STRIDE: 96, 8;
    /// Where the nodes' directory starts.
    NODES_AT: 104, 8;
    /// How many nodes, in all pools.
    NODES: 112, 8;
    /// From one node of the directory to the next.
    NODE_STRIDE: 120, 8;
    /// Where the hash index starts.
    INDEX_AT: 128, 8;
    /// How many words the index has, a power of two.
    INDEX_SLOTS: 136, 8;
    /// Length of the head of a copy.
    COPY_HEAD: 144, 8;
    /// From one node in a copy to the next.
    COPY_NODE_STRIDE: 152, 8;
    /// Where the daemon's version starts.
    DAEMON_VERSION_AT: 160, 8;
    /// Its length.
    DAEMON_VERSION_LEN: 168, 8;
    /// Where the path of the configuration starts.
    CONFIG_PATH_AT: 176, 8;
    /// Its length.
    CONFIG_PATH_LEN: 184, 8;
    /// How much of the header never changes and is under `CHECK`.
    STATIC_LEN: 192, 8;
    /// CLOCK_BOOTTIME of the last sign of life, ns.
    HEARTBEAT: 256, 8;
    /// 1 once another file is renamed over this one.
    REPLACED: 264, 8;
});

/// Length of the header's static part as this writer writes it.
pub const STATIC_LEN: u64 = 200;

record!(
    /// A pool in the directory.
    pool, 136, {
    /// Checksum of the rest of the record.
    CHECK: 0, 8;
    /// Length of the name, 1 to 64.
    NAME_LEN: 8, 8;
    /// The name, padded with zeros.
    NAME: 16, 64;
    /// Its first node's number in the nodes' directory; the others follow.
    FIRST_NODE: 80, 8;
    /// How many nodes it has.
    NODES: 88, 8;
    /// Where its generation word is.
    GENERATION_AT: 96, 8;
    /// Where copy 0 starts; copy 1 follows.
    COPY_AT: 104, 8;
    /// Length of one copy.
    COPY_LEN: 112, 8;
    /// How much memory a copy can have.
    MEMORY_CAPACITY: 120, 8;
    /// Where the memory of copy 0 starts; that of copy 1 follows, `MEMORY_CAPACITY` further on.
    MEMORY_AT: 128, 8;
});

record!(
    /// A node in the directory.
    node, 368, {
    /// Checksum of the rest of the record.
    CHECK: 0, 8;
    /// The number of its pool.
    POOL: 8, 8;
    /// Its place in the pool, 0 the PRIMARY.
    POSITION: 16, 8;
    /// Length of the name, 1 to 64.
    NAME_LEN: 24, 8;
    /// The name, padded with zeros.
    NAME: 32, 64;
    /// Length of the address, 1 to 264.
    ADDRESS_LEN: 96, 8;
    /// The address, padded with zeros.
    ADDRESS: 104, 264;
});

record!(
    /// The head of a copy.
    copy, 48, {
    /// The pool's epoch.
    EPOCH: 0, 8;
    /// The active node's place in the pool plus one, 0 none.
    ACTIVE: 8, 8;
    /// The pool's flags.
    FLAGS: 16, 8;
    /// The pool's STATUS.
    STATUS: 24, 8;
    /// When this copy was published, Unix ms.
    PUBLISHED: 32, 8;
    /// How many bytes of memory belong to it.
    MEMORY_LEN: 40, 8;
});

record!(
    /// A node in a copy.
    copy_node, 216, {
    /// Verdict for the role rw.
    RW: 0, 8;
    /// Verdict for the role ro.
    RO: 8, 8;
    /// Verdict for the role geo.
    GEO: 16, 8;
    /// The node's STATE.
    STATE: 24, 1;
    /// The node's STATUS.
    STATUS: 25, 1;
    /// Length of the message, 0 to 160.
    MESSAGE_LEN: 26, 2;
    /// The failure count.
    REQ: 28, 4;
    /// The node's flags; the upper four bytes are zero.
    FLAGS: 32, 8;
    /// Time of the last request, Unix ms, 0 never.
    LAST_REQUEST: 40, 8;
    /// Replication lag in ms plus one, 0 none.
    LAG: 48, 8;
    /// The status message.
    MESSAGE: 56, 160;
});

/// The hash the index is ordered by: FNV-1a over pool, 0xff (in no UTF-8 text), node, then mixed.
pub fn key_hash(pool: &[u8], node: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in pool.iter().chain(&[0xff]).chain(node) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(hash)
}

/// The checksum after one more word; starts from [`CHECK_START`].
pub fn check_word(check: u64, word: u64) -> u64 {
    mix(check.rotate_left(1) ^ word)
}

/// What a checksum starts from: not 0, so that zeroed bytes never check.
pub const CHECK_START: u64 = 0x6d70_7020_7374_6174;

/// Spreads every bit over the word (the finaliser of MurmurHash3).
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

/// The index slot of node `number` (below 2^32 - 1): its number plus one, tagged with the hash.
pub fn slot(hash: u64, number: u64) -> u64 {
    (hash & TAG) | (number + 1)
}

/// The bits of a slot that hold the hash's tag.
pub const TAG: u64 = 0xffff_ffff_0000_0000;

/// Up to eight bytes as a word, padded with zeros.
pub fn pack(bytes: &[u8]) -> u64 {
    if let Some(whole) = bytes.first_chunk() {
        return u64::from_le_bytes(*whole);
    }
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// `len` rounded up to whole words; saturates.
pub fn whole_words(len: u64) -> u64 {
    len.saturating_add(7) & !7
}
