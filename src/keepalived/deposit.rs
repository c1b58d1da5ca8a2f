//! Writing files into a folder, whole or not at all: new ones beside the old, on the disk, then in their places.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// Everybody may read what keepalived and the kernel are given.
const MODE: u32 = 0o644;

/// What could not be done, and to which file.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be {what}: {error}", path.display())]
pub struct DepositFault {
    what: &'static str,
    path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// A file that is to be written.
#[derive(Debug)]
pub struct Deposit {
    path: PathBuf,
    former: Option<String>,
    text: String,
    /// Where the new one lies; none if there is nothing to change.
    aside: Option<PathBuf>,
}

impl Deposit {
    /// Puts a text beside `folder/name`, onto the disk; nothing if that says the same already.
    ///
    /// # Errors
    /// If the old one cannot be read or the new one not be written: then nothing is left behind.
    pub fn prepare(folder: &Path, name: &str, text: String) -> Result<Deposit, DepositFault> {
        let path = folder.join(name);
        let former = match fs::read(&path) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(DepositFault { what: "read", path, error }),
        };
        let changes = former.as_ref() != Some(&text);
        let aside = changes.then(|| folder.join(format!(".{name}.{}.new", std::process::id())));
        let deposit = Deposit { path, former, text, aside };
        match deposit.aside.as_deref().map(|aside| write(aside, &deposit.text)) {
            Some(Err(error)) => Err(DepositFault { what: "written", path: deposit.path.clone(), error }),
            _ => Ok(deposit),
        }
    }

    /// Where the new text can be read before it is in its place; `None`: nothing changes.
    pub fn aside(&self) -> Option<&Path> {
        self.aside.as_deref()
    }

    /// Puts it in its place: what was done, in words.
    ///
    /// # Errors
    /// If it cannot be renamed; then the old one stands.
    pub fn place(mut self) -> Result<String, DepositFault> {
        let name = self.path.file_name().unwrap_or_default().display().to_string();
        let Some(aside) = self.aside.clone() else { return Ok(format!("{name}: unchanged")) };
        let renamed = fs::rename(&aside, &self.path);
        renamed.map_err(|error| DepositFault { what: "replaced", path: self.path.clone(), error })?;
        self.aside = None;
        // Else a power cut may bring the old one back: no harm, and nothing to be done.
        _ = File::open(self.path.parent().unwrap_or(Path::new("/"))).and_then(|folder| folder.sync_all());
        Ok(match &self.former {
            None => format!("{name}: written, it is new"),
            Some(former) => format!("{name}: written, {}", lines(different(former, &self.text))),
        })
    }
}

impl Drop for Deposit {
    fn drop(&mut self) {
        if let Some(aside) = &self.aside {
            // It may never have come to be.
            _ = fs::remove_file(aside);
        }
    }
}

fn write(aside: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(aside)?;
    // Whatever the umask.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// How many lines of either text the other does not have, whichever are more.
fn different(one: &str, other: &str) -> usize {
    let mut balance: HashMap<&str, isize> = HashMap::new();
    one.lines().for_each(|line| *balance.entry(line).or_default() -= 1);
    other.lines().for_each(|line| *balance.entry(line).or_default() += 1);
    let (more, less): (Vec<isize>, Vec<isize>) = balance.into_values().partition(|n| *n > 0);
    more.iter().sum::<isize>().unsigned_abs().max(less.iter().sum::<isize>().unsigned_abs())
}

fn lines(count: usize) -> String {
    match count {
        0 => "lines are in another order".to_owned(),
        1 => "1 line differs".to_owned(),
        n => format!("{n} lines differ"),
    }
}

#[cfg(test)]
mod tests {
    use super::different;

    #[test]
    fn a_changed_line_counts_once() {
        for (one, other, count) in [
            ("a\nb\n", "a\nb\n", 0),
            ("a\nb\n", "a\nc\n", 1),
            ("a\n", "a\na\nb\n", 2),
            ("a\nb\nc\n", "", 3),
            ("a\nb\n", "b\na\n", 0),
        ] {
            assert_eq!(different(one, other), count, "{one:?} {other:?}");
        }
    }
}
