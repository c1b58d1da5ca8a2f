//! A data directory made once, and copied for every server.

use super::accounts;
use super::flavour::Flavour;
use super::guest;
use super::place::{base, lock, make_dir, server_user};
use nix::fcntl::FlockArg;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies the template to `data`, which must not exist yet; makes the template first if there is none.
pub(super) fn copy_to(flavour: Flavour, data: &Path) {
    let mut copy = Command::new("cp");
    copy.arg("-a").arg("--reflink=auto").arg(of(flavour)).arg(data);
    run(copy);
    // MySQL keeps its UUID there, and makes one where there is none.
    let _ = fs::remove_file(data.join("auto.cnf"));
}

/// The template of this version of the server and of these accounts.
pub(super) fn of(flavour: Flavour) -> PathBuf {
    if let Some(ready) = guest::template() {
        return ready;
    }
    let version = flavour.program().arg("--version").output();
    let version = version.unwrap_or_else(|e| panic!("{}: {e}", flavour.origin())).stdout;
    let accounts = accounts::statements(flavour);
    let small = format!("{:?}", flavour.small_and_fast());
    let key = fingerprint(&[&version, accounts.as_bytes(), small.as_bytes()]);
    let home = base().join(format!("{key:016x}-template"));
    let guard = base().join(format!("{key:016x}-template.lock"));
    let _lock = lock(&guard, FlockArg::LockExclusive).expect("nobody removes this lock");
    if !home.join("data").exists() {
        make(flavour, &home, &accounts);
    }
    home.join("data")
}

/// Made under another name and moved when it is whole.
fn make(flavour: Flavour, home: &Path, accounts: &str) {
    let _ = fs::remove_dir_all(home);
    make_dir(home);
    let raw = home.join("raw");
    run(flavour.install(home, &raw, accounts));
    fs::rename(raw, home.join("data")).expect("the template moved into place");
}

/// FNV-1a: the same in every process.
fn fingerprint(parts: &[&[u8]]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Runs a command as the servers' user and waits for it.
fn run(mut command: Command) {
    if let Some(user) = server_user() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    let output = command.current_dir("/").output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let words = || [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{command:?}: {}", words());
}
