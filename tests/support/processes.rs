//! Child processes that end with the test, however it ends.

use super::net::Net;
use super::place::server_user;
use super::wait::wait_until;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

/// SIGSTOP for a process of ours; back when it stands still.
pub fn freeze(pid: Pid) {
    kill(pid, Signal::SIGSTOP).expect("our child can be signalled");
    // The signal is sent; the threads that run on other processors stop a little later.
    wait_until("the server stands still", Duration::from_secs(60), || stands_still(pid));
}

/// Every thread is stopped.
fn stands_still(pid: Pid) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
    let state = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("stat")).ok();
    // The state stands behind the name in brackets.
    let stopped = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'));
    tasks.flatten().filter_map(state).all(stopped)
}

type Job = (Command, Sender<io::Result<Child>>);

/// Starts a command as the servers' user, in this network if one is named, output thrown away.
pub(super) fn spawn(mut command: Command, net: Option<&Net>) -> io::Result<Child> {
    let user = server_user();
    match (net, user) {
        (Some(net), user) => command = net.inside(&command, user.as_ref()),
        (None, Some(user)) => _ = command.uid(user.uid.as_raw()).gid(user.gid.as_raw()),
        (None, None) => {}
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    start(command)
}

/// Starts a command. The kernel kills it when this process dies.
pub fn start(command: Command) -> io::Result<Child> {
    start_until(command, Signal::SIGKILL)
}

/// Starts a command. The kernel sends it this signal when this process dies.
pub(super) fn start_until(mut command: Command, end: Signal) -> io::Result<Child> {
    // SAFETY: between fork and exec this makes one system call and touches no memory of the parent's.
    unsafe { command.pre_exec(move || set_pdeathsig(end).map_err(io::Error::from)) };
    let (answer, child) = channel();
    starter().send((command, answer)).expect("the starter lives on");
    child.recv().expect("the starter lives on")
}

/// The thread that starts everything: the death signal comes when the *thread* dies, and a test's thread may
/// end before the server it has started for others.
fn starter() -> &'static Sender<Job> {
    static STARTER: OnceLock<Sender<Job>> = OnceLock::new();
    STARTER.get_or_init(|| {
        let (jobs, todo) = channel::<Job>();
        thread::spawn(move || {
            for (mut command, answer) in todo {
                // Nobody waits for it any more: then the child is ours to end.
                if let Err(unwanted) = answer.send(command.spawn()) {
                    let _ = unwanted.0.map(|mut child| child.kill());
                }
            }
        });
        jobs
    })
}
