//! An address and a directory of one's own, whatever other tests run; and what dead tests left behind.

use super::guest;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{Uid, User, chown};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::ops::Deref;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

/// Where test servers listen.
const PORT: u16 = 3306;

/// An address and a directory, reserved for as long as this lives; the directory goes with it.
pub(super) struct Place {
    /// Address nobody listens on.
    pub address: SocketAddrV4,
    /// Empty directory, owned by the servers' user.
    pub dir: OwnDir,
}

impl Place {
    /// Finds and reserves one.
    pub(super) fn take() -> Place {
        std::iter::repeat_with(random_ip)
            .find_map(|ip| Place::at(SocketAddrV4::new(ip, PORT)))
            .expect("endless")
    }

    fn at(address: SocketAddrV4) -> Option<Place> {
        let dir = OwnDir::at(base().join(address.ip().to_string()), make_dir)?;
        let _probe = TcpListener::bind(address).ok()?;
        Some(Place { address, dir })
    }
}

/// A directory that is gone with this; or, if this process is killed, when the next one looks.
pub struct OwnDir {
    path: PathBuf,
    /// Released by the kernel when the process dies, so that others see what was left behind.
    _lock: Flock<File>,
}

impl OwnDir {
    /// One that nobody else may look into.
    pub fn private(name: &str) -> OwnDir {
        OwnDir::private_in(&base(), name)
    }

    /// The same in memory, as `/run` is.
    pub(super) fn in_memory(name: &str) -> OwnDir {
        OwnDir::private_in(&memory(), name)
    }

    fn private_in(base: &Path, name: &str) -> OwnDir {
        let make = |path: &Path| fs::DirBuilder::new().mode(0o700).create(path).expect("a directory");
        let random = || base.join(format!("{name}-{:08x}", RandomState::new().hash_one(0) >> 32));
        std::iter::repeat_with(random).find_map(|path| OwnDir::at(path, make)).expect("endless")
    }

    fn at(path: PathBuf, make: impl Fn(&Path)) -> Option<OwnDir> {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let lock = lock(&lock_of(&path), FlockArg::LockExclusiveNonblock)?;
        remove(&path);
        make(&path);
        Some(OwnDir { path, _lock: lock })
    }
}

impl Deref for OwnDir {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Drop for OwnDir {
    fn drop(&mut self) {
        remove(&self.path);
        let _ = fs::remove_file(lock_of(&self.path));
    }
}

/// 127.0.1.1 to 127.0.254.254.
fn random_ip() -> Ipv4Addr {
    let random = RandomState::new().hash_one(0).to_ne_bytes();
    Ipv4Addr::new(127, 0, 1 + random[0] % 254, 1 + random[1] % 254)
}

fn lock_of(dir: &Path) -> PathBuf {
    dir.with_file_name(format!("{}.lock", dir.file_name().expect("a name").display()))
}

/// Locks a file, made if need be; `None` if somebody else holds it and `how` says not to wait.
pub(super) fn lock(path: &Path, how: FlockArg) -> Option<Flock<File>> {
    let file = File::create(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lock = Flock::lock(file, how).ok()?;
    // Its last holder may have removed the file we locked.
    let same =
        fs::metadata(path).is_ok_and(|named| lock.metadata().is_ok_and(|held| held.ino() == named.ino()));
    same.then_some(lock)
}

/// Removes the directories of test processes that were killed.
pub fn sweep() {
    let entries = [base(), memory()].map(|base| fs::read_dir(base).expect("the base directory"));
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(dir) = path.to_str().and_then(|p| p.strip_suffix(".lock")) else { continue };
        if dir.ends_with("template") {
            continue;
        }
        if let Some(_lock) = lock(&path, FlockArg::LockExclusiveNonblock) {
            // What can't be removed yet, because something is mounted there, the next sweep will find again.
            if fs::remove_dir_all(dir).is_ok() || !Path::new(dir).exists() {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Removes a directory. Somebody who is just ending (a hook's child, say) may still write into it: then again.
fn remove(dir: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(e) = fs::remove_dir_all(dir) {
        if !dir.exists() {
            return;
        }
        assert!(Instant::now() < deadline, "{}: {e}", dir.display());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Where all test servers of this user live. Not under the checkout: another user must be able to reach it,
/// and a unix socket's path is short.
pub fn base() -> PathBuf {
    base_in(&std::env::temp_dir())
}

/// Where what must not wait for a disk lives: POSIX's shared memory, which every Linux has.
fn memory() -> PathBuf {
    base_in(Path::new("/dev/shm"))
}

fn base_in(dir: &Path) -> PathBuf {
    let base = dir.join(format!("mpp-test-{}", Uid::current()));
    // It may be there already, by another test.
    let _ = fs::DirBuilder::new().mode(0o755).create(&base);
    let meta = fs::symlink_metadata(&base).expect("the base directory");
    assert!(meta.is_dir() && meta.uid() == Uid::current().as_raw(), "{}: not ours", base.display());
    base
}

/// Makes a directory that belongs to the servers' user.
pub(super) fn make_dir(dir: &Path) {
    fs::create_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    if let Some(user) = server_user() {
        chown(dir, Some(user.uid), Some(user.gid)).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    }
}

/// Whom servers run as when we are root, which they refuse to be unless told to; `None`: as ourselves.
pub(super) fn server_user() -> Option<User> {
    let user = |name| User::from_name(name).expect("the user database");
    (Uid::effective().is_root() && !guest::is_here())
        .then(|| user("mysql").or_else(|| user("nobody")).expect("a user `mysql` or `nobody`"))
}
