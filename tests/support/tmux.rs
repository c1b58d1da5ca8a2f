//! A terminal, as an operator has it: tmux, with a shell in it that tells how what it ran has left the terminal.

use super::place::OwnDir;
use super::processes::start;
use super::wait::wait_until;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);

/// A terminal with one program in it.
pub struct Tmux {
    dir: OwnDir,
    /// Its server, which is not a daemon: it dies with the test.
    server: Child,
}

impl Tmux {
    /// A terminal so large, in which a shell runs `line`.
    pub fn run(line: &str, (columns, lines): (u16, u16)) -> Tmux {
        let dir = OwnDir::private("tmux");
        let mut server = Command::new("tmux");
        server.arg("-S").arg(dir.join("socket")).args(["-f", "/dev/null", "-D"]);
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let tmux = Tmux { server: start(server).expect("tmux, from Debian's tmux"), dir };
        let at = tmux.path("");
        let script = format!(
            "cd {}; stty -g >before; echo what was there before\n{line}\necho ended with $?; stty -g >after; exec cat",
            at.display()
        );
        let size = ["-x".into(), columns.to_string(), "-y".into(), lines.to_string()];
        wait_until("tmux takes its first session", BOUND, || {
            let mut session = tmux.command("new-session");
            session.arg("-d").args(&size).arg(&script).status().expect("tmux ran").success()
        });
        tmux
    }

    /// A file in its directory, where `line` runs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn command(&self, command: &str) -> Command {
        let mut tmux = Command::new("tmux");
        // A server of its own making would be a daemon, and outlive the test.
        tmux.arg("-N").arg("-S").arg(self.path("socket")).arg(command).stderr(Stdio::null());
        tmux
    }

    fn says(&self, command: &str, args: &[&str]) -> String {
        let output = self.command(command).args(args).output().expect("tmux ran");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.says("capture-pane", &["-p"])
    }

    /// The same with its colours and attributes, as escape sequences.
    pub fn screen_in_colour(&self) -> String {
        self.says("capture-pane", &["-p", "-e"])
    }

    /// Presses keys, by tmux's names.
    pub fn press(&self, keys: &[&str]) {
        self.says("send-keys", keys);
    }

    /// Has another size from now on.
    pub fn resize(&self, columns: u16, lines: u16) {
        self.says("resize-window", &["-x", &columns.to_string(), "-y", &lines.to_string()]);
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let began = std::time::Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return;
            }
            assert!(began.elapsed() < BOUND, "waited {BOUND:?} in vain: {what}\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the screen has these words.
    #[track_caller]
    pub fn wait_words(&self, words: &str) {
        self.wait(words, |screen| screen.contains(words));
    }

    /// Waits until what ran has ended so; the terminal is as it was before then.
    #[track_caller]
    pub fn wait_end(&self, code: i32) {
        self.wait_words(&format!("ended with {code}"));
        let file = |name: &str| fs::read_to_string(self.path(name)).unwrap_or_default();
        wait_until("the shell has looked", BOUND, || !file("after").is_empty());
        assert_eq!(file("after"), file("before"), "the terminal's modes");
        assert!(self.screen().contains("what was there before"), "{}", self.screen());
        let flags = self.says("display-message", &["-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}"]);
        assert_eq!(flags.trim(), "0 1 1", "other screen, cursor, line wrap");
    }

    /// Closes the terminal, whatever runs in it.
    pub fn close(self) {}
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // One that has died already is gone.
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

/// Whether a process is gone, or is but waited for by nobody.
pub fn is_gone(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}
