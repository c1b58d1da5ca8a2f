//! When the driver panics on what a server sent, or asks for more memory than there is because the server claimed so:
//! that thread alone is given up, not the daemon.
//!
//! A panic aborts the process, for a half-dead agent must not leave a stale verdict standing. A poller is the exception:
//! it decides nothing, and what it reads is not ours. Its panic is reported, its thread sleeps for ever, and the node
//! is overdue until a new poller asks it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::thread;

/// More than this in one piece no answer takes, bytes: a packet has at most 1 MiB. The driver asks for it where a server
/// claims to send billions of columns.
const ABSURD: usize = 64 << 20;

/// The system's allocator; a poller that asks it for an absurd amount is given up. An allocation that fails would abort
/// the process.
struct Careful;

#[global_allocator]
static CAREFUL: Careful = Careful;

// SAFETY: each call is passed on as it came to the system's allocator, which keeps the contract; or it never returns,
// holding nothing.
unsafe impl GlobalAlloc for Careful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        refuse_absurd(layout.size());
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        refuse_absurd(layout.size());
        // SAFETY: as the caller vouches.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        refuse_absurd(size);
        // SAFETY: as the caller vouches.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn refuse_absurd(size: usize) {
    // At the very end of a thread there is no telling any more.
    if size > ABSURD
        && let Ok(Some(crashed)) = CRASHED.try_with(Cell::take)
    {
        give_up(crashed, format!("it claims to send {} MiB at once", size >> 20));
    }
}

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
