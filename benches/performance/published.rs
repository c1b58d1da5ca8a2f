//! The published state as a reader in this process sees it: watching it costs `mppd` nothing.

use mpp::state::layout::{copy, copy_node};
use mpp::state::{Mapping, VerdictWord};
use std::path::{Path, PathBuf};

/// A state file, mapped; mapped again when another one takes its place.
pub struct Published {
    path: PathBuf,
    mapping: Mapping,
}

impl Published {
    /// The state at `path`, which must be there.
    pub fn open(path: &Path) -> Published {
        Published { path: path.to_owned(), mapping: Mapping::open(path).expect("a published state") }
    }

    /// Looks whether another file has taken its place.
    pub fn refresh(&mut self) {
        if self.mapping.is_replaced() {
            self.mapping = Mapping::open(&self.path).expect("a published state");
        }
    }

    /// When the newest poll of a node began, Unix ms.
    pub fn last_request(&self, pool: usize, node: usize) -> u64 {
        self.word(pool, node_at(node) + copy_node::LAST_REQUEST)
    }

    /// Whether a node is UP for `rw`.
    pub fn is_up(&self, pool: usize, node: usize) -> bool {
        let word = VerdictWord(self.word(pool, node_at(node) + copy_node::RW));
        word.unpack().is_some_and(|verdict| verdict.up)
    }

    fn word(&self, pool: usize, at: u64) -> u64 {
        let view = self.mapping.view().expect("a whole state");
        let pool = view.pool(pool as u64).expect("a pool");
        view.read_copy(&pool, |_, copy| copy.get(at, "a word")).expect("a published pool")
    }
}

fn node_at(node: usize) -> u64 {
    copy::LEN + node as u64 * copy_node::LEN
}
