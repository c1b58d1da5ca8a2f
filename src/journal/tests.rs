//! The files after crashes, by themselves; `tests/events.rs` has the daemon with them.

use super::appender::Appender;
use super::recent::{KEPT, Recent};
use super::segment::{self, FULL};
use super::{Files, Order};
use crate::alert::Line;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn event(seq: u64) -> Arc<Line> {
    let (time, severity) = ("2026-11-24T02:00:00.000Z".into(), "alert".into());
    let (event, reason) = ("failover".into(), format!("\"é\" {seq}"));
    Arc::new(Line { seq, time, severity, event, reason, ..Line::default() })
}

fn open(state: &Path) -> Appender {
    Appender::open(state, Files::of(state).dir()).expect("opened")
}

/// Adds events of these numbers, one write each.
fn add(state: &Path, seqs: impl Iterator<Item = u64>) {
    let mut appender = open(state);
    seqs.for_each(|seq| appender.add(&[event(seq)]).expect("added"));
}

/// The numbers that can be read, and what is said of the rest.
fn read(state: &Path) -> (Vec<u64>, Vec<String>) {
    let mut seqs = Vec::new();
    let each = |line: Line| {
        assert_eq!(line, *event(line.seq), "nothing but what was written");
        seqs.push(line.seq);
        true
    };
    let faults = Files::of(state).read(&(0..u64::MAX), Order::OldestFirst, each);
    (seqs, faults)
}

fn files(state: &Path) -> Vec<PathBuf> {
    segment::list(Files::of(state).dir()).expect("listed").into_iter().map(|s| s.path).collect()
}

#[test]
fn a_crash_at_any_byte_costs_no_event_that_was_whole_and_the_next_is_added_behind_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    add(&state, 1..=4);
    let file = files(&state).remove(0);
    let bytes = fs::read(&file).expect("read");
    for len in 0..=bytes.len() {
        fs::write(&file, &bytes[..len]).expect("cut");
        let whole = bytes[..len].iter().filter(|&&b| b == b'\n').count() as u64;
        assert_eq!(read(&state), ((1..=whole).collect(), vec![]), "cut after {len} bytes");
        add(&state, 9..=9);
        assert_eq!(
            read(&state),
            ((1..=whole).chain([9]).collect(), vec![]),
            "cut after {len} bytes, then added"
        );
    }
}

#[test]
fn what_a_crash_may_have_left_behind_the_last_line_is_cut_off() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    add(&state, 1..=2);
    let file = files(&state).remove(0);
    let whole = fs::read(&file).expect("read");
    for rest in [&[0; 4096][..], b"{\"seq\":3,", b"\xff\xfe", &[b'x'; 100_000]] {
        fs::write(&file, [&whole, rest].concat()).expect("written");
        assert_eq!(read(&state), (vec![1, 2], vec![]));
        assert_eq!(open(&state).last(), 2);
        assert_eq!(fs::read(&file).expect("read"), whole);
    }
}

#[test]
fn a_damaged_line_is_left_out_and_said_and_the_rest_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    add(&state, 1..=5);
    let file = files(&state).remove(0);
    let mut lines: Vec<Vec<u8>> =
        fs::read(&file).expect("read").split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    lines[2] = [&[0; 50][..], b"\n"].concat();
    fs::write(&file, lines.concat()).expect("written");
    let (seqs, faults) = read(&state);
    assert_eq!(seqs, [1, 2, 4, 5]);
    assert_eq!(faults, [format!("{}:3: damaged; this line is left out", file.display())]);
    lines[3] =
        b"{\"seq\":18446744073709551615,\"time\":\"\",\"severity\":\"\",\"event\":\"\",\"reason\":\"\"}\n"
            .to_vec();
    lines[4] = b"\n".to_vec();
    fs::write(&file, lines.concat()).expect("written");
    let (seqs, faults) = read(&state);
    assert_eq!(seqs, [1, 2]);
    assert_eq!(faults, [format!("{}:3: damaged; 3 lines of this file are left out", file.display())]);
    assert_eq!(open(&state).last(), 2, "a number that is damaged is not counted on from");
}

#[test]
fn the_oldest_files_make_room_for_the_newest_and_either_order_reads_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    add(&state, 1..=1);
    // As long as they may be, and sparse: nothing is written to the disk.
    let long = |seq: u64| {
        let path = Files::of(&state).dir().join(format!("{seq:020}.jsonl"));
        fs::File::create(path).and_then(|file| file.write_all_at(b"\n", FULL - 1)).expect("a file");
    };
    (2..=80).for_each(long);
    add(&state, 81..=82);
    let left = files(&state);
    assert_eq!(left.len(), 64, "63 MiB and the one that grows");
    assert!(left[0].ends_with(format!("{:020}.jsonl", 18)), "{left:?}");
    add(&state, 83..=90);
    let newest_first = |most: usize| {
        let mut seqs = Vec::new();
        let each = |line: Line| {
            seqs.push(line.seq);
            seqs.len() < most
        };
        Files::of(&state).read(&(0..90), Order::NewestFirst, each);
        seqs
    };
    assert_eq!(newest_first(3), [89, 88, 87]);
    assert_eq!(read(&state).0, (81..=90).collect::<Vec<_>>());
}

#[test]
fn a_file_that_was_cut_short_later_is_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    add(&state, 1..=2);
    let file = files(&state).remove(0);
    let next = Files::of(&state).dir().join(format!("{:020}.jsonl", 3));
    fs::write(next, serde_json::to_string(&*event(3)).expect("JSON") + "\n").expect("written");
    let bytes = fs::read(&file).expect("read");
    fs::write(&file, &bytes[..bytes.len() - 5]).expect("cut");
    assert_eq!(read(&state), (vec![1, 3], vec![format!("{}: its end is missing", file.display())]));
}

#[test]
fn what_waits_for_the_disk_is_bounded_and_what_had_to_go_is_counted() {
    let recent = Recent::default();
    recent.go_on_from(100);
    (101..=110).for_each(|seq| recent.add(event(seq)));
    assert_eq!(recent.written(105), 0);
    (111..=101 + KEPT as u64 + 9).for_each(|seq| recent.add(event(seq)));
    assert_eq!(recent.oldest(), 111);
    assert_eq!(recent.written(recent.newest()), 5, "106 to 110");
    assert_eq!(recent.written(recent.newest()), 0, "they are told once");
}

#[test]
fn no_number_is_given_twice_not_even_to_an_event_that_never_reached_the_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    assert_eq!(open(&state).goes_on_from(), 0);
    add(&state, 1..=7);
    assert_eq!(open(&state).goes_on_from(), 10_007, "after a crash");
    let last = Line { event: "stopped".into(), ..(*event(8)).clone() };
    open(&state).add(&[Arc::new(last)]).expect("added");
    assert_eq!(open(&state).goes_on_from(), 8, "after an end");
}
