//! `mpp-check` and the published state: a later writer may lengthen records, and leaves their beginnings as they are.

use crate::state_support::{record, spec};
use crate::support::agent::program;
use mpp::state::layout::{copy, copy_node, header, node, pool};
use mpp::state::{Image, Snapshot, parse_boot_id};
use nix::time::{ClockId, clock_gettime};
use std::fs;
use std::iter;
use std::process::Command;
use std::sync::atomic::Ordering;
use tempfile::TempDir;

/// What a later version adds to each record.
const MORE: [u64; 5] = [0xA5A5_A5A5_A5A5_A5A5; 5];
/// The publication that is read.
const NUMBER: u64 = 8;

#[test]
fn a_state_whose_records_a_later_writer_has_lengthened_says_the_same() {
    let (old, folder) = (state(), TempDir::new().expect("a folder"));
    let bytes = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let new = bytes(&Longer::of(&old));
    let (read, wanted) = (Snapshot::from_bytes(&new), Snapshot::from_bytes(&bytes(&old)));
    let (read, wanted) = (read.expect("a state"), wanted.expect("a state"));
    assert_eq!((read.pools, read.daemon_version), (wanted.pools, wanted.daemon_version));
    let file = folder.path().join("state");
    fs::write(&file, new).expect("written");
    for (place, node) in record(NUMBER, 3).nodes.iter().enumerate() {
        for (role, verdict) in [("rw", node.rw), ("ro", node.ro), ("geo", node.geo)] {
            let mut check = Command::new(program("mpp-check"));
            check.arg("--state").arg(&file).args([role, "db", &format!("db{}", place + 1)]);
            let status = check.status().expect("mpp-check ran");
            assert_eq!(status.code(), Some(i32::from(!verdict.up)), "{role} of node {place}");
        }
    }
}

/// Two pools, published now, as words.
fn state() -> Vec<u64> {
    let mut spec = spec(&[("db", 3), ("other", 1)]);
    let boot = fs::read("/proc/sys/kernel/random/boot_id").expect("a boot id");
    spec.boot_id = parse_boot_id(&boot).expect("an id");
    let (image, words) = Image::build(&spec).expect("a state");
    for number in [NUMBER - 1, NUMBER] {
        for (at, pool) in spec.pools.iter().enumerate() {
            image.publish(&words, at, &record(number, pool.nodes.len())).expect("published");
        }
    }
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("a clock");
    image.heartbeat(&words, now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64);
    words.iter().map(|word| word.load(Ordering::Relaxed)).collect()
}

/// A state that is laid out anew, record by record, as docs/state-layout.md tells it.
struct Longer<'a> {
    old: &'a [u64],
    new: Vec<u64>,
}

impl Longer<'_> {
    fn of(old: &[u64]) -> Vec<u64> {
        let mut state = Longer { old, new: Vec::new() };
        state.record(0, header::LEN);
        let pools = state.table(header::POOLS_AT, pool::LEN);
        let nodes = state.table(header::NODES_AT, node::LEN);
        state.section(header::INDEX_AT, old[words(header::INDEX_SLOTS)]);
        state.section(header::DAEMON_VERSION_AT, old[words(header::DAEMON_VERSION_LEN)].div_ceil(8));
        state.section(header::CONFIG_PATH_AT, old[words(header::CONFIG_PATH_LEN)].div_ceil(8));
        pools.iter().for_each(|entry| state.copies(*entry));
        pools.iter().for_each(|entry| state.seal(*entry, words(pool::LEN) + MORE.len(), pool::CHECK));
        nodes.iter().for_each(|entry| state.seal(*entry, words(node::LEN) + MORE.len(), node::CHECK));
        for (field, len) in [
            (header::POOL_STRIDE, pool::LEN),
            (header::NODE_STRIDE, node::LEN),
            (header::COPY_HEAD, copy::LEN),
            (header::COPY_NODE_STRIDE, copy_node::LEN),
        ] {
            state.new[words(field)] = len + 8 * MORE.len() as u64;
        }
        state.new[words(header::SIZE)] = state.end();
        state.seal(0, words(old[words(header::STATIC_LEN)]), header::CHECK);
        state.new
    }

    /// Where it ends so far, in bytes.
    fn end(&self) -> u64 {
        8 * self.new.len() as u64
    }

    /// Takes over so many words from there on.
    fn keep(&mut self, from: usize, count: usize) {
        self.new.extend_from_slice(&self.old[from..from + count]);
    }

    /// Takes over a record, and adds to it.
    fn record(&mut self, from: usize, len: u64) {
        self.keep(from, words(len));
        self.new.extend(MORE);
    }

    /// Takes over what a field of the header leads to.
    fn section(&mut self, field: u64, count: u64) {
        self.new[words(field)] = self.end();
        self.keep(words(self.old[words(field)]), count as usize);
    }

    /// Takes over a table that fields of the header lead to; where its records are now.
    fn table(&mut self, field: u64, len: u64) -> Vec<usize> {
        let (from, count) = (words(self.old[words(field)]), self.old[words(field + 8)] as usize);
        self.new[words(field)] = self.end();
        let take = |number: usize| {
            let at = self.new.len();
            self.record(from + number * words(len), len);
            at
        };
        (0..count).map(take).collect()
    }

    /// Takes over generation, copies and memories of the pool whose entry is there.
    fn copies(&mut self, entry: usize) {
        let field = |at: u64| entry + words(at);
        let [nodes, generation, from, len] =
            [pool::NODES, pool::GENERATION_AT, pool::COPY_AT, pool::COPY_LEN].map(|at| self.new[field(at)]);
        self.new[field(pool::GENERATION_AT)] = self.end();
        self.keep(words(generation), 1);
        self.new[field(pool::COPY_AT)] = self.end();
        for start in [from, from + len] {
            self.new[field(pool::COPY_LEN)] = self.end();
            let mut at = words(start);
            for part in iter::once(copy::LEN).chain(iter::repeat_n(copy_node::LEN, nodes as usize)) {
                self.record(at, part);
                at += words(part);
            }
            self.keep(at, words(start + len) - at);
            self.new[field(pool::COPY_LEN)] = self.end() - self.new[field(pool::COPY_LEN)];
        }
        let [memory, capacity] = [pool::MEMORY_AT, pool::MEMORY_CAPACITY].map(|at| self.new[field(at)]);
        self.new[field(pool::MEMORY_AT)] = self.end();
        self.keep(words(memory), words(2 * capacity));
    }

    /// Writes the checksum of so many words from there on.
    fn seal(&mut self, from: usize, count: usize, check: u64) {
        let others = self.new[from..from + count].iter().enumerate().filter(|(at, _)| *at != words(check));
        let sum = others.fold(0x6d70_7020_7374_6174, |sum: u64, (_, word)| mix(sum.rotate_left(1) ^ word));
        self.new[from + words(check)] = sum;
    }
}

fn words(bytes: u64) -> usize {
    bytes as usize / 8
}

fn mix(mut h: u64) -> u64 {
    for factor in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
        h = (h ^ (h >> 33)).wrapping_mul(factor);
    }
    h ^ (h >> 33)
}
