//! When keepalived's checks last asked for each verdict: the file that `mpp-check` leaves its marks in.

use crate::state::asked::{SUFFIX, len};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// When each was asked last, CLOCK_BOOTTIME in ns; 0: never.
#[derive(Debug, Default)]
pub struct Marks(Vec<u64>);

fn path(runtime_dir: &Path) -> PathBuf {
    let mut path = runtime_dir.join("state").into_os_string();
    path.push(OsString::from_vec(SUFFIX.to_vec()));
    path.into()
}

/// Makes it anew for so many nodes, without a mark.
///
/// # Errors
/// The directory does not take it.
pub fn make(runtime_dir: &Path, nodes: usize) -> io::Result<()> {
    let draft = runtime_dir.join(".asked");
    let len = usize::try_from(len(nodes as u64)).map_err(io::Error::other)?;
    fs::write(&draft, vec![0; len])?;
    fs::rename(&draft, path(runtime_dir))
}

impl Marks {
    /// As they are now; none if there is no such file.
    pub fn read(runtime_dir: &Path) -> Marks {
        let bytes = fs::read(path(runtime_dir)).unwrap_or_default();
        Marks(bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }

    /// The mark at an offset in bytes, if one was left.
    pub fn at(&self, offset: u64) -> Option<u64> {
        let word = usize::try_from(offset / 8).ok()?;
        self.0.get(word).copied().filter(|ns| *ns != 0)
    }
}

#[cfg(test)]
impl Marks {
    pub(super) fn of(words: &[u64]) -> Marks {
        Marks(words.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Role, asked::offset};
    use std::os::unix::fs::FileExt;

    #[test]
    fn a_mark_is_read_where_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Marks::read(dir.path()).at(0), None);
        make(dir.path(), 2).unwrap();
        let file = fs::OpenOptions::new().write(true).open(path(dir.path())).unwrap();
        file.write_all_at(&7_u64.to_le_bytes(), offset(1, Role::Ro)).unwrap();
        let marks = Marks::read(dir.path());
        assert_eq!(marks.at(offset(1, Role::Ro)), Some(7));
        assert_eq!((marks.at(offset(1, Role::Rw)), marks.at(offset(9, Role::Rw))), (None, None));
    }
}
