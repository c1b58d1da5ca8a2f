//! The reader on arbitrary bytes, and on a valid state with some of its words changed.
//! `cargo +nightly fuzz run state_reader`
#![no_main]

use libfuzzer_sys::fuzz_target;
use mpp::state::snapshot::words_of;
use mpp::state::{Role, Snapshot, View};

const GOLDEN: &[u8] = include_bytes!("../../tests/cases/state/v1.state");

fuzz_target!(|data: &[u8]| {
    match data.split_first() {
        Some((0, edits)) => read_all(&edited(edits)),
        _ => read_all(data),
    }
});

/// The golden state; ten bytes each are a place and the word to put there.
fn edited(edits: &[u8]) -> Vec<u8> {
    let mut state = GOLDEN.to_vec();
    for edit in edits.chunks_exact(10) {
        let place = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % (state.len() / 8);
        state[place * 8..][..8].copy_from_slice(&edit[2..]);
    }
    state
}

fn read_all(state: &[u8]) {
    let _ = Snapshot::from_bytes(state).map_err(|fault| fault.to_string());
    let words = words_of(state);
    let Ok(view) = View::check(&words, state.len() as u64) else { return };
    for (pool, node) in [("db", "db1"), ("db", "[2001:db8::1]:3306"), ("größe", "db1"), ("x", "y")] {
        let Ok(found) = view.find(pool.as_bytes(), node.as_bytes()) else { continue };
        for role in Role::ALL {
            let _ = view.verdict(&found, role);
        }
    }
}
