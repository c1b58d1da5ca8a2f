//! The functions that compiled code calls without being asked to. Bytes by bytes: they are short.
//!
//! The crate is `no_builtins`, or the compiler would make each of these loops a call to itself.

/// Copies `len` bytes between places that do not overlap.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    let mut at = 0;
    while at < len {
        // SAFETY: the caller has `len` bytes at both places.
        unsafe { *to.add(at) = *from.add(at) };
        at += 1;
    }
    to
}

/// Copies `len` bytes between places that may overlap.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if to.addr() <= from.addr() {
        // SAFETY: the caller's promise; forwards never reads what it has written.
        return unsafe { memcpy(to, from, len) };
    }
    let mut at = len;
    while at > 0 {
        at -= 1;
        // SAFETY: the caller has `len` bytes at both places.
        unsafe { *to.add(at) = *from.add(at) };
    }
    to
}

/// Fills `len` bytes.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    let mut at = 0;
    while at < len {
        // SAFETY: the caller has `len` bytes there.
        unsafe { *to.add(at) = byte as u8 };
        at += 1;
    }
    to
}

/// Compares `len` bytes.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, len: usize) -> i32 {
    let mut at = 0;
    while at < len {
        // SAFETY: the caller has `len` bytes at both places.
        let (one, other) = unsafe { (*one.add(at), *other.add(at)) };
        if one != other {
            return i32::from(one) - i32::from(other);
        }
        at += 1;
    }
    0
}

/// Compares `len` bytes for equality.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { memcmp(one, other, len) }
}

/// Length of a C string.
///
/// # Safety
/// As C's.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut len = 0;
    // SAFETY: the caller's string ends with a zero, and we stop there.
    while unsafe { *text.add(len) } != 0 {
        len += 1;
    }
    len
}
