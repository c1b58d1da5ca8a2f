//! A shell that a page's commands are typed into, in a world of its own: network, processes, folder.

use super::support::OwnDir;
use super::support::agent::program;
use super::support::processes::start;
use nix::unistd::Uid;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A shell; everything that was started in it ends with it.
pub struct Shell {
    child: Child,
    input: ChildStdin,
    ended: Receiver<String>,
    folder: OwnDir,
}

impl Shell {
    /// Starts one, with our programs first in its path.
    pub fn start() -> Shell {
        let folder = OwnDir::private("docs");
        let (home, temporary) = (folder.join("home"), folder.join("tmp"));
        fs::create_dir(&home).expect("a home");
        fs::create_dir(&temporary).expect("a folder for temporary files");
        let mut command = Command::new("unshare");
        if !Uid::effective().is_root() {
            command.arg("--map-root-user");
        }
        command.args(["--net", "--pid", "--fork", "--kill-child", "bash", "--norc"]);
        command.current_dir(&home).env("HOME", &home).env("PATH", path()).env("LC_ALL", "C.UTF-8");
        // Servers name temporary files by their process id, and here those are small numbers that others have too.
        command.env("TMPDIR", temporary);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = start(command).expect("unshare, of Debian's util-linux");
        let input = child.stdin.take().expect("its input");
        let (line, ended) = channel();
        let output = BufReader::new(child.stdout.take().expect("its output"));
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|l| line.send(l)));
        let mut shell = Shell { child, input, ended, folder };
        shell.run("ip link set lo up");
        shell
    }

    /// What a command says, and whether it succeeds.
    pub fn run(&mut self, command: &str) -> (String, bool) {
        let (typed, said) = (self.folder.join("typed"), self.folder.join("said"));
        fs::write(&typed, command).expect("typed");
        writeln!(self.input, ". {} >{} 2>&1; echo $?", typed.display(), said.display()).expect("a shell");
        let status = self
            .ended
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no end: {command}\n{}", read(&said)));
        (read(&said), status == "0")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn path() -> String {
    let programs = program("mpp");
    let ours = programs.parent().expect("a folder").display().to_string();
    format!("{ours}:{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
