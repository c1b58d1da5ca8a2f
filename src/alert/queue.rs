//! What waits to be told: bounded, and what did not fit is counted and told.

use super::line::Line;
use super::{stderr, syslog};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many lines may wait for one outlet: a few failovers of a thousand pools.
const WAITING: usize = 8192;
/// How long the end of the daemon waits for what is still to be told, and in how many steps.
const LAST_MOMENT: Duration = Duration::from_secs(1);
const LAST_LOOKS: u32 = 50;

/// The way out for everything that is to be told. Handing a line over never waits.
pub struct Alerts {
    outlets: Vec<Outlet>,
}

struct Outlet {
    lines: SyncSender<Arc<Line>>,
    dropped: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

/// The receiving end of an outlet.
pub(super) struct Inbox {
    /// What is to be told, in order.
    pub(super) lines: Receiver<Arc<Line>>,
    dropped: Arc<AtomicU64>,
}

impl Inbox {
    /// How many lines did not fit since this was last asked.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}

impl Alerts {
    /// Starts the threads that write to standard error and to syslog.
    pub fn start(syslog: syslog::Target) -> io::Result<Alerts> {
        let syslog = outlet("syslog", move |inbox| syslog::run(&syslog, &inbox))?;
        Ok(Alerts { outlets: vec![outlet("stderr", stderr::run)?, syslog] })
    }

    /// Hands a line to every outlet. One whose queue is full counts it instead, and says so later.
    pub fn tell(&self, line: &Arc<Line>) {
        for outlet in &self.outlets {
            if outlet.lines.try_send(Arc::clone(line)).is_err() {
                outlet.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits until everything is told, a moment at most: the end of the daemon does not wait for a dead syslog.
    pub fn finish(self) {
        let threads: Vec<JoinHandle<()>> = self.outlets.into_iter().map(|outlet| outlet.thread).collect();
        for _ in 0..LAST_LOOKS {
            if threads.iter().all(JoinHandle::is_finished) {
                return;
            }
            thread::sleep(LAST_MOMENT / LAST_LOOKS);
        }
    }
}

fn outlet(name: &str, run: impl FnOnce(Inbox) + Send + 'static) -> io::Result<Outlet> {
    let (lines, inbox) = sync_channel(WAITING);
    let dropped = Arc::new(AtomicU64::new(0));
    let inbox = Inbox { lines: inbox, dropped: Arc::clone(&dropped) };
    let thread = thread::Builder::new().name(name.into()).spawn(move || run(inbox))?;
    Ok(Outlet { lines, dropped, thread })
}
