//! What becomes of large buffers: pages of metrics and status, of which a thousand pools make megabytes.

use nix::libc;

/// From this size on memory is mapped for its purpose alone, bytes.
const MAPPED: libc::c_int = 1 << 20;
/// How much may lie free at the end of a heap, bytes.
const KEPT: libc::c_int = 1 << 20;
/// Heaps that threads share: they mostly wait, and seldom for each other.
const HEAPS: libc::c_int = 2;

/// From now on each large buffer is a mapping of its own, and goes back to the kernel when it is given up. Left to
/// itself, glibc takes the first one that is given back as a sign that such sizes come and go, and cuts all later ones
/// out of its heaps, of which each thread may have one: what was touched of them once stays resident.
#[cfg(target_env = "gnu")]
pub fn keep_large_buffers_apart() {
    for (what, value) in
        [(libc::M_MMAP_THRESHOLD, MAPPED), (libc::M_TRIM_THRESHOLD, KEPT), (libc::M_ARENA_MAX, HEAPS)]
    {
        // SAFETY: it takes two numbers and changes what later allocations do, not those there are. Where it has no effect,
        // memory is managed as it always was.
        unsafe { libc::mallopt(what, value) };
    }
}

/// Other libraries know no such numbers.
#[cfg(not(target_env = "gnu"))]
pub fn keep_large_buffers_apart() {
    let _ = (MAPPED, KEPT, HEAPS);
}
