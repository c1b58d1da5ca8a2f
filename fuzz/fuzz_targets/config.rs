//! Any bytes as a configuration file: never a panic, every fault with its place, and what `mpp config show` prints of a
//! good one loads to the same settings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mpp::config::{self, Faults, Settings};
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::OnceLock;

/// No name is asked for: here nobody has an address.
///
/// # Safety
/// Touches nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getaddrinfo(
    _node: *const libc::c_char,
    _service: *const libc::c_char,
    _hints: *const libc::addrinfo,
    _found: *mut *mut libc::addrinfo,
) -> libc::c_int {
    libc::EAI_NONAME
}

fuzz_target!(|bytes: &[u8]| {
    match load(bytes) {
        Ok(settings) => shows(settings),
        Err(faults) => {
            // YAML ends lines at more characters than Rust does, and a file in the line after its last.
            let text = String::from_utf8_lossy(bytes);
            let lines = text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() + 2;
            told(&faults, lines);
        }
    }
});

/// Faults of the file as a whole have no place.
const WHOLE: [&str; 3] = ["the file is empty", "byte ", "more than "];

fn told(faults: &Faults, lines: usize) {
    assert!(!faults.list.is_empty() && faults.list.len() <= 50);
    for fault in &faults.list {
        match fault.position {
            Some(at) => assert!((1..=lines).contains(&at.line) && at.column >= 1, "{fault}"),
            None => {
                assert!(WHOLE.iter().any(|w| fault.text.starts_with(w)), "a fault without a place: {fault}")
            }
        }
    }
    assert!(!faults.to_string().is_empty());
}

fn shows(settings: Settings) {
    let shown = config::yaml(&settings);
    let again = load(shown.as_bytes()).unwrap_or_else(|faults| panic!("{faults}\n{shown}"));
    // Warnings speak of the file as written.
    let plain = |settings| Settings { warnings: Vec::new(), ..settings };
    assert_eq!(config::yaml(&again), shown);
    assert_eq!(plain(again), plain(settings), "{shown}");
}

/// Loads them from a file without a name.
fn load(bytes: &[u8]) -> Result<Settings, Faults> {
    static FILE: OnceLock<(File, PathBuf)> = OnceLock::new();
    let (file, path) = FILE.get_or_init(|| {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).custom_flags(libc::O_TMPFILE).open(std::env::temp_dir());
        let file = file.expect("a file without a name");
        let path = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
        (file, path)
    });
    file.set_len(0).and_then(|()| file.write_all_at(bytes, 0)).expect("written");
    config::load(path)
}
