//! `mpp-check` itself, on real states: its exit codes are what keepalived acts on.
#![cfg(feature = "daemon")]

mod state_support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mpp::state::layout::header;
use mpp::state::{FileSpec, StalePolicy, Verdict, Writer, parse_boot_id};
use nix::time::{ClockId, clock_gettime};
use state_support::{record, spec};
use tempfile::TempDir;

const SECOND: u64 = 1_000_000_000;

/// What a run came to: exit code, standard output, standard error.
type Answer = (i32, String, String);

struct State {
    dir: TempDir,
    path: PathBuf,
}

impl State {
    fn none() -> State {
        let dir = TempDir::new().expect("a directory");
        let path = dir.path().join("state");
        State { dir, path }
    }

    /// A fresh state of two pools, publication 8: db3 is active in `db`, db1 in `v6`.
    fn fresh() -> State {
        let state = State::none();
        state.write(&two_pools(), now(), 8);
        state
    }

    fn write(&self, spec: &FileSpec, heartbeat: u64, number: u64) -> Writer {
        let mut writer = Writer::create(&self.path, spec).expect("a writer");
        for (pool, pool_spec) in spec.pools.iter().enumerate() {
            writer.publish(pool, &record(number, pool_spec.nodes.len())).expect("published");
        }
        writer.heartbeat(heartbeat);
        writer.reveal().expect("revealed");
        writer
    }

    /// Where checks leave their marks.
    fn asked(&self) -> PathBuf {
        self.dir.path().join("state.asked")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mpp-check"));
        command.arg("--state").arg(&self.path).args(args);
        command
    }

    fn check(&self, args: &[&str]) -> Answer {
        run(&mut self.command(args))
    }

    /// Asserts DOWN with one line that starts with the program's name and contains `words`.
    fn is_down(&self, args: &[&str], words: &str) {
        assert_down(&self.check(args), words);
    }
}

fn run(command: &mut Command) -> Answer {
    let output = loop {
        match command.output() {
            // A test beside us forked while we wrote the copy that is to run, and holds it open for a moment.
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            output => break output.expect("mpp-check runs"),
        }
    };
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("an exit code, no signal");
    (code, text(output.stdout), text(output.stderr))
}

fn assert_down((code, stdout, stderr): &Answer, words: &str) {
    assert_eq!((*code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.starts_with("mpp-check: ") && stderr.contains(words), "{stderr} lacks {words}");
    assert!(stderr.ends_with('\n') && stderr.lines().count() == 1, "{stderr}");
}

fn silent(code: i32) -> Answer {
    (code, String::new(), String::new())
}

fn two_pools() -> FileSpec {
    let mut spec = spec(&[("db", 3), ("v6", 2)]);
    spec.boot_id = boot_id();
    spec.pools[1].nodes[0].address = "[2001:db8::1]:3306".to_owned();
    spec
}

fn boot_id() -> [u8; 16] {
    let text = fs::read("/proc/sys/kernel/random/boot_id").expect("a boot id");
    parse_boot_id(&text).expect("an id")
}

fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("a clock");
    time.tv_sec() as u64 * SECOND + time.tv_nsec() as u64
}

#[test]
fn every_role_of_every_node_is_answered_by_name_and_by_address() {
    let state = State::fresh();
    for (name, address, place) in
        [("db1", "10.0.0.0:3306", 0), ("db2", "10.0.0.1:3306", 1), ("db3", "10.0.0.2:3306", 2)]
    {
        let node = record(8, 3).nodes[place].clone();
        for (role, verdict) in [("rw", node.rw), ("ro", node.ro), ("geo", node.geo)] {
            let plain = i32::from(!verdict.up);
            let dynamic = if verdict.up { i32::from(verdict.weight) + 2 } else { 1 };
            for key in [name, address] {
                assert_eq!(state.check(&[role, "db", key]), silent(plain), "{role} {key}");
                assert_eq!(state.check(&["--dynamic", role, "db", key]), silent(dynamic), "{role} {key}");
            }
        }
    }
}

#[test]
fn an_ipv6_address_is_found() {
    let state = State::fresh();
    assert_eq!(state.check(&["rw", "v6", "[2001:db8::1]:3306"]), silent(0));
    assert_eq!(state.check(&["rw", "v6", "db2"]), silent(1));
}

#[test]
fn a_dynamic_weight_of_0_to_253_is_an_exit_code_of_2_to_255() {
    let state = State::none();
    let mut writer = state.write(&two_pools(), now(), 8);
    for (weight, code) in [(0, 2), (1, 3), (100, 102), (253, 255)] {
        let mut record = record(9, 3);
        record.nodes[0].rw = Verdict { up: true, weight, reason: 1 };
        writer.publish(0, &record).expect("published");
        assert_eq!(state.check(&["--dynamic", "rw", "db", "db1"]), silent(code));
        assert_eq!(state.check(&["rw", "db", "db1"]), silent(0));
    }
}

