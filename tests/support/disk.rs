//! A small disk that can be full: a tmpfs of its own, mounted over a directory. Root is asked for only here.

use nix::unistd::{Pid, Uid};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How mounts of this test suite are called, with the process id behind it.
const SOURCE: &str = "mpp-test-disk-";
const SIZE: &str = "512k";

/// A mounted tmpfs; gone when dropped.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one over a directory, which is made if it is not there; everybody may write to it.
    pub fn over(at: &Path) -> SmallDisk {
        SmallDisk::of(SIZE, at)
    }

    /// The same, of a size as mount(8) writes it.
    pub fn of(size: &str, at: &Path) -> SmallDisk {
        sweep();
        fs::create_dir_all(at).expect("its directory");
        let source = format!("{SOURCE}{}", Pid::this());
        let options = format!("size={size},mode=0777");
        as_root(&["mount", "-t", "tmpfs", "-o", &options, &source], at);
        SmallDisk { at: at.to_owned() }
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let (big, mut chunk) = (self.at.join("filler"), 1 << 20);
        let mut file = fs::File::create(big).expect("a file");
        while chunk > 0 {
            if std::io::Write::write_all(&mut file, &vec![b'x'; chunk]).is_err() {
                chunk /= 2;
            }
        }
    }

    /// Makes room again.
    pub fn clear(&self) {
        fs::remove_file(self.at.join("filler")).expect("the filler removed");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a daemon that is just being killed may have it open.
        as_root(&["umount", "--lazy"], &self.at);
    }
}

fn as_root(command: &[&str], at: &Path) {
    let output = try_as_root(command, at);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn try_as_root(command: &[&str], at: &Path) -> Output {
    let sudo: &[&str] = if Uid::effective().is_root() { &[] } else { &["sudo", "-n"] };
    let words: Vec<&str> = [sudo, command].concat();
    Command::new(words[0]).args(&words[1..]).arg(at).output().expect("it ran")
}

/// Unmounts what tests that were killed have left behind.
fn sweep() {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for line in mounts.lines() {
        let mut words = line.split(' ');
        let (Some(source), Some(at)) = (words.next(), words.next()) else { continue };
        let Some(pid) = source.strip_prefix(SOURCE) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            // Somebody else may be quicker.
            _ = try_as_root(&["umount", "--lazy"], Path::new(at));
        }
    }
}
