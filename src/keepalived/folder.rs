//! The directory of the track files: writes what is to stand in them, and notices when somebody else does.

use super::desk::Desk;
use super::inotify::{Happened, Watched};
use super::plan::Decided;
use super::track::{self, Entry};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// keepalived reads 127 bytes; a number takes less.
const LONGEST: u64 = 127;

/// So many directories that lay there before are written to: more than there were reloads of keepalived meanwhile.
const FORMER: usize = 4;

/// The directory, and what was last seen to stand in it.
pub(super) struct Folder {
    path: PathBuf,
    /// Files are made here and renamed: on the same file system, and not where keepalived looks.
    draft: PathBuf,
    /// The directory that lay there last, by device and inode.
    here: Option<((u64, u64), File)>,
    watched: Option<Watched>,
    /// Those that lay there before, as long as they are somewhere: keepalived may be watching one of them.
    former: Vec<File>,
    standing: HashMap<String, i16>,
}

/// What somebody else did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meddling {
    /// Another directory lies there than before.
    pub(super) replaced: bool,
    /// These files were removed, or other words stood in them.
    pub(super) spoilt: BTreeSet<String>,
}

impl Folder {
    /// The one of this runtime directory.
    pub(super) fn of(runtime_dir: &Path) -> Folder {
        Folder {
            path: track::directory(runtime_dir),
            draft: runtime_dir.join(".track-file"),
            here: None,
            watched: None,
            former: Vec::new(),
            standing: HashMap::new(),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until something is decided or somebody meddles, `patience` at most.
    pub(super) fn wait(&self, desk: &Desk, patience: Duration) {
        let mut fds = vec![PollFd::new(desk.knock(), PollFlags::POLLIN)];
        if let Some(watched) = &self.watched {
            fds.push(PollFd::new(watched.as_fd(), PollFlags::POLLIN));
        }
        // Whatever ends the wait, everything is looked at.
        _ = poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX));
    }

    /// What somebody else has done since it was last asked. What was spoilt counts as not written.
    ///
    /// # Errors
    /// The directory is not there, or cannot be watched.
    pub(super) fn meddling(&mut self) -> io::Result<Meddling> {
        let metadata = fs::metadata(&self.path).inspect_err(|_| self.watched = None)?;
        let identity = (metadata.dev(), metadata.ino());
        let replaced = self.here.as_ref().is_some_and(|(known, _)| *known != identity);
        if replaced || self.watched.is_none() {
            self.move_in(identity, replaced)?;
            return Ok(Meddling { replaced, ..Meddling::default() });
        }
        Ok(Meddling { replaced, spoilt: self.spoilt() })
    }

    /// From now on the directory that lies there is the one.
    fn move_in(&mut self, identity: (u64, u64), replaced: bool) -> io::Result<()> {
        self.watched = Some(Watched::new(&self.path)?);
        let before = self.here.replace((identity, File::open(&self.path)?));
        if let Some((_, before)) = before.filter(|_| replaced) {
            self.former.push(before);
            self.former.drain(..self.former.len().saturating_sub(FORMER));
        }
        // Whatever stands there is looked at before it is written again.
        self.standing.clear();
        Ok(())
    }

    fn spoilt(&mut self) -> BTreeSet<String> {
        let Some(watched) = &self.watched else { return BTreeSet::new() };
        let suspects: Vec<String> = match watched.happened() {
            Happened::To(names) => names.into_iter().filter(|n| self.standing.contains_key(n)).collect(),
            Happened::TooMuch => self.standing.keys().cloned().collect(),
        };
        let spoilt = suspects.into_iter().filter(|n| self.read(n) != self.standing.get(n).copied()).collect();
        for name in &spoilt {
            self.standing.remove(name);
        }
        spoilt
    }

    /// Sees to it that everything stands there as decided: what goes DOWN first, what comes UP last.
    ///
    /// # Errors
    /// A file cannot be written, the first of them is named; all others are.
    pub(super) fn write(&mut self, decided: &Decided) -> io::Result<()> {
        let pairs = decided.plan.reals.iter().zip(&decided.wanted);
        let entries = pairs.flat_map(|(real, wanted)| track::entries(real, *wanted));
        let mut fresh: Vec<Entry<'_>> =
            entries.filter(|e| self.standing.get(e.name) != Some(&e.value)).collect();
        fresh.sort_unstable();
        let mut result = Ok(());
        for entry in fresh {
            if let Err(e) = self.bring(entry) {
                // What lies in the way of one file must not keep another server from going DOWN.
                result = result.and(Err(io::Error::new(e.kind(), format!("{}: {e}", entry.name))));
            }
        }
        result
    }

    fn bring(&mut self, entry: Entry<'_>) -> io::Result<()> {
        if self.standing.contains_key(entry.name) || self.read(entry.name) != Some(entry.value) {
            self.put(entry)?;
        }
        self.standing.insert(entry.name.to_owned(), entry.value);
        Ok(())
    }

    /// What stands in a file, if that is a number as we write it.
    fn read(&self, name: &str) -> Option<i16> {
        let path = self.path.join(name);
        let plain = fs::symlink_metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= LONGEST);
        let text = plain.then(|| fs::read_to_string(&path).ok())??;
        let number: i16 = text.strip_suffix('\n')?.parse().ok()?;
        (format!("{number}\n") == text).then_some(number)
    }

    /// Into the directory, and into those that lay there before; one of them that is gone for good is forgotten.
    fn put(&mut self, entry: Entry<'_>) -> io::Result<()> {
        place(&self.draft, &self.path, entry)?;
        let draft = &self.draft;
        self.former.retain(|folder| place(draft, &path_of(folder), entry).is_ok());
        Ok(())
    }
}

