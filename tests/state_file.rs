//! The state as a file: made aside, revealed whole, replaced by rename.
#![cfg(feature = "daemon")]

mod state_support;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use mpp::state::{Mapping, ReadError, Snapshot, StateFault, WriteError, Writer};
use state_support::{record, spec};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("state");
    (dir, path)
}

/// A revealed state of one pool, `db`, with publication `number`.
fn revealed(path: &std::path::Path, number: u64) -> Writer {
    let mut writer = Writer::create(path, &spec(&[("db", 2)])).expect("a writer");
    writer.publish(0, &record(number, 2)).expect("published");
    writer.heartbeat(1);
    writer.reveal().expect("revealed");
    writer
}

#[test]
fn a_state_is_invisible_until_it_is_complete() {
    let (dir, path) = place();
    let mut writer = Writer::create(&path, &spec(&[("db", 2), ("dc", 1)])).expect("a writer");
    assert!(matches!(writer.reveal(), Err(WriteError::NoHeartbeat)));
    writer.heartbeat(1);
    assert!(matches!(writer.reveal(), Err(WriteError::Unpublished { pool: 0 })));
    writer.publish(0, &record(1, 2)).expect("published");
    assert!(matches!(writer.reveal(), Err(WriteError::Unpublished { pool: 1 })));
    assert!(!path.exists());
    writer.publish(1, &record(1, 1)).expect("published");
    writer.reveal().expect("revealed");
    let names: Vec<_> =
        fs::read_dir(dir.path()).expect("listed").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["state"]);
}

#[test]
fn a_writer_has_what_each_pool_was_last_published_with() {
    let (_dir, path) = place();
    let mut writer = Writer::create(&path, &spec(&[("db", 2), ("dc", 1)])).expect("a writer");
    for number in [9, 300, 17] {
        writer.publish(0, &record(number, 2)).expect("published");
        writer.publish(1, &record(number + 1, 1)).expect("published");
        assert_eq!(writer.memory(0).expect("a memory"), record(number, 2).memory);
        assert_eq!(writer.memory(1).expect("a memory"), record(number + 1, 1).memory);
    }
    assert!(matches!(writer.memory(2), Err(WriteError::NoSuchPool { pool: 2 })));
}

#[test]
fn everyone_may_read_it_and_its_space_is_taken() {
    use std::os::unix::fs::MetadataExt;
    let (_dir, path) = place();
    let _writer = revealed(&path, 1);
    let metadata = fs::metadata(&path).expect("metadata");
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o644);
    assert!(metadata.blocks() * 512 >= metadata.len());
}

#[test]
fn what_a_killed_writer_left_is_replaced_and_what_a_dropped_one_made_is_removed() {
    let (dir, path) = place();
    let aside = dir.path().join("state.new");
    fs::write(&aside, "half a state").expect("written");
    drop(Writer::create(&path, &spec(&[("db", 2)])).expect("a writer"));
    assert!(!aside.exists());
}

#[test]
fn a_reader_with_an_old_mapping_is_told_and_keeps_what_it_has() {
    let (_dir, path) = place();
    let first = revealed(&path, 1);
    let mapping = Mapping::open(&path).expect("a mapping");
    assert!(!mapping.is_replaced());
    let _second = revealed(&path, 2);
    assert!(mapping.is_replaced());
    let old = Snapshot::of(&mapping.view().expect("a view")).expect("a snapshot");
    assert_eq!(old.pools[0].record, record(1, 2));
    assert_eq!(Snapshot::read(&path).expect("a snapshot").pools[0].record, record(2, 2));
    drop(first);
    assert!(!Mapping::open(&path).expect("a mapping").is_replaced());
}

#[test]
fn a_reader_sees_what_is_published_after_it_mapped_the_file() {
    let (_dir, path) = place();
    let mut writer = revealed(&path, 1);
    let mapping = Mapping::open(&path).expect("a mapping");
    for number in 2..50 {
        writer.publish(0, &record(number, 2)).expect("published");
        let snapshot = Snapshot::of(&mapping.view().expect("a view")).expect("a snapshot");
        assert_eq!(snapshot.pools[0].record, record(number, 2));
    }
}

#[test]
fn another_file_at_the_path_is_replaced_but_not_written_to() {
    let (dir, path) = place();
    let other = dir.path().join("other");
    fs::write(&other, [b'x'; 1024]).expect("written");
    fs::hard_link(&other, &path).expect("linked");
    let _writer = revealed(&path, 1);
    assert_eq!(fs::read(&other).expect("read"), [b'x'; 1024]);
    assert!(Snapshot::read(&path).is_ok());
}

#[test]
fn a_state_that_can_not_be_read_names_the_file_and_the_fault() {
    let (dir, path) = place();
    let missing = Snapshot::read(&path).expect_err("missing");
    assert!(matches!(&missing, ReadError::Io { error, .. } if error.kind() == ErrorKind::NotFound));
    assert!(missing.to_string().starts_with(path.to_str().expect("UTF-8")));
    assert!(matches!(Snapshot::read(dir.path()), Err(ReadError::Io { .. })));
    fs::write(&path, "").expect("written");
    let empty = Snapshot::read(&path).expect_err("empty");
    assert!(matches!(empty, ReadError::Fault { fault: StateFault::TooShort { has: 0 }, .. }));
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let (dir, _) = place();
    let path = dir.path().join("missing/state");
    let text = Writer::create(&path, &spec(&[("db", 1)])).expect_err("refused").to_string();
    assert!(text.starts_with("failed to create") && text.contains("missing/state.new"), "{text}");
}

#[test]
fn a_full_file_system_is_an_error_and_no_signal() {
    let (_dir, path) = place();
    let mut spec = spec(&[("db", 1)]);
    spec.pools[0].memory_capacity = 1 << 55;
    let text = Writer::create(&path, &spec).expect_err("refused").to_string();
    assert!(text.starts_with("failed to allocate"), "{text}");
    assert!(!path.with_extension("new").exists());
}