#[test]
fn what_is_not_in_the_state_is_down_and_named() {
    let state = State::fresh();
    state.is_down(&["rw", "db", "db4"], "pool db node db4: no such node");
    state.is_down(&["rw", "dx", "db1"], "pool dx node db1: no such pool");
    state.is_down(&["rw", "db", "no\nsuch\x1bnode"], "no\u{fffd}such\u{fffd}node");
    state.is_down(&["rw", &"p".repeat(5000), "db1"], "ppp");
    state.is_down(&["writer", "db", "db1"], "unknown role `writer`: rw, ro or geo");
}

#[test]
fn a_wrong_command_line_is_down_and_says_why() {
    let state = State::fresh();
    for (args, words) in [
        (&["rw", "db"][..], "ROLE POOL NODE"),
        (&[], "ROLE POOL NODE"),
        (&["rw", "db", "db1", "x"], "`x` is an argument too many"),
        (&["--dynamics", "rw", "db", "db1"], "unknown option `--dynamics`"),
        (&["alive", "--max-age", "soon"], "`soon` is no duration"),
        (&["rw", "db", "db1", "--state"], "`--state` needs a value"),
    ] {
        state.is_down(args, words);
    }
    assert_down(&run(&mut Command::new(env!("CARGO_BIN_EXE_mpp-check"))), "ROLE POOL NODE");
}

