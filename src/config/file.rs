//! Reading the file: bounded, and with one clear word when it is not a text.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::fault::Position;

/// No file above this is read.
const MAX_BYTES: u64 = 4 << 20;

/// The text of a file; else what is wrong with it, and where.
pub(super) fn read(path: &Path) -> Result<String, (Option<Position>, String)> {
    let bytes = bytes(path).map_err(|text| (None, text))?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let text = format!("byte {at} is NUL: a binary file, not YAML; is it the right one?");
        return Err((None, text));
    }
    String::from_utf8(bytes).map_err(|e| {
        let good = String::from_utf8_lossy(&e.as_bytes()[..e.utf8_error().valid_up_to()]);
        (Some(end(&good)), "not UTF-8 text; save the file as UTF-8".to_owned())
    })
}

/// The position just after a text.
fn end(text: &str) -> Position {
    let last = text.rsplit('\n').next().unwrap_or_default();
    Position { line: text.matches('\n').count() + 1, column: last.chars().count() + 1 }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    // A pipe without a writer must not hold us up.
    let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path);
    let file: File = file.map_err(|e| unreadable(&e))?;
    let metadata = file.metadata().map_err(|e| unreadable(&e))?;
    if metadata.is_dir() {
        return Err("is a folder; name the file in it".to_owned());
    }
    if !metadata.is_file() {
        return Err("is not a regular file; name one".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("is larger than 4 MiB: not a configuration; is it the right file?".to_owned());
    }
    Ok(bytes)
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file; create it, or name another with --config".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; see its permissions".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
