//! Asks this machine what the rules want to know of it.

use super::check::user as named;
use super::machine::{Component, Machine, Program, User, Watched};
use super::seen::{DEFAULT_USER, programs};
use super::view::View;
use crate::config::Version;
use crate::keepalived::conf::Conf;
use crate::keepalived::sysctl::sysctl;
use nix::unistd::User as Account;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// keepalived reads so many bytes of a track file.
const TRACK_BYTES: u64 = 127;
const SYSCTLS: [&str; 4] = [
    "net.ipv4.vs.expire_nodest_conn",
    "net.ipv4.vs.expire_quiescent_template",
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
];

/// Looks for everything that a configuration names: users, programs, track files; and at the kernel's settings.
pub fn gather(conf: &Conf, version: Option<Version>) -> Machine {
    let view = View::of(conf);
    let programs = programs(&view);
    let own = programs.iter().filter_map(|p| p.user);
    let users = own.chain(view.global("script_user").and_then(named)).map(|(user, _)| user);
    let paths = programs.iter().map(|p| p.path().to_owned());
    let files = view.track_files.iter().filter_map(|file| file.get("file")?.value(0));
    Machine {
        version,
        sysctls: SYSCTLS
            .iter()
            .filter_map(|name| Some((name.to_string(), sysctl(name)?.parse().ok()?)))
            .collect(),
        users: users.chain([DEFAULT_USER]).filter_map(|name| Some((name.to_owned(), user(name)?))).collect(),
        programs: each(paths.filter(|path| path.is_absolute()), |path| program(path)),
        watched: each(files.map(PathBuf::from), |path| watched(path)),
    }
}

/// Asks once for each.
fn each<K: Ord, V>(keys: impl Iterator<Item = K>, ask: impl Fn(&K) -> V) -> BTreeMap<K, V> {
    let once: BTreeSet<K> = keys.collect();
    once.into_iter().map(|key| (ask(&key), key)).map(|(answer, key)| (key, answer)).collect()
}

/// `None`: the system does not say whether there is one.
fn user(name: &str) -> Option<Option<User>> {
    let account = Account::from_name(name).ok()?;
    Some(account.map(|account| User { uid: account.uid.as_raw(), gid: account.gid.as_raw() }))
}

fn program(path: &Path) -> Program {
    let component = |path: &Path| {
        let found = fs::symlink_metadata(path).map_err(|e| e.to_string())?;
        Ok(Component { path: path.to_owned(), uid: found.uid(), gid: found.gid(), mode: found.mode() })
    };
    let resolved = path.canonicalize().map_err(|e| e.to_string());
    let components = resolved.and_then(|path| {
        let mut components: Vec<Component> =
            path.ancestors().map(component).collect::<Result<_, String>>()?;
        components.reverse();
        Ok(components)
    });
    components.map_or_else(Program::Missing, Program::Found)
}

fn watched(path: &Path) -> Watched {
    if !path.parent().is_some_and(Path::is_dir) {
        return Watched::NoDirectory;
    }
    // Without O_NONBLOCK a FIFO of that name would be waited for.
    let text =
        OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path).and_then(|file| {
            let mut bytes = Vec::new();
            file.take(TRACK_BYTES).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        });
    match text {
        Ok(text) => Watched::Text(text),
        Err(e) if e.kind() == ErrorKind::NotFound => Watched::NoFile,
        Err(e) => Watched::Unreadable(e.to_string()),
    }
}
