//! The published state: one file in shared memory, one writer (`mppd`), any number of readers.
//!
//! `docs/state-layout.md` has it byte by byte. From the ground up:
//!
//! - `atomics`, `two_copies`: the protocol that loom checks
//! - `asked`: beside it, when each verdict was last asked for
//! - `layout`, `fault`, `boot_id`, `verdict`, `words`, `pool`, `reader`: libcore alone, because `mpp-check` takes
//!   them in by `#[path]`; they hold no unsafe code and never panic, whatever the bytes
//! - `record`, `copy`, `image`, `snapshot`: owned types, and building a state in memory
//! - `map`, `writer`: the file and its mapping; `place`: where it lies (feature `daemon`)

pub mod asked;
pub mod atomics;
pub mod boot_id;
pub mod fault;
pub mod layout;
pub mod pool;
pub mod reader;
pub mod two_copies;
pub mod verdict;
pub mod words;

mod copy;
pub mod image;
pub mod record;
pub mod snapshot;
mod write_error;

#[cfg(feature = "daemon")]
pub mod map;
#[cfg(feature = "daemon")]
pub mod place;
#[cfg(feature = "daemon")]
pub mod writer;

pub use boot_id::{BOOT_ID_PATH, parse_boot_id};
pub use fault::StateFault;
pub use image::{Image, WriteError};
pub use reader::View;
pub use record::{FileSpec, NodeRecord, NodeSpec, PoolRecord, PoolSpec};
pub use snapshot::{PoolSnapshot, Snapshot};
pub use verdict::{Role, StalePolicy, Verdict, VerdictWord};

#[cfg(feature = "daemon")]
pub use map::{Mapping, ReadError};
#[cfg(feature = "daemon")]
pub use place::is_in_memory;
#[cfg(feature = "daemon")]
pub use writer::Writer;
