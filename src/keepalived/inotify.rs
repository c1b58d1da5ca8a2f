//! What happens in a directory.

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// How often events are fetched at a time: whoever floods the directory must not keep us here.
const ROUNDS: u32 = 100;

/// A watched directory.
pub(super) struct Watched(Inotify);

/// What has happened since it was last asked for.
pub(super) enum Happened {
    /// Something with the files of these names.
    To(BTreeSet<String>),
    /// More than the kernel could remember.
    TooMuch,
}

impl Watched {
    /// Watches the directory that lies there now.
    pub(super) fn new(path: &Path) -> Result<Watched, Errno> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let what = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_ONLYDIR;
        inotify.add_watch(path, what)?;
        Ok(Watched(inotify))
    }

    /// Everything that has happened.
    pub(super) fn happened(&self) -> Happened {
        let mut names = BTreeSet::new();
        for _ in 0..ROUNDS {
            match self.0.read_events() {
                Ok(events) if events.iter().any(|e| e.mask.contains(AddWatchFlags::IN_Q_OVERFLOW)) => {
                    return Happened::TooMuch;
                }
                Ok(events) => {
                    names.extend(events.into_iter().filter_map(|e| e.name?.into_string().ok()));
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Happened::To(names),
                Err(_) => return Happened::TooMuch,
            }
        }
        Happened::TooMuch
    }
}

impl AsFd for Watched {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
