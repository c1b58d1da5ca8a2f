//! The measuring runs in a child: however it ends, its processes are gone and its directories removed.

use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const WORKER: &str = "MPP_BENCH_WORKER";
/// How often the child and the signals are looked at.
const TICK: Duration = Duration::from_millis(50);

/// Whether this is the child.
pub fn is_worker() -> bool {
    std::env::var_os(WORKER).is_some()
}

/// Runs this program again as the child, in a directory of its own, and cleans up after it; its exit code, or 130.
pub fn supervise() -> i32 {
    // Whatever the child leaves behind becomes ours to wait for.
    set_child_subreaper(true).expect("a subreaper");
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).expect("a signal");
    }
    let scratch = tempfile::Builder::new().prefix("mpp-bench-").tempdir().expect("a directory");
    // As /tmp is: the servers run as another user.
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o1777)).expect("its mode");
    let child = start(scratch.path());
    let code = wait(child, &interrupted);
    reap_all();
    drop(scratch);
    if interrupted.load(Ordering::Relaxed) {
        println!("\nInterrupted; cleaned up.");
        return 130;
    }
    code
}

fn start(scratch: &std::path::Path) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command.args(std::env::args_os().skip(1)).env(WORKER, "1").env("TMPDIR", scratch);
    // SAFETY: between fork and exec this makes one system call and touches no memory of the parent's.
    unsafe { command.pre_exec(|| set_pdeathsig(Signal::SIGKILL).map_err(std::io::Error::from)) };
    command.spawn().expect("the child started")
}

fn wait(mut child: Child, interrupted: &AtomicBool) -> i32 {
    loop {
        if let Some(status) = child.try_wait().expect("our child") {
            return status.code().unwrap_or(1);
        }
        if interrupted.load(Ordering::Relaxed) {
            // It may have ended by the same signal.
            let _ = child.kill();
        }
        thread::sleep(TICK);
    }
}

/// Every process the child has started dies with it, by the kernel's hand: this waits until they have.
fn reap_all() {
    for _ in 0..200 {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => thread::sleep(TICK),
            Ok(_) => {}
            Err(_) => return,
        }
    }
    kill_what_is_left();
}

/// Children of ours, by their process id.
fn kill_what_is_left() {
    let own = std::process::id();
    let path = format!("/proc/self/task/{own}/children");
    let children = fs::read_to_string(path).unwrap_or_default();
    for pid in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        let _ = waitpid(Pid::from_raw(pid), None);
    }
}
