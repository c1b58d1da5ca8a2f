//! `mpp-check` without a runtime: the kernel starts it, it makes a few system calls and ends.
//!
//! For Linux on x86_64 and aarch64. `build.rs` decides, and passes the linker what this needs.

mod memory;
mod start;
mod syscall;

use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::slice;

use crate::check::system::System;
use crate::state::atomics::AtomicU64;
use crate::state::boot_id::{BOOT_ID_PATH, parse_boot_id};
use syscall::{MAP_SHARED, PROT_READ};

/// The kernel.
struct Kernel;

impl System<'static> for Kernel {
    fn state(&self, path: &CStr) -> Result<(&'static [AtomicU64], u64), i32> {
        let file = syscall::open(path)?;
        let len = syscall::file_size(file)?;
        if len == 0 {
            return Ok((&[], 0));
        }
        let start = syscall::map(file, len, PROT_READ, MAP_SHARED)?;
        // SAFETY: the kernel has mapped `len` bytes at `start`, a page, and nobody unmaps them
        // before the process ends. Any bit pattern is a word; the writer changes them with atomic
        // stores, and loads of eight bytes are plain loads on these processors. A file cut short
        // by force ends us with SIGBUS, which keepalived takes as DOWN.
        let words = unsafe { slice::from_raw_parts(start as *const AtomicU64, len / 8) };
        Ok((words, len as u64))
    }

    fn boottime_ns(&self) -> u64 {
        syscall::boottime_ns()
    }

    fn boot_id(&self) -> Option<[u8; 16]> {
        // 36 characters and a line feed; a longer text is no id.
        let mut text = [MaybeUninit::uninit(); 40];
        let file = syscall::open(BOOT_ID_PATH).ok()?;
        parse_boot_id(syscall::read(file, &mut text).ok()?)
    }

    fn mark(&self, path: &CStr, at: u64, word: u64) {
        if let Ok(file) = syscall::open_to_write(path) {
            syscall::write_at(file, &word.to_le_bytes(), at);
        }
    }

    fn print(&self, text: &str) {
        syscall::write(1, text.as_bytes());
    }

    fn complain(&self, text: &str) {
        syscall::write(2, text.as_bytes());
    }
}

/// Where the kernel's hand-over arrives; `stack` is what the stack pointer was.
///
/// # Safety
/// `stack` points at argc, then that many pointers to C strings that live for ever.
#[unsafe(no_mangle)]
unsafe extern "C" fn mpp_check_main(stack: *const usize) -> ! {
    // SAFETY: the caller's promise.
    let args = unsafe { start::Args::of(stack) };
    let code = crate::check::answer::run(&Kernel, args.skip(1));
    syscall::exit(code)
}

/// A panic would be a fault of ours: DOWN, like every other.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    syscall::write(2, b"mpp-check: internal fault\n");
    syscall::exit(1)
}

/// What the precompiled core refers to; without unwinding nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
