//! What the kernel has: ip_vs and its schedulers, loaded or to be loaded; its switches.

use super::files::text;
use crate::keepalived::sysctl::sysctl;
use std::collections::BTreeMap;
use std::path::Path;

/// Whether the kernel has ip_vs.
pub(super) fn ip_vs() -> bool {
    Path::new("/proc/net/ip_vs").exists() || has("ip_vs") == Some(true)
}

/// Those of these schedulers that the kernel is known not to have.
pub(super) fn missing_schedulers<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut missing: Vec<String> =
        names.filter(|name| has(&format!("ip_vs_{name}")) == Some(false)).map(str::to_owned).collect();
    missing.sort();
    missing.dedup();
    missing
}

/// Whether a module is loaded, or can be; `None`: this system does not tell.
fn has(module: &str) -> Option<bool> {
    if Path::new("/sys/module").join(module).exists() {
        return Some(true);
    }
    let folder = Path::new("/lib/modules").join(text("/proc/sys/kernel/osrelease")?);
    let lists =
        text(folder.join("modules.dep"))? + "\n" + &text(folder.join("modules.builtin")).unwrap_or_default();
    Some(lists.contains(&format!("/{module}.ko")))
}

/// These switches, as far as they are there.
pub(super) fn sysctls(names: &[&str]) -> BTreeMap<String, String> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), sysctl(name)?))).collect()
}
