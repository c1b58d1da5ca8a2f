//! What tests left that were killed: the next one removes it, and so does an interrupted `make test`, by this one.

mod support;

use std::fs;
use std::process;
use support::OwnDir;
use support::place::{base, sweep};

#[test]
fn what_a_killed_test_left_is_removed_and_what_is_in_use_stays() {
    let left = base().join(format!("left-by-{}", process::id()));
    let lock = left.with_extension("lock");
    fs::create_dir_all(left.join("data")).expect("a directory");
    fs::write(&lock, "").expect("its lock, which nobody holds");
    let used = OwnDir::private("used");
    sweep();
    assert!(!left.exists() && !lock.exists(), "{}", left.display());
    assert!(used.exists(), "{}", used.display());
}
