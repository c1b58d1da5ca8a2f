//! A scenario in a kernel of its own: User Mode Linux, which is an ordinary program and has IPVS.
//!
//! It sees the files of the host at the same paths, read-only, and may write under /run and /dev/shm. Its first process
//! runs this same test program once more, for the one scenario; there everybody is root.

use super::agent::program;
use super::flavour::Flavour;
use super::place::{OwnDir, base};
use super::processes::start_until;
use super::template;
use nix::sys::signal::Signal;
use nix::unistd::Uid;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a guest may live, in seconds. Generous: a busy machine is no fault.
const LIMIT: &str = "600";
/// Taken from the host only as it is used.
const MEMORY: &str = "768M";
/// The first process of a guest that is there for one scenario alone.
const PLAIN: &str = include_str!("guest-init.sh");
/// Of one in which systemd comes after that.
const SYSTEMD: &str = include_str!("guest-systemd.sh");
/// Set where the guest is; holds the data directory that its servers begin with.
const TEMPLATE: &str = "MPP_GUEST_TEMPLATE";

/// Each scenario as a test, in a guest of its own.
#[macro_export]
macro_rules! in_a_guest {
    ($($(#[$how:meta])* $scenario:ident,)*) => {
        mod in_a_guest {
            $(#[test] $(#[$how])* fn $scenario() {
                let name = concat!(module_path!(), "::", stringify!($scenario));
                $crate::support::guest::play(name, super::$scenario);
            })*
        }
    };
}

/// Plays the scenario of the test with this path: in the guest here and now, on the host by booting a guest for it.
///
/// # Panics
/// If the scenario does, or the guest does not come to its end; what it said is shown.
pub fn play(path: &str, scenario: fn()) {
    play_after(PLAIN, path, scenario);
}

/// The same in a guest that is a whole Debian machine: systemd is its first process, its files may be written (and are thrown
/// away), and MPP is installed as its package does it.
///
/// # Panics
/// As [`play`].
pub fn play_under_systemd(path: &str, scenario: fn()) {
    play_after(SYSTEMD, path, scenario);
}

fn play_after(init: &str, path: &str, scenario: fn()) {
    match is_here() {
        true => scenario(),
        false => boot(init, path.split_once("::").expect("a path in a crate").1),
    }
}

/// Plays the scenario of the test with this path as root: here and now, or else by running this test program once more in a
/// namespace where it seems to be root, as in a guest.
///
/// # Panics
/// If the scenario does, or the kernel lets nobody have user namespaces.
pub fn play_as_root(path: &str, scenario: fn()) {
    if Uid::effective().is_root() {
        return scenario();
    }
    let test = path.split_once("::").expect("a path in a crate").1;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "--mount", "setpriv", "--pdeathsig=KILL"]);
    command.arg(env::current_exe().expect("our own path")).env(TEMPLATE, template::of(Flavour::Installed));
    command.args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"]);
    // What belongs to root there must not be where root's own tests have theirs.
    command.env("TMPDIR", base());
    let ended =
        start_until(command, Signal::SIGKILL).expect("unshare, from util-linux").wait().expect("its end");
    assert!(
        ended.success(),
        "{test} failed; see above (be root, or allow unprivileged user namespaces): {ended}"
    );
}

/// Whether this is the guest.
pub fn is_here() -> bool {
    template().is_some()
}

/// The data directory that the host has made for the guest's servers.
pub(super) fn template() -> Option<PathBuf> {
    env::var_os(TEMPLATE).map(PathBuf::from)
}

/// Two guests at a time, each waiting for the one before it, which ends by its limit at the latest. Each takes a processor,
/// and where it gets little of it, servers seem to be dead.
fn turn() -> MutexGuard<'static, ()> {
    static TURNS: [Mutex<()>; 2] = [Mutex::new(()), Mutex::new(())];
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let turn = &TURNS[NEXT.fetch_add(1, Ordering::Relaxed) % TURNS.len()];
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

fn boot(init: &str, test: &str) {
    let _turn = turn();
    let (kernel, out) = (kernel(), OwnDir::private("guest"));
    let path = out.join("init");
    fs::write(out.join("settings"), settings(&kernel, test)).expect("the settings written");
    fs::write(&path, init).expect("the first process written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    let ended = run(&kernel, &out);

    let read = |file| fs::read_to_string(out.join(file)).unwrap_or_default();
    println!("{}", read("log"));
    match read("status").trim() {
        "0" => {}
        "" => panic!("the guest came to no end in {LIMIT} s, or died: {ended}\n{}", read("console")),
        status => panic!("{test} failed in the guest: exit code {status}; see above"),
    }
}

/// For the guest's first process, a shell: what to run in which environment.
fn settings(kernel: &Path, test: &str) -> String {
    let own = env::current_exe().expect("our own path");
    let programs = program("mppd");
    let programs = programs.parent().expect("a build directory");
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    format!(
        "kernel={}\nprograms={}\nrepository={}\nexport RUST_BACKTRACE=1 {TEMPLATE}={}\n\
         set -- {} --exact {test} --include-ignored --nocapture --test-threads=1\n",
        quoted(kernel),
        quoted(programs),
        quoted(Path::new(env!("CARGO_MANIFEST_DIR"))),
        quoted(&template::of(Flavour::Installed)),
        quoted(&own),
    )
}

/// Runs the kernel to its end. It is asked to end, not killed, also when this process dies: its own processes, which are
/// the guest's, would outlive it.
fn run(kernel: &Path, out: &Path) -> ExitStatus {
    let console = fs::File::create(out.join("console")).expect("a console");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", LIMIT]).arg(kernel.join("linux.uml"));
    command.args(["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"]);
    command.args(["con=null", "con0=null,fd:1", "con1=null"]).arg(format!("mem={MEMORY}"));
    command.arg(format!("uml_dir={}", out.display())).arg(format!("init={}", out.join("init").display()));
    command.env("LD_PRELOAD", kernel.join("xstate.so"));
    // Its memory is a file there, without a name.
    command.env("TMPDIR", env::temp_dir());
    command.stdin(Stdio::null()).stderr(console.try_clone().expect("the console again")).stdout(console);
    start_until(command, Signal::SIGTERM).expect("timeout, from coreutils").wait().expect("its end")
}

/// The folder with the kernel; fetched, if it is not there.
fn kernel() -> PathBuf {
    let program = env::current_exe().expect("our own path");
    let folder = program.ancestors().nth(3).expect("a build directory").join("guest-kernel");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/fetch-kernel.sh");
    let fetched = Command::new(script).arg(&folder).status().expect("a shell");
    assert!(fetched.success(), "no kernel in {}", folder.display());
    folder
}
