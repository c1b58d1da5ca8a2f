//! Writers killed at random instants, again and again, under readers that never look away.
#![cfg(feature = "daemon")]

mod state_support;

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use mpp::state::{Mapping, Snapshot, Writer};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use state_support::{record, spec};
use tempfile::TempDir;

/// Names the state to a process that is to be a writer, or a reader.
const WRITER: &str = "MPP_TORTURE_WRITER";
const READER: &str = "MPP_TORTURE_READER";
const KILLS: u64 = 60;
const NODES: usize = 5;

/// This test binary again, as the process that `role` names.
fn spawn(role: &str, path: &Path) -> Child {
    Command::new(env::current_exe().expect("this binary"))
        .args(["--exact", "as_a_process_of_the_torture"])
        .env(role, path)
        .stdout(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Not a test of its own: what the spawned processes run.
#[test]
fn as_a_process_of_the_torture() {
    let role = |name| env::var_os(name).map(PathBuf::from);
    if role(WRITER).is_some() || role(READER).is_some() {
        set_pdeathsig(Signal::SIGKILL).expect("tied to the parent");
    }
    if let Some(path) = role(WRITER) {
        write_for_ever(&path);
    }
    if let Some(path) = role(READER) {
        Reader::new(&path).look_for_ever();
    }
}

/// Goes on where the predecessor was killed, as the daemon does.
fn write_for_ever(path: &Path) {
    let last = Snapshot::read(path).map_or(0, |state| state.pools[0].record.epoch);
    let mut writer = Writer::create(path, &spec(&[("db", NODES)])).expect("a writer");
    writer.heartbeat(1);
    for number in last.. {
        writer.publish(0, &record(number, NODES)).expect("published");
        writer.reveal().expect("revealed");
    }
}

/// Holds a mapping as long as it may, and checks everything it sees.
struct Reader {
    path: PathBuf,
    mapping: Mapping,
    last: u64,
}

impl Reader {
    fn new(path: &Path) -> Reader {
        let mapping = Mapping::open(path).expect("a mapping");
        Reader { path: path.to_owned(), mapping, last: 0 }
    }

    /// One look: the epoch it saw.
    fn look(&mut self) -> u64 {
        if self.mapping.is_replaced() {
            self.mapping = Mapping::open(&self.path).expect("a mapping");
        }
        let state = Snapshot::of(&self.mapping.view().expect("a view")).expect("a snapshot");
        let seen = &state.pools[0].record;
        assert_eq!(*seen, record(seen.epoch, NODES), "not of one publication");
        assert_eq!(seen.nodes.iter().filter(|node| node.rw.up).count(), 1);
        assert!(seen.epoch >= self.last, "went back from {} to {}", self.last, seen.epoch);
        self.last = seen.epoch;
        self.last
    }

    fn look_for_ever(&mut self) {
        loop {
            self.look();
        }
    }
}

/// Kills `writer` once it has published `publications` times since `seen`, or at once if it is 0.
fn kill_after(mut writer: Child, seen: &AtomicU64, publications: u64) {
    let start = seen.load(Ordering::Relaxed);
    while seen.load(Ordering::Relaxed) < start + publications {
        let ended = writer.try_wait().expect("a child");
        assert!(ended.is_none(), "the writer ended by itself: {ended:?}");
        thread::yield_now();
    }
    writer.kill().expect("killed");
    writer.wait().expect("reaped");
}

#[test]
fn readers_see_whole_and_ever_newer_states_whenever_the_writer_is_killed() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("state");
    let first = spawn(WRITER, &path);
    while !path.exists() {
        thread::yield_now();
    }
    let (seen, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut other = spawn(READER, &path);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut reader = Reader::new(&path);
            while !is_over.load(Ordering::Relaxed) {
                seen.store(reader.look(), Ordering::Relaxed);
            }
        });
        let random = RandomState::new();
        kill_after(first, &seen, 100);
        for round in 1..KILLS {
            // One in four dies while it makes its file, or a little later.
            let number = random.hash_one(round);
            let publications = if number % 4 == 0 { 0 } else { number % 97 };
            kill_after(spawn(WRITER, &path), &seen, publications);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let ended = other.try_wait().expect("a child");
    other.kill().expect("killed");
    other.wait().expect("reaped");
    assert_eq!(ended, None, "the reading process found a fault");
    assert!(Reader::new(&path).look() > KILLS);
}
