//! `mpp-check` as an ordinary program, for processors and systems that `bare` does not know.

use std::env::args_os;
use std::ffi::{CStr, CString, OsStr};
use std::io::{Error, Write, stderr, stdout};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::ExitCode;
use std::{fs, io};

use crate::check::answer::run;
use crate::check::system::System;
use crate::state::atomics::AtomicU64;
use crate::state::boot_id::{BOOT_ID_PATH, parse_boot_id};

/// Answers the process's arguments.
pub(crate) fn main() -> ExitCode {
    let args: Vec<&CStr> = args_os().skip(1).map(leaked).collect();
    ExitCode::from(run(&Hosted, args.into_iter()))
}

/// The standard library.
struct Hosted;

impl System<'static> for Hosted {
    fn state(&self, path: &CStr) -> Result<(&'static [AtomicU64], u64), i32> {
        let bytes = read_twice(path).map_err(|error| error.raw_os_error().unwrap_or(0))?;
        let (words, _) = bytes.as_chunks();
        let words: Vec<_> = words.iter().map(|word| AtomicU64::new(u64::from_ne_bytes(*word))).collect();
        Ok((words.leak(), bytes.len() as u64))
    }

    fn boottime_ns(&self) -> u64 {
        let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
        let seconds = uptime.split(' ').next().and_then(|text| text.parse::<f64>().ok());
        // It is cut to hundredths: one more is never earlier than a heartbeat already given.
        seconds.map_or(0, |seconds| ((seconds + 0.01) * 1e9) as u64)
    }

    fn boot_id(&self) -> Option<[u8; 16]> {
        parse_boot_id(&fs::read(file(BOOT_ID_PATH)).ok()?)
    }

    fn mark(&self, path: &CStr, at: u64, word: u64) {
        // Whoever may not write leaves no mark.
        let file = fs::OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(file(path));
        let _ = file.and_then(|file| file.write_all_at(&word.to_le_bytes(), at));
    }

    fn print(&self, text: &str) {
        // There is nobody to tell that it failed.
        let _ = stdout().write_all(text.as_bytes());
    }

    fn complain(&self, text: &str) {
        let _ = stderr().write_all(text.as_bytes());
    }
}

/// A file that is being written, read until two readings agree: one alone could mix two publications.
fn read_twice(path: &CStr) -> io::Result<Vec<u8>> {
    // Opening a FIFO put there by mistake would hold us up.
    if !fs::metadata(file(path))?.is_file() {
        return Err(Error::from_raw_os_error(ENODEV));
    }
    let mut bytes = fs::read(file(path))?;
    for _ in 0..100 {
        let again = fs::read(file(path))?;
        if again == bytes {
            return Ok(bytes);
        }
        bytes = again;
    }
    Err(Error::from_raw_os_error(EAGAIN))
}

/// A FIFO put there by mistake must not hold us up.
const O_NONBLOCK: i32 = 0o4_000;
/// Nothing that could be mapped.
const ENODEV: i32 = 19;
/// Try again: the writer does not leave it alone.
const EAGAIN: i32 = 11;

fn file(path: &CStr) -> &OsStr {
    OsStr::from_bytes(path.to_bytes())
}

/// An argument for the rest of the process; the system gave it without a zero in it.
fn leaked(arg: std::ffi::OsString) -> &'static CStr {
    let text = CString::new(arg.into_vec()).unwrap_or_default();
    Box::leak(text.into_boxed_c_str())
}
