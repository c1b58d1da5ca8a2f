//! mppd on this machine: whether it runs, as whom, within which limits, with which files.

use super::files::{account, account_of, look, text};
use crate::config::{PasswordSource, Settings};
use crate::core::time::Duration;
use crate::doctor::machine_facts::{Agent, Machine, Wanted};
use crate::run::run;
use crate::state::{Snapshot, is_in_memory};
use nix::unistd::Group;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// systemctl has so long to answer, and so many bytes to say.
const SYSTEMCTL: (Duration, usize) = (Duration::from_secs(3), 64 << 10);
/// Threads beside those of the nodes.
const THREADS_BESIDE: u64 = 64;

/// Everything but what makes it a director.
pub(super) fn machine(config: &Path, settings: &Settings) -> Machine {
    let (orders, probes) = settings.hands();
    let (checkpoints, names) = settings.watched();
    let tasks = settings.nodes() as u64 + orders + probes + checkpoints + names + THREADS_BESIDE;
    let wanted = Wanted { tasks, descriptors: settings.descriptors() };
    let exists = |group: &str| Group::from_name(group).is_ok_and(|found| found.is_some());
    Machine {
        warnings: settings.warnings.iter().map(ToString::to_string).collect(),
        wanted,
        agent: running(&settings.runtime_dir).unwrap_or_else(of_unit),
        config: look(config),
        passwords: password_files(settings).iter().map(|path| look(path)).collect(),
        runtime_dir: (settings.runtime_dir.clone(), is_in_memory(&settings.runtime_dir).ok()),
        control_group: (settings.control_group.clone(), exists(&settings.control_group)),
        director: None,
    }
}

fn password_files(settings: &Settings) -> BTreeSet<PathBuf> {
    let sources = settings.pools.iter().flat_map(|pool| &pool.access).map(|access| &access.password);
    let file = |source: &PasswordSource| match source {
        PasswordSource::File(path) => Some(path.clone()),
        PasswordSource::Credential(_) | PasswordSource::None => None,
    };
    sources.filter_map(file).collect()
}

/// The mppd that has published its state here, if it lives.
fn running(runtime_dir: &Path) -> Option<Agent> {
    let pid = Snapshot::read(&runtime_dir.join("state")).ok()?.header.pid;
    let process = Path::new("/proc").join(pid.to_string());
    if text(process.join("comm"))? != "mppd" {
        return None;
    }
    let uid = fs::metadata(&process).ok()?.uid();
    Some(Agent {
        pid: Some(pid),
        account: account_of(uid),
        descriptors: text(process.join("limits")).as_deref().and_then(open_files),
        tasks: text(process.join("cgroup")).as_deref().and_then(most_tasks),
    })
}

/// The hard limit in a process's `limits`: the daemon raises the soft one by itself.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The limit of its control group, version 2.
fn most_tasks(cgroup: &str) -> Option<u64> {
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::/"))?;
    text(Path::new("/sys/fs/cgroup").join(path).join("pids.max"))?.parse().ok()
}

/// What systemd would start.
fn of_unit() -> Agent {
    let mut systemctl = Command::new("systemctl");
    systemctl.args(["show", "mppd.service", "--property=LoadState,User,LimitNOFILE,TasksMax"]);
    let shown = run(systemctl, SYSTEMCTL.0, SYSTEMCTL.1).map(|ended| ended.said).unwrap_or_default();
    let value = |key: &str| shown.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    if value("LoadState") != Some("loaded") {
        return Agent { account: account("mpp"), ..Agent::default() };
    }
    Agent {
        pid: None,
        account: value("User").filter(|user| !user.is_empty()).and_then(account),
        descriptors: value("LimitNOFILE").and_then(|limit| limit.parse().ok()),
        tasks: value("TasksMax").and_then(|limit| limit.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_limit_of_open_files_is_read() {
        let limits = "Max cpu time              unlimited            unlimited            seconds\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(open_files(limits), Some(524_288));
    }
}