/// Whole or not at all: keepalived reads it as soon as it is there.
fn place(draft: &Path, folder: &Path, entry: Entry<'_>) -> io::Result<()> {
    fs::write(draft, format!("{}\n", entry.value))?;
    fs::rename(draft, folder.join(entry.name))
}

/// Wherever it is now.
fn path_of(folder: &File) -> PathBuf {
    format!("/proc/self/fd/{}", folder.as_raw_fd()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keepalived::plan::{Plan, Wanted};
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    fn decided(generation: u64, wanted: &[(bool, u8)]) -> Decided {
        let plan = Plan::sample(u8::try_from(wanted.len()).unwrap());
        let wanted = wanted.iter().map(|&(up, weight)| Wanted { up, weight }).collect();
        Decided { generation, plan: Arc::new(plan), wanted }
    }

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("track")).unwrap();
        let folder = Folder::of(dir.path());
        (dir, folder)
    }

    fn text(folder: &Folder, name: &str) -> String {
        fs::read_to_string(folder.path().join(name)).unwrap()
    }

    #[test]
    fn each_real_server_has_a_verdict_and_a_weight_and_a_down_one_keeps_its_weight() {
        let (_dir, mut folder) = folder();
        folder.meddling().unwrap();
        folder.write(&decided(1, &[(true, 5), (false, 7), (true, 0)])).unwrap();
        let all = ["vs:db0:down", "vs:db0:weight-1", "vs:db1:down", "vs:db1:weight-1", "vs:db2:weight-1"];
        assert_eq!(all.map(|name| text(&folder, name)), ["0\n", "4\n", "1\n", "6\n", "-1\n"]);
    }

    #[test]
    fn what_somebody_removes_or_spoils_is_noticed_once_and_written_again() {
        let (_dir, mut folder) = folder();
        folder.meddling().unwrap();
        let decided = decided(1, &[(true, 1), (false, 1)]);
        folder.write(&decided).unwrap();
        assert_eq!(folder.meddling().unwrap(), Meddling::default());
        fs::remove_file(folder.path().join("vs:db0:down")).unwrap();
        fs::write(folder.path().join("vs:db1:down"), "0\n").unwrap();
        fs::write(folder.path().join("not ours"), "0\n").unwrap();
        let names = ["vs:db0:down", "vs:db1:down"].map(str::to_owned);
        assert_eq!(folder.meddling().unwrap().spoilt, BTreeSet::from(names));
        folder.write(&decided).unwrap();
        assert_eq!(
            (text(&folder, "vs:db0:down"), text(&folder, "vs:db1:down")),
            ("0\n".into(), "1\n".into())
        );
        assert_eq!(folder.meddling().unwrap(), Meddling::default());
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_replaced_and_not_followed() {
        let (dir, mut folder) = folder();
        let target = dir.path().join("target");
        fs::write(&target, "0\n").unwrap();
        symlink(&target, folder.path().join("vs:db0:down")).unwrap();
        folder.meddling().unwrap();
        folder.write(&decided(1, &[(false, 1)])).unwrap();
        assert_eq!(
            (text(&folder, "vs:db0:down"), fs::read_to_string(target).unwrap()),
            ("1\n".into(), "0\n".into())
        );
    }

    #[test]
    fn another_directory_in_its_place_is_noticed_and_filled_and_the_one_before_still_followed() {
        let (dir, mut folder) = folder();
        folder.meddling().unwrap();
        let decided = decided(1, &[(false, 1)]);
        folder.write(&decided).unwrap();
        fs::rename(folder.path(), dir.path().join("away")).unwrap();
        assert!(folder.meddling().is_err());
        fs::create_dir(folder.path()).unwrap();
        assert!(folder.meddling().unwrap().replaced);
        folder.write(&decided).unwrap();
        assert_eq!(text(&folder, "vs:db0:down"), "1\n");
        folder.write(&self::decided(2, &[(true, 1)])).unwrap();
        let away = |name: &str| fs::read_to_string(dir.path().join("away").join(name)).unwrap();
        assert_eq!((text(&folder, "vs:db0:down"), away("vs:db0:down")), ("0\n".into(), "0\n".into()));
        fs::remove_dir_all(dir.path().join("away")).unwrap();
        folder.write(&self::decided(3, &[(false, 1)])).unwrap();
        assert_eq!(text(&folder, "vs:db0:down"), "1\n");
    }

    #[test]
    fn what_lies_in_the_way_of_one_file_is_named_and_the_others_are_written() {
        let (_dir, mut folder) = folder();
        fs::create_dir(folder.path().join("vs:db0:down")).unwrap();
        folder.meddling().unwrap();
        let fault = folder.write(&decided(1, &[(false, 1), (false, 3)])).unwrap_err();
        assert!(fault.to_string().starts_with("vs:db0:down: "), "{fault}");
        let written = ["vs:db0:weight-1", "vs:db1:down", "vs:db1:weight-1"].map(|name| text(&folder, name));
        assert_eq!(written, ["0\n", "1\n", "2\n"]);
        fs::remove_dir(folder.path().join("vs:db0:down")).unwrap();
        folder.write(&decided(1, &[(false, 1), (false, 3)])).unwrap();
        assert_eq!(text(&folder, "vs:db0:down"), "1\n");
    }

    #[test]
    fn after_a_restart_files_that_are_right_are_left_alone() {
        let (dir, mut folder) = folder();
        folder.meddling().unwrap();
        folder.write(&decided(1, &[(true, 1)])).unwrap();
        let inode = |folder: &Folder| fs::metadata(folder.path().join("vs:db0:down")).unwrap().ino();
        let (before, mut again) = (inode(&folder), Folder::of(dir.path()));
        again.meddling().unwrap();
        again.write(&decided(1, &[(true, 1)])).unwrap();
        assert_eq!(inode(&again), before);
    }
}
