//! The first instructions, and the arguments the kernel leaves on the stack.

use core::ffi::{CStr, c_char};

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp", // the outermost frame
    "mov rdi, rsp", // argc, argv
    "and rsp, -16", // as the calling convention wants it
    "call mpp_check_main",
    "ud2",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, #0", // the outermost frame
    "mov x30, #0",
    "mov x0, sp", // argc, argv; the kernel has aligned it
    "bl mpp_check_main",
    "brk #1",
);

/// The program's arguments, its name first.
pub(super) struct Args {
    next: *const *const c_char,
    left: usize,
}

impl Args {
    /// The arguments at the stack's start.
    ///
    /// # Safety
    /// `stack` points at argc, then that many pointers to C strings that live for ever.
    pub(super) unsafe fn of(stack: *const usize) -> Args {
        // SAFETY: argc is there, and the pointers start behind it.
        unsafe { Args { next: stack.add(1).cast(), left: *stack } }
    }
}

impl Iterator for Args {
    type Item = &'static CStr;

    fn next(&mut self) -> Option<&'static CStr> {
        self.left = self.left.checked_sub(1)?;
        // SAFETY: `of`'s caller promised as many pointers as `left` counted, each to a C string.
        unsafe {
            let arg = CStr::from_ptr(*self.next);
            self.next = self.next.add(1);
            Some(arg)
        }
    }
}
