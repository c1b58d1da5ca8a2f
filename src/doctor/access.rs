//! Who may do what with a file, by the modes of everything on the way to it. Lists of access control are not looked at.

use std::path::PathBuf;

const READ: u32 = 4;
const WRITE: u32 = 2;
const EXECUTE: u32 = 1;
const STICKY: u32 = 0o1000;

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its groups.
    pub gids: Vec<u32>,
}

/// A path, looked at from the root down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The path.
    pub path: PathBuf,
    /// What is on the way, the last the path itself if it is there.
    pub parts: Vec<Part>,
    /// Why the rest could not be looked at; `None`: all of it could.
    pub error: Option<String>,
}

/// A folder or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its path.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Whose it is.
    pub uid: u32,
    /// Whose group's it is.
    pub gid: u32,
    /// Whether it is a folder.
    pub folder: bool,
}

impl Account {
    fn may(&self, part: &Part, what: u32) -> bool {
        let shift = match part {
            part if part.uid == self.uid => 6,
            part if self.gids.contains(&part.gid) => 3,
            _ => 0,
        };
        let execute_of_anybody = part.folder || part.mode & 0o111 != 0;
        (self.uid == 0 && (what != EXECUTE || execute_of_anybody)) || part.mode >> shift & what == what
    }
}

impl Look {
    /// The path itself; `None`: it is not there, or could not be looked at.
    pub(super) fn last(&self) -> Option<&Part> {
        self.parts.last().filter(|_| self.error.is_none())
    }

    /// Where the way ends for somebody who wants to read; `None`: nowhere.
    pub(super) fn unreadable_by(&self, account: &Account) -> Option<&Part> {
        self.closed_to(account, READ)
    }

    /// The same for somebody who wants to run it.
    pub(super) fn not_run_by(&self, account: &Account) -> Option<&Part> {
        self.closed_to(account, EXECUTE)
    }

    fn closed_to(&self, account: &Account, what: u32) -> Option<&Part> {
        let last = self.parts.len().saturating_sub(1);
        let want = |at: usize| if at == last && self.error.is_none() { what } else { EXECUTE };
        self.parts.iter().enumerate().find(|(at, part)| !account.may(part, want(*at))).map(|(_, part)| part)
    }

    /// What on the way somebody else than root and `owner` may replace; `None`: nothing. In a sticky folder nobody replaces
    /// what is not theirs.
    pub(super) fn replaceable(&self, owner: Option<u32>) -> Option<&Part> {
        self.parts.iter().find(|part| {
            let theirs = part.uid != 0 && Some(part.uid) != owner;
            let sticky = part.folder && part.mode & STICKY != 0;
            theirs || (part.mode & (WRITE << 3 | WRITE) != 0 && !sticky)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(parts: &[(&str, u32, u32)]) -> Look {
        let part = |&(path, mode, uid): &(&str, u32, u32)| Part {
            path: path.into(),
            mode,
            uid,
            gid: uid,
            folder: !path.contains('.'),
        };
        let parts: Vec<Part> = parts.iter().map(part).collect();
        Look { path: parts.last().expect("a part").path.clone(), parts, error: None }
    }

    fn account(uid: u32) -> Account {
        Account { name: "mpp".into(), uid, gids: vec![uid] }
    }

    #[test]
    fn a_file_is_read_by_those_whom_every_folder_lets_through() {
        let secret = look(&[("/", 0o755, 0), ("/etc", 0o700, 0), ("/etc/a.b", 0o644, 0)]);
        assert_eq!(secret.unreadable_by(&account(7)).map(|p| &*p.path), Some(std::path::Path::new("/etc")));
        assert_eq!(secret.unreadable_by(&account(0)), None);
        let own = look(&[("/", 0o755, 0), ("/a.b", 0o600, 7)]);
        assert_eq!(own.unreadable_by(&account(7)), None);
        assert!(own.unreadable_by(&account(8)).is_some() && own.not_run_by(&account(0)).is_some());
    }

    #[test]
    fn what_others_may_write_to_is_replaceable_but_not_in_a_sticky_folder() {
        assert_eq!(
            look(&[("/", 0o755, 0), ("/tmp", 0o1777, 0), ("/tmp/a.b", 0o644, 0)]).replaceable(None),
            None
        );
        assert!(
            look(&[("/", 0o755, 0), ("/opt", 0o777, 0), ("/opt/a.b", 0o644, 0)]).replaceable(None).is_some()
        );
        assert!(look(&[("/", 0o755, 0), ("/a.b", 0o644, 7)]).replaceable(None).is_some());
        assert!(look(&[("/", 0o755, 0), ("/a.b", 0o644, 7)]).replaceable(Some(7)).is_none());
    }
}
