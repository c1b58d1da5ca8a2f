//! The system calls: open, fstat, mmap, read, clock_gettime, write, pwrite, exit.

use core::arch::asm;
use core::ffi::CStr;
use core::mem::MaybeUninit;

pub(super) const PROT_READ: usize = 1;
pub(super) const MAP_SHARED: usize = 1;

const AT_FDCWD: usize = -100_isize as usize;
/// O_RDONLY | O_CLOEXEC | O_NONBLOCK: a FIFO put there by mistake must not hold us up.
const OPEN_FLAGS: usize = 0o2_000_000 | 0o4_000;
/// O_WRONLY | O_CLOEXEC | O_NONBLOCK.
const WRITE_FLAGS: usize = 1 | OPEN_FLAGS;
const CLOCK_BOOTTIME: usize = 7;

#[cfg(target_arch = "x86_64")]
mod number {
    pub(super) const READ: usize = 0;
    pub(super) const WRITE: usize = 1;
    pub(super) const FSTAT: usize = 5;
    pub(super) const MMAP: usize = 9;
    pub(super) const PWRITE64: usize = 18;
    pub(super) const CLOCK_GETTIME: usize = 228;
    pub(super) const EXIT_GROUP: usize = 231;
    pub(super) const OPENAT: usize = 257;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub(super) const OPENAT: usize = 56;
    pub(super) const READ: usize = 63;
    pub(super) const WRITE: usize = 64;
    pub(super) const PWRITE64: usize = 68;
    pub(super) const FSTAT: usize = 80;
    pub(super) const EXIT_GROUP: usize = 94;
    pub(super) const CLOCK_GETTIME: usize = 113;
    pub(super) const MMAP: usize = 222;
}

/// Opens `path` for reading: the descriptor, else the error number.
pub(super) fn open(path: &CStr) -> Result<usize, i32> {
    open_with(path, OPEN_FLAGS)
}

/// Opens the file at `path`, if there is one, for writing.
pub(super) fn open_to_write(path: &CStr) -> Result<usize, i32> {
    open_with(path, WRITE_FLAGS)
}

fn open_with(path: &CStr, flags: usize) -> Result<usize, i32> {
    let path = path.as_ptr().expose_provenance();
    // SAFETY: the path is a C string, which the kernel only reads.
    unsafe { call(number::OPENAT, [AT_FDCWD, path, flags, 0, 0, 0]) }
}

/// Size of an open file in bytes.
pub(super) fn file_size(file: usize) -> Result<usize, i32> {
    // struct stat has 144 bytes on x86_64 and 128 on aarch64; st_size is at 48 on both.
    let mut stat = [0_u64; 18];
    // SAFETY: the buffer is as large as the kernel's structure.
    unsafe { call(number::FSTAT, [file, stat.as_mut_ptr().expose_provenance(), 0, 0, 0, 0]) }?;
    Ok(stat[6] as usize)
}

/// Maps the first `len` bytes of a file: the address.
pub(super) fn map(file: usize, len: usize, protection: usize, flags: usize) -> Result<usize, i32> {
    // SAFETY: at an address of the kernel's choice no memory in use is touched.
    unsafe { call(number::MMAP, [0, len, protection, flags, file, 0]) }
}

/// What a file has, as far as `buffer` reaches.
pub(super) fn read(file: usize, buffer: &mut [MaybeUninit<u8>]) -> Result<&[u8], i32> {
    let start = buffer.as_mut_ptr().expose_provenance();
    // SAFETY: the kernel writes at most the buffer's length.
    let len = unsafe { call(number::READ, [file, start, buffer.len(), 0, 0, 0]) }?;
    // SAFETY: the kernel has written that many bytes.
    Ok(unsafe { buffer[..len].assume_init_ref() })
}

/// Writes `bytes`, once: there is nobody to tell that it failed.
pub(super) fn write(file: usize, bytes: &[u8]) {
    let start = bytes.as_ptr().expose_provenance();
    // SAFETY: the kernel only reads the bytes.
    let _ = unsafe { call(number::WRITE, [file, start, bytes.len(), 0, 0, 0]) };
}

/// Writes `bytes` at an offset, once.
pub(super) fn write_at(file: usize, bytes: &[u8], offset: u64) {
    let start = bytes.as_ptr().expose_provenance();
    // SAFETY: the kernel only reads the bytes.
    let _ = unsafe { call(number::PWRITE64, [file, start, bytes.len(), offset as usize, 0, 0]) };
}

/// CLOCK_BOOTTIME in ns; it can't fail on a kernel of this century.
pub(super) fn boottime_ns() -> u64 {
    let mut time = [0_u64; 2];
    let start = time.as_mut_ptr().expose_provenance();
    // SAFETY: struct timespec is two words.
    let _ = unsafe { call(number::CLOCK_GETTIME, [CLOCK_BOOTTIME, start, 0, 0, 0, 0]) };
    time[0].wrapping_mul(1_000_000_000).wrapping_add(time[1])
}

/// Ends the process.
pub(super) fn exit(code: u8) -> ! {
    loop {
        // SAFETY: it takes no pointer, and does not return.
        let _ = unsafe { call(number::EXIT_GROUP, [usize::from(code), 0, 0, 0, 0, 0]) };
    }
}

/// A system call: its result, else the error number.
///
/// # Safety
/// Pointers among `args` are valid for what the call does with them.
unsafe fn call(number: usize, args: [usize; 6]) -> Result<usize, i32> {
    let result: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel's convention; it changes rax, rcx and r11, and memory as the caller allowed.
    unsafe {
        asm!("syscall", inlateout("rax") number => result,
            in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
            in("r10") args[3], in("r8") args[4], in("r9") args[5],
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the kernel's convention; it changes x0, and memory as the caller allowed.
    unsafe {
        asm!("svc #0", in("x8") number, inlateout("x0") args[0] => result,
            in("x1") args[1], in("x2") args[2], in("x3") args[3],
            in("x4") args[4], in("x5") args[5], options(nostack));
    }
    match result as isize {
        error @ -4095..=-1 => Err(-error as i32),
        _ => Ok(result),
    }
}
