//! The configuration file: from text to checked settings, with faults as `FILE:LINE:COL` and advice.
//!
//! The stages are types: text (`file`) -> `Tree`, the file as written (`tree`) -> [`Settings`], every value
//! checked and every default filled in. Each value is checked where it is read, so that one run tells all faults;
//! `locate` gives them their line and column afterwards. Nothing here talks to a server.

mod address;
mod alerts;
mod checkpoint;
mod director;
mod duration;
mod extra;
mod fault;
mod file;
mod grants;
mod held;
mod isolation;
mod keepalived;
mod known;
mod levels;
mod locate;
mod lvs;
mod monitor;
mod node;
mod password;
mod peers;
mod pool;
mod probe;
mod probe_write;
mod quorum;
mod reading;
mod real_server;
mod resolve;
mod secrets;
mod section;
mod settings;
mod show;
mod show_checkpoints;
mod show_keepalived;
mod show_web;
mod suggest;
mod syslog;
#[cfg(test)]
mod tests;
mod top;
mod tree;
mod unique;
mod values;
mod virtual_server;
mod virtual_servers;
mod vrrp_instance;
mod web;
mod web_files;

use std::path::{Path, PathBuf};

pub use fault::{Fault, Faults, Position};
pub use grants::{MARIADB_MANAGES, MARIADB_PRIVILEGES, MYSQL_MANAGES, MYSQL_PRIVILEGES, PROBE_PRIVILEGES};
pub use lvs::{
    Director, Keepalived, Method, RealServer, Version, VirtualAddress, VirtualServer, VrrpInstance,
};
pub use password::{Password, PasswordFault, PasswordSource};
pub use probe::{Host, Http, Probe, Protocol, Trust};
pub use secrets::authorities;
pub use settings::{Access, Alerts, Peer, Pool, Settings, Stale, StalePolicy, Tls};
pub use show::yaml;
pub(crate) use suggest::nearest;
pub use syslog::{Facility, Syslog, SyslogAddress};
pub use web::{Area, Web, WebTls};
pub use web_files::key_file;

use grants::Duties;
use reading::Reading;
use section::Spot;

/// Reads and checks a file. Takes at most 5 s for host names; secrets are not read.
///
/// # Errors
/// Every fault of the file, at most 50 in full.
pub fn load(path: &Path) -> Result<Settings, Faults> {
    read(path, top::read).map(|(settings, warnings)| Settings { warnings, ..settings })
}

/// The `runtime_dir` of a file whose other settings may be at fault: all that finding the daemon takes.
///
/// # Errors
/// Faults of the file as a whole, of its topmost keys and of `runtime_dir`.
pub fn runtime_dir(path: &Path) -> Result<PathBuf, Faults> {
    read(path, |root| root.section(top::KEYS).map(|section| top::runtime_dir(&section)))
        .map(|(folder, _)| folder)
}

/// The `state_dir` of a file, likewise.
///
/// # Errors
/// As [`runtime_dir`], of `state_dir`.
pub fn state_dir(path: &Path) -> Result<PathBuf, Faults> {
    read(path, |root| root.section(top::KEYS).map(|section| top::state_dir(&section)))
        .map(|(folder, _)| folder)
}

/// The `runtime_dir` and `web` of a file, and what to look at in the latter: all that `mpp-web` takes.
///
/// # Errors
/// As [`runtime_dir`], of the two.
pub fn web(path: &Path) -> Result<((PathBuf, Web), Vec<Fault>), Faults> {
    read(path, |root| root.section(top::KEYS).map(|section| top::web(&section)))
}

/// What `mpp config check` prints: the summary, then any warnings, each on a line of its own.
///
/// # Errors
/// As [`load`].
pub fn check(path: &Path) -> Result<String, Faults> {
    let settings = load(path)?;
    let counts = format!("{}, {}", count(settings.pools.len(), "pool"), count(settings.nodes(), "node"));
    let mut lines = vec![format!("{}: {counts}: good", path.display())];
    lines.extend(settings.warnings.iter().map(|warning| format!("warning: {warning}")));
    Ok(lines.join("\n") + "\n")
}

/// What `mpp config show` prints: the file as YAML with every default filled in; see [`yaml`].
///
/// # Errors
/// As [`load`].
pub fn show(path: &Path) -> Result<String, Faults> {
    load(path).map(|settings| yaml(&settings))
}

/// What `mpp config grants` prints: the SQL that creates the monitor's users, per server version, with advice.
///
/// # Errors
/// As [`load`].
pub fn grants(path: &Path) -> Result<String, Faults> {
    let settings = load(path)?;
    let sql = |user: &str| grants::sql(user, "%", &Duties::of(user, &settings.pools));
    Ok(settings.users().into_iter().map(sql).collect::<Vec<_>>().join("\n"))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Reads a file with `decode`; its result counts if it noted no fault.
fn read<T>(path: &Path, decode: impl FnOnce(&Spot<'_>) -> Option<T>) -> Result<(T, Vec<Fault>), Faults> {
    let file = path.display().to_string();
    let text = file::read(path).map_err(|(position, text)| Faults::only(&file, position, text))?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    understand(&file, &text, Reading::of(absolute.parent().unwrap_or(Path::new("/"))), decode)
}

/// The same for a text, which lies in the folder of `reading`.
fn understand<T>(
    file: &str,
    text: &str,
    reading: Reading,
    decode: impl FnOnce(&Spot<'_>) -> Option<T>,
) -> Result<(T, Vec<Fault>), Faults> {
    let tree = tree::parse(text).map_err(|(position, text)| Faults::only(file, position, text))?;
    let decoded = decode(&Spot::root(&tree, &reading));
    let (list, more, warnings) = reading.result(file, text);
    match decoded {
        Some(decoded) if list.is_empty() => Ok((decoded, warnings)),
        _ => Err(Faults { list, more }),
    }
}
