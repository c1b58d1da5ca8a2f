//! The thread that writes the track files: at once when something is decided, and again when somebody spoils them.

use super::desk::Desk;
use super::folder::Folder;
use crate::clock;
use crate::core::time::Moment;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often the directory itself is looked at: nothing tells that another was put in its place.
const LOOK: Duration = Duration::from_secs(1);
/// How often at most spoilt files are told.
const TELL: Duration = Duration::from_secs(10);
/// How many of them by name.
const NAMED: usize = 3;

/// Where what an operator must know goes: severity, and words.
pub type Tell = Box<dyn Fn(&'static str, String) + Send>;

/// Starts it.
///
/// # Errors
/// If there is no thread to be had.
pub fn start(desk: Desk, runtime_dir: &Path, tell: Tell) -> io::Result<()> {
    let mut pusher = Pusher {
        folder: Folder::of(runtime_dir),
        desk,
        tell,
        trouble: None,
        spoilt: BTreeSet::new(),
        told: None,
    };
    let run = move || {
        loop {
            pusher.folder.wait(&pusher.desk, LOOK);
            pusher.push();
        }
    };
    thread::Builder::new().name("push".into()).spawn(run)?;
    Ok(())
}

struct Pusher {
    folder: Folder,
    desk: Desk,
    tell: Tell,
    /// What keeps it from writing, as it was told.
    trouble: Option<String>,
    /// Files that were spoilt and are not told yet.
    spoilt: BTreeSet<String>,
    /// When such were told last.
    told: Option<Moment>,
}

impl Pusher {
    fn push(&mut self) {
        let decided = self.desk.take();
        if !decided.plan.reals.is_empty() {
            let result = self.look().and_then(|()| self.folder.write(&decided));
            self.note(result);
            self.tell_spoilt();
        }
        self.desk.pushed(decided);
    }

    fn look(&mut self) -> io::Result<()> {
        let meddling = self.folder.meddling()?;
        self.spoilt.extend(meddling.spoilt);
        if meddling.replaced {
            let dir = self.folder.path().display();
            (self.tell)(
                "alert",
                format!("{dir} was replaced: keepalived does not watch the new one; reload keepalived"),
            );
        }
        Ok(())
    }

    fn note(&mut self, result: io::Result<()>) {
        let dir = self.folder.path().display();
        let trouble = result.err().map(|e| match e.kind() {
            io::ErrorKind::NotFound => format!(
                "{dir} is missing: keepalived has nothing but its checks to go by; systemd-tmpfiles --create, then \
                 reload keepalived"
            ),
            _ => format!("can't write the track files in {dir}: {e}; keepalived has nothing but its checks to go by"),
        });
        if self.trouble == trouble {
            return;
        }
        match &trouble {
            Some(words) => (self.tell)("alert", words.clone()),
            None => (self.tell)(
                "notice",
                format!(
                    "the track files in {dir} are written again; if it is a new directory, reload keepalived"
                ),
            ),
        }
        self.trouble = trouble;
    }

    fn tell_spoilt(&mut self) {
        let now = clock::now();
        if self.spoilt.is_empty() || self.told.is_some_and(|told| now.since(told) < TELL) {
            return;
        }
        self.told = Some(now);
        let spoilt = std::mem::take(&mut self.spoilt);
        let names: Vec<&str> = spoilt.iter().take(NAMED).map(String::as_str).collect();
        let more = match spoilt.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let dir = self.folder.path().display();
        let files = names.join(", ");
        (self.tell)("alert", format!("in {dir} {files}{more} had been removed or changed; written again"));
    }
}