#[test]
fn help_and_version_are_printed() {
    let state = State::none();
    let (code, stdout, stderr) = state.check(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("Usage: mpp-check [--state FILE] [--dynamic] ROLE POOL NODE"));
    let version = concat!("mpp-check ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(state.check(&["--version"]), (0, version.to_owned(), String::new()));
}

#[test]
fn a_missing_state_is_down_and_the_default_path_is_known() {
    State::none().is_down(&["rw", "db", "db1"], "no such file");
    let state = State::none();
    state.is_down(&["alive"], state.path.to_str().expect("UTF-8"));
}

#[test]
fn a_directory_or_a_fifo_in_place_of_the_state_is_down() {
    let mut state = State::none();
    nix::unistd::mkfifo(&state.path, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    // Its size is 0 to one that opens it, and no size at all to one that looks first.
    state.is_down(&["rw", "db", "db1"], state.path.to_str().expect("UTF-8"));
    state.path = state.dir.path().to_owned();
    state.is_down(&["rw", "db", "db1"], "not a regular file");
}

#[test]
fn a_state_we_may_not_read_is_down() {
    let state = State::fresh();
    fs::set_permissions(&state.path, Permissions::from_mode(0o000)).expect("no permission");
    fs::set_permissions(state.dir.path(), Permissions::from_mode(0o755)).expect("permission");
    let mut command = state.command(&["rw", "db", "db1"]);
    if nix::unistd::geteuid().is_root() {
        let copy = state.dir.path().join("mpp-check");
        fs::copy(env!("CARGO_BIN_EXE_mpp-check"), &copy).expect("a copy others can reach");
        command = Command::new(copy);
        command.arg("--state").arg(&state.path).args(["rw", "db", "db1"]).uid(65534);
    }
    assert_down(&run(&mut command), "permission denied");
}

#[test]
fn a_truncated_state_is_down() {
    let state = State::fresh();
    let whole = fs::read(&state.path).expect("read");
    for len in (0..whole.len()).step_by(37).chain([1, 7, 8, 319, 320, 321, whole.len() - 1]) {
        fs::write(&state.path, &whole[..len]).expect("written");
        let words = if len < 320 { "a state at least 320" } else { "the state says it has" };
        state.is_down(&["rw", "db", "db3"], words);
    }
    fs::write(&state.path, [&whole[..], b"and more"].concat()).expect("written");
    state.is_down(&["rw", "db", "db3"], "the state says it has");
}

#[test]
fn garbage_and_other_versions_are_down() {
    let state = State::fresh();
    let whole = fs::read(&state.path).expect("read");
    let with = |at: u64, value: u64| {
        let mut bytes = whole.clone();
        bytes[at as usize..][..8].copy_from_slice(&value.to_le_bytes());
        fs::write(&state.path, bytes).expect("written");
    };
    with(header::VERSION, 2);
    state.is_down(&["rw", "db", "db3"], "layout version 2 is not known to this reader, which knows 1 to 1");
    with(header::MAGIC, 0);
    state.is_down(&["rw", "db", "db3"], "not a state file");
    with(header::NODES_AT, 0);
    state.is_down(&["rw", "db", "db3"], "the header at byte 24 is damaged");
    fs::write(&state.path, vec![b'x'; whole.len()]).expect("written");
    state.is_down(&["rw", "db", "db3"], "not a state file");
}

#[test]
fn a_stale_state_is_held_or_down_as_its_policy_says() {
    let state = State::none();
    let mut spec = two_pools();
    // The machine may have been up for less than the age a test would like.
    spec.stale_after = Duration::from_millis(1);
    let old = now() - 20_000_000;
    state.write(&spec, old, 8);
    assert_eq!(state.check(&["rw", "db", "db3"]), silent(0));
    assert_eq!(state.check(&["rw", "db", "db1"]), silent(1));
    spec.stale_policy = StalePolicy::Down;
    state.write(&spec, old, 8);
    state.is_down(&["rw", "db", "db3"], "no heartbeat for");
    spec.stale_after = Duration::from_secs(60);
    state.write(&spec, now(), 8);
    assert_eq!(state.check(&["rw", "db", "db3"]), silent(0));
}

#[test]
fn a_state_of_another_boot_or_of_the_future_is_down_whatever_the_policy() {
    let state = State::none();
    let mut spec = two_pools();
    state.write(&spec, now() + 3600 * SECOND, 8);
    state.is_down(&["rw", "db", "db3"], "ahead of this machine's clock");
    state.is_down(&["alive"], "ahead of this machine's clock");
    spec.boot_id[0] ^= 1;
    state.write(&spec, now(), 8);
    state.is_down(&["rw", "db", "db3"], "before the last reboot");
    state.is_down(&["alive"], "before the last reboot");
}

#[test]
fn alive_is_a_fresh_heartbeat() {
    let state = State::none();
    let writer = state.write(&two_pools(), now(), 8);
    assert_eq!(state.check(&["alive", "--max-age", "1m"]), silent(0));
    writer.heartbeat(now() - 20_000_000);
    state.is_down(&["alive", "--max-age", "1ms"], "(at most 0.0s)");
    assert_eq!(state.check(&["alive", "--max-age", "1m"]), silent(0));
}

#[test]
fn a_state_that_is_replaced_all_the_time_is_always_answered() {
    let state = State::none();
    let mut writer = state.write(&two_pools(), now(), 8);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Publications 8, 11, 14 ...: db3 is active in all of them.
            for number in (8..).step_by(3) {
                writer.publish(0, &record(number, 3)).expect("published");
                if number % 4 == 0 {
                    writer = state.write(&two_pools(), now(), 8);
                }
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..200 {
            let answers = [state.check(&["rw", "db", "db3"]), state.check(&["rw", "db", "db2"])];
            if answers != [silent(0), silent(1)] {
                is_over.store(true, Ordering::Relaxed);
                panic!("{answers:?}");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn ten_thousand_nodes_are_answered() {
    let state = State::none();
    let mut spec = spec(&[("db", 10_000)]);
    spec.boot_id = boot_id();
    state.write(&spec, now(), 9_999);
    assert_eq!(state.check(&["rw", "db", "db10000"]), silent(0));
    assert_eq!(state.check(&["rw", "db", "10.0.39.15:3306"]), silent(0));
    assert_eq!(state.check(&["rw", "db", "db1"]), silent(1));
    state.is_down(&["rw", "db", "db10001"], "no such node");
}

#[test]
fn a_check_leaves_a_mark_of_when_it_was_asked_and_answers_the_same_where_it_can_not() {
    let state = State::fresh();
    assert_eq!(state.check(&["rw", "db", "db3"]), silent(0));
    assert!(!state.asked().exists(), "it makes no file");
    fs::write(state.asked(), [0; 24 * 4]).expect("a file for marks");
    let before = now();
    assert_eq!(state.check(&["ro", "db", "db3"]), state.check(&["ro", "db", "db3"]));
    let marks = fs::read(state.asked()).expect("the marks");
    let (marks, _) = marks.as_chunks();
    let left: Vec<(usize, u64)> =
        marks.iter().map(|m| u64::from_le_bytes(*m)).enumerate().filter(|(_, ns)| *ns != 0).collect();
    let [(word, ns)] = left[..] else { panic!("{left:?}") };
    assert_eq!(word as u64 * 8, mpp::state::asked::offset(2, mpp::state::Role::Ro));
    assert!((before..=now()).contains(&ns), "{ns}");
    fs::set_permissions(state.asked(), Permissions::from_mode(0o444)).expect("its mode");
    assert_eq!(state.check(&["rw", "db", "db3"]), silent(0));
}

/// What costs time is starting a process; of system calls there are few, and each has its use.
#[cfg(mpp_bare)]
#[test]
fn a_check_makes_nine_system_calls_and_one_less_where_it_leaves_no_mark() {
    let state = State::fresh();
    let wanted = |mark: &[&'static str]| {
        let first = ["execve", "openat", "fstat", "mmap", "openat", "read", "clock_gettime"];
        [&first, mark, &["exit_group"]].concat()
    };
    let calls = || strace(&state.command(&["rw", "db", "db3"]), state.dir.path());
    assert_eq!(calls(), wanted(&["openat"]));
    fs::write(state.asked(), [0; 24 * 4]).expect("a file for marks");
    assert_eq!(calls(), wanted(&["openat", "pwrite64"]));
}

/// The names of the system calls of `command`.
#[cfg(mpp_bare)]
fn strace(command: &Command, dir: &Path) -> Vec<String> {
    let trace = dir.join("trace");
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(&trace).arg(command.get_program()).args(command.get_args());
    let output = strace.output().expect("strace, from Debian's strace");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(trace).expect("its trace");
    text.lines().filter_map(|line| line.split_once('(')).map(|(name, _)| name.to_owned()).collect()
}
