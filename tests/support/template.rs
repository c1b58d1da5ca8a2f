//! A data directory made once, and copied for every server.

use super::accounts;
use super::options::SMALL_AND_FAST;
use super::place::{base, lock, make_dir, server_user};
use nix::fcntl::FlockArg;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies the template to `data`, which must not exist yet; makes the template first if there is none.
pub(super) fn copy_to(data: &Path) {
    let mut copy = Command::new("cp");
    copy.arg("-a").arg("--reflink=auto").arg(template()).arg(data);
    run(copy);
}

/// The template of this version of the server and of these accounts.
fn template() -> PathBuf {
    let version = Command::new("mariadbd").args(["--no-defaults", "--version"]).output();
    let version = version.expect("mariadbd, from Debian's mariadb-server-core").stdout;
    let key =
        fingerprint(&[&version, accounts::statements().as_bytes(), format!("{SMALL_AND_FAST:?}").as_bytes()]);
    let home = base().join(format!("{key:016x}-template"));
    let guard = base().join(format!("{key:016x}-template.lock"));
    let _lock = lock(&guard, FlockArg::LockExclusive).expect("nobody removes this lock");
    if !home.join("data").exists() {
        make(&home);
    }
    home.join("data")
}

/// Made under another name and moved when it is whole.
fn make(home: &Path) {
    let _ = fs::remove_dir_all(home);
    make_dir(home);
    let raw = home.join("raw");
    let mut install = Command::new("mariadb-install-db");
    install.arg("--no-defaults").arg(format!("--datadir={}", raw.display()));
    install.args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]);
    install.arg(format!("--extra-file={}", write_accounts(home).display())).args(SMALL_AND_FAST);
    run(install);
    fs::rename(raw, home.join("data")).expect("the template moved into place");
}

fn write_accounts(home: &Path) -> PathBuf {
    let file = home.join("accounts.sql");
    fs::write(&file, accounts::statements()).expect("the accounts written");
    file
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
