//! A root to install things in, under a systemd of its own: this machine's files with a memory over them, in namespaces that
//! are gone with the test. It shares the machine's network, and may change nothing of it. Root is needed.

use super::place::{OwnDir, base};
use super::processes::start;
use super::wait::wait_until;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);

/// A running one.
pub struct Root {
    dir: OwnDir,
    /// What starts its first process, and takes it along when it ends.
    keeper: Child,
    /// Its control group.
    group: PathBuf,
    /// Its first process, as the machine sees it.
    first: String,
}

impl Root {
    /// Boots one.
    pub fn boot() -> Root {
        let dir = OwnDir::private("root");
        let groups = control_groups();
        sweep(&groups);
        let group = groups.join(dir.file_name().expect("a name"));
        fs::create_dir(&group).unwrap_or_else(|e| panic!("{}: {e}; run as root", group.display()));
        fs::create_dir(dir.join("memory")).expect("a directory");
        let console = fs::File::create(dir.join("console")).expect("a console");
        let init = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/root-init.sh");
        let mut command = Command::new("sh");
        // Its control group's namespace begins where it is when that namespace is made.
        command.args(["-c", "echo $$ >\"$0/cgroup.procs\"; exec \"$@\""]).arg(&group).arg("unshare");
        command.args(["--mount", "--pid", "--cgroup", "--ipc", "--uts", "--fork", "--kill-child"]);
        command.arg(init).arg(&*dir).arg(groups);
        command.stdin(Stdio::null()).stderr(console.try_clone().expect("again")).stdout(console);
        let keeper = start(command).expect("unshare, from util-linux");
        let mut root = Root { dir, keeper, group, first: String::new() };
        wait_until("the root's first process starts", BOUND, || root.find_first());
        wait_until("the root is up", BOUND, || {
            root.run("systemctl --quiet is-active throwaway.target").status.success() || root.panic_if_dead()
        });
        root
    }

    fn find_first(&mut self) -> bool {
        let keeper = self.keeper.id();
        let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"));
        self.first = children.unwrap_or_default().trim().to_owned();
        !self.first.is_empty() || self.panic_if_dead()
    }

    fn panic_if_dead(&mut self) -> bool {
        if let Ok(Some(status)) = self.keeper.try_wait() {
            panic!("the root ended: {status}\n{}", self.console());
        }
        false
    }

    fn console(&self) -> String {
        fs::read_to_string(self.dir.join("console")).unwrap_or_default()
    }

    /// A script for its shell, not yet run.
    pub fn command(&self, script: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &self.first,
            "--mount",
            "--pid",
            "--cgroup",
            "--ipc",
            "--uts",
            "--root",
            "--wdns=/",
        ]);
        command.args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]);
        command.args(["LC_ALL=C.UTF-8", "sh", "-c", script]).stdin(Stdio::null());
        command
    }

    /// Runs a script in its shell.
    pub fn run(&self, script: &str) -> Output {
        self.command(script).output().expect("nsenter, from util-linux")
    }

    /// Runs a script that must succeed; what it printed, standard error included.
    #[track_caller]
    pub fn says(&self, script: &str) -> String {
        let output = self.run(&format!("exec 2>&1\n{script}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{script}: {}\n{said}\n{}", output.status, self.journal());
        said
    }

    /// Runs a script that must fail; what it printed, standard error included.
    #[track_caller]
    pub fn refuses(&self, script: &str) -> String {
        let output = self.run(&format!("exec 2>&1\n{script}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success(), "{script} went well:\n{said}");
        said
    }

    fn journal(&self) -> String {
        let output = self.run("journalctl --no-pager --lines=50 --output=cat");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Puts a file of this machine there.
    pub fn bring(&self, from: &Path, to: &str) {
        let file = fs::File::open(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
        let status = self.command(&format!("cat >{to}")).stdin(file).status().expect("it ran");
        assert!(status.success(), "{to}");
    }

    /// Writes a file.
    pub fn write(&self, to: &str, text: &str) {
        let from = self.dir.join("text");
        fs::write(&from, text).expect("written");
        self.bring(&from, to);
    }

    /// Every file that is not as on this machine, or not there: new, changed or removed, except in memory (/run, /tmp).
    pub fn changed(&self) -> Vec<String> {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first, "--mount", "find"]).arg(self.dir.join("memory/upper"));
        command.args(["!", "-type", "d", "-printf", "/%P\\n"]);
        let output = command.output().expect("find");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        _ = self.keeper.kill();
        _ = self.keeper.wait();
        let group = &self.group;
        wait_until("all of the root's processes are gone", BOUND, || remove_groups(group));
    }
}

/// Where the control groups of the second version are mounted.
fn control_groups() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("the mounts");
    let groups = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let at = groups
        .filter(|words| words.get(2) == Some(&"cgroup2"))
        .find_map(|words| words.get(1).map(PathBuf::from));
    at.expect("control groups of the second version: mount -t cgroup2 none /sys/fs/cgroup")
}

/// Removes the control groups of tests that were killed.
fn sweep(groups: &Path) {
    for entry in fs::read_dir(groups).expect("the control groups").flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|n| n.starts_with("root-")) && !base().join(&name).exists() {
            remove_groups(&entry.path());
        }
    }
}

/// Removes a control group with all below it; false while there is something in it.
fn remove_groups(group: &Path) -> bool {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
        }
    }
    fs::remove_dir(group).is_ok() || !group.exists()
}
