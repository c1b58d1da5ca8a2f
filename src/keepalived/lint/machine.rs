//! What a machine says about a configuration: its keepalived, its users, its programs, its files, its kernel.

use crate::config::Version;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The facts of a machine, as far as they were looked for.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The installed keepalived.
    pub version: Option<Version>,
    /// The kernel's settings that can be read.
    pub sysctls: BTreeMap<String, i64>,
    /// Every user that was looked for; `None`: there is none.
    pub users: BTreeMap<String, Option<User>>,
    /// Every program that was looked for.
    pub programs: BTreeMap<PathBuf, Program>,
    /// Every track file that was looked for.
    pub watched: BTreeMap<PathBuf, Watched>,
}

/// A user of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Id of the primary group, the only one that keepalived runs programs with.
    pub gid: u32,
}

/// A program, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Not there, or not to be seen; why.
    Missing(String),
    /// The file, links resolved, and every directory above it, the root first.
    Found(Vec<Component>),
}

/// A file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its path.
    pub path: PathBuf,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Kind and permissions, as stat(2) gives them.
    pub mode: u32,
}

/// A file that FILE_CHECK watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Its directory is not there.
    NoDirectory,
    /// It is not there.
    NoFile,
    /// It can't be read; why.
    Unreadable(String),
    /// What keepalived reads of it.
    Text(String),
}

const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const KIND: u32 = 0o170_000;

impl Component {
    /// Whether somebody other than root may put something else in its place: what `enable_script_security` looks at.
    pub(super) fn is_insecure(&self) -> bool {
        let open = self.mode & 0o002 != 0 || (self.gid != 0 && self.mode & 0o020 != 0);
        let sticky = self.mode & KIND == DIRECTORY && self.mode & 0o1000 != 0;
        self.uid != 0 || (open && !sticky)
    }

    /// Whether a user may run the file or look into the directory.
    pub(super) fn is_executable(&self, user: User) -> bool {
        let bit = match user {
            User { uid: 0, .. } if self.mode & KIND == DIRECTORY => return true,
            User { uid: 0, .. } => 0o111,
            User { uid, .. } if uid == self.uid => 0o100,
            User { gid, .. } if gid == self.gid => 0o010,
            _ => 0o001,
        };
        self.mode & bit != 0
    }

    pub(super) fn is_regular(&self) -> bool {
        self.mode & KIND == REGULAR
    }
}
