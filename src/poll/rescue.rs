//! When a library panics on what a server sent: that thread alone is given up, not the daemon.
//!
//! A panic aborts the process, for a half-dead agent must not leave a stale verdict standing. A poller is the exception:
//! it decides nothing, and what it reads is not ours. Its panic is reported, its thread sleeps for ever, and the node
//! is overdue until a new poller asks it.

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::thread;

fn give_up(crashed: Crashed, words: String) -> ! {
    crashed(words);
    loop {
        thread::park();
    }
}

/// What to do with the words of a panic.
pub type Crashed = Box<dyn FnOnce(String) + Send>;

thread_local! {
    static CRASHED: Cell<Option<Crashed>> = const { Cell::new(None) };
}

/// From now on a panic of this thread is reported to `crashed`, and the thread sleeps for ever.
pub fn report_to(crashed: Crashed) {
    CRASHED.set(Some(crashed));
}

/// Has the panics of pollers reported; all others go on to abort the process.
pub fn keep_panics_to_their_pollers() {
    let abort = panic::take_hook();
    panic::set_hook(Box::new(move |panic| match CRASHED.take() {
        Some(crashed) => give_up(crashed, words(panic)),
        None => abort(panic),
    }));
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or(String::new(), |l| {
        // The crate and the file in it: where it was built is nobody's business.
        let file = l.file().rsplit("/src/").next().unwrap_or_default();
        format!(" ({file}:{})", l.line())
    });
    format!("{}{place}", panic.payload_as_str().unwrap_or("no words"))
}
