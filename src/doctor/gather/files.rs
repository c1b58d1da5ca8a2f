//! Looking at files, and at users.

use crate::doctor::access::{Account, Look, Part};
use nix::unistd::{Gid, Uid, User, getgrouplist};
use std::ffi::CString;
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// More of a file nobody needs, bytes.
const MOST: u64 = 4 << 20;

/// Every folder on the way, and the path itself; links are followed.
pub(super) fn look(path: &Path) -> Look {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut way: Vec<&Path> = real.ancestors().collect();
    way.reverse();
    let mut look = Look { path: path.to_owned(), ..Look::default() };
    for step in way {
        match fs::metadata(step) {
            Ok(metadata) => look.parts.push(part(step, &metadata)),
            Err(e) => {
                look.error = Some(e.to_string());
                break;
            }
        }
    }
    look
}

fn part(path: &Path, metadata: &Metadata) -> Part {
    Part {
        path: path.to_owned(),
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        folder: metadata.is_dir(),
    }
}

/// The user of this name.
pub(super) fn account(name: &str) -> Option<Account> {
    User::from_name(name).ok().flatten().map(groups_of)
}

/// The user of this number.
pub(super) fn account_of(uid: u32) -> Option<Account> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(groups_of)
}

fn groups_of(user: User) -> Account {
    let groups = CString::new(user.name.as_str()).ok().and_then(|name| getgrouplist(&name, user.gid).ok());
    let gids = groups.unwrap_or_else(|| vec![user.gid]).into_iter().map(Gid::as_raw).collect();
    Account { name: user.name, uid: user.uid.as_raw(), gids }
}

/// The text of a file, white space at its ends taken off; `None`: not there, or not for us.
pub(super) fn text(path: impl AsRef<Path>) -> Option<String> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}
