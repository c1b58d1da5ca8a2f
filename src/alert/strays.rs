//! What a hook leaves behind: found by a mark that every process inherits in its environment, also one that has left its
//! process group and session; and killed.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that carries the mark.
pub(super) const VARIABLE: &str = "MPP_HOOK";
/// How often all processes are looked at: those that fork faster than they are killed must not keep us for ever.
const LOOKS: usize = 100;

/// The mark of one hook of this daemon.
#[derive(Clone, Debug)]
pub(super) struct Mark(String);

impl Mark {
    /// One that nobody else has.
    pub(super) fn fresh() -> Mark {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Mark(format!("{}.{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The value of [`VARIABLE`].
    pub(super) fn value(&self) -> &str {
        &self.0
    }

    /// Kills every process that carries it and may be looked at, until there is none.
    pub(super) fn kill(&self) {
        for _ in 0..LOOKS {
            let marked = self.marked();
            if marked.is_empty() {
                return;
            }
            for pid in marked {
                // It may have ended since.
                _ = kill(pid, Signal::SIGKILL);
            }
        }
    }

    fn marked(&self) -> Vec<Pid> {
        let wanted = format!("{VARIABLE}={}", self.0);
        let carries = |pid: &Pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
        };
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw);
        pids.filter(carries).collect()
    }
}
