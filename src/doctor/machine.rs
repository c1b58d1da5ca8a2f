//! What mppd finds on this machine: its user, its files, its limits.

use super::access::Look;
use super::finding::{Judgement, Kind, Step};
use super::machine_facts::Machine;
use super::node;
use super::rule::{
    AGENT_CANNOT_READ, AGENT_USER, CONFIG_WARNS, CONFIG_WRITABLE, CONTROL_GROUP, DESCRIPTORS, MPPD_AWAY,
    ON_DISK, Rule, TASKS,
};

/// Where findings about this machine belong.
pub(super) const HERE: &str = "this machine";

/// Everything about this machine but its being a director.
pub(super) fn judge(machine: &Machine) -> Vec<Judgement> {
    let mut all: Vec<Judgement> = machine.warnings.iter().map(warned).collect();
    all.extend([runs(machine), user(machine), group(machine)]);
    all.extend([descriptors(machine), tasks(machine), in_memory(machine)].into_iter().flatten());
    let files = std::iter::once(&machine.config).chain(&machine.passwords);
    all.extend(files.flat_map(|file| [readable(machine, file), Some(safe(machine, file))]).flatten());
    all
}

/// `words` of this machine are good, or what `rule` finds.
pub(super) fn here(
    good: bool,
    rule: &'static Rule,
    words: impl Into<String>,
    advice: impl FnOnce() -> Vec<Step>,
) -> Judgement {
    node::judge(HERE, good, rule, words, advice)
}

/// Commands for this machine.
pub(super) fn run(lines: impl IntoIterator<Item = impl Into<String>>) -> Vec<Step> {
    vec![Step::shell(HERE, lines)]
}

fn warned(warning: &String) -> Judgement {
    here(false, &CONFIG_WARNS, warning, || run(["mpp config check"]))
}

fn runs(machine: &Machine) -> Judgement {
    let words = match machine.agent.pid {
        Some(pid) => format!("mppd runs, process {pid}"),
        None => "no mppd has published a state here and lives".into(),
    };
    here(machine.agent.pid.is_some(), &MPPD_AWAY, words, || {
        run(["systemctl enable --now mppd", "mpp status"])
    })
}

fn user(machine: &Machine) -> Judgement {
    let words = match &machine.agent.account {
        Some(account) => format!("mppd's user is {}", account.name),
        None => "there is no user mpp".into(),
    };
    here(machine.agent.account.is_some(), &AGENT_USER, words, || {
        run(["systemd-sysusers", "systemd-tmpfiles --create"])
    })
}

fn group(machine: &Machine) -> Judgement {
    let (group, exists) = &machine.control_group;
    let words = format!("control_group {group} {}", if *exists { "exists" } else { "does not exist" });
    here(*exists, &CONTROL_GROUP, words, || run([format!("groupadd --system {group}")]))
}

fn descriptors(machine: &Machine) -> Option<Judgement> {
    let (may, wanted) = (machine.agent.descriptors?, machine.wanted.descriptors);
    let words = format!("mppd may open {may} files, and takes {wanted}");
    Some(here(may >= wanted, &DESCRIPTORS, words, || {
        unit(format!("LimitNOFILE={}", wanted.next_power_of_two()))
    }))
}

fn tasks(machine: &Machine) -> Option<Judgement> {
    let (may, wanted) = (machine.agent.tasks?, machine.wanted.tasks);
    let words = format!("mppd may have {may} threads, and takes {wanted}");
    Some(here(may >= wanted, &TASKS, words, || unit("TasksMax=infinity".into())))
}

fn in_memory(machine: &Machine) -> Option<Judgement> {
    let (dir, is_in_memory) = (machine.runtime_dir.0.display(), machine.runtime_dir.1?);
    let words = format!("runtime_dir {dir} {} in memory", if is_in_memory { "lies" } else { "does not lie" });
    Some(here(is_in_memory, &ON_DISK, words, || {
        let file = Kind::File("mpp.yaml".into());
        vec![Step::new(HERE, file, ["runtime_dir: /run/mpp"]), Step::shell(HERE, ["systemctl restart mppd"])]
    }))
}

fn unit(line: String) -> Vec<Step> {
    let file = Kind::File("/etc/systemd/system/mppd.service.d/limits.conf".into());
    vec![
        Step::new(HERE, file, ["[Service]".into(), line]),
        Step::shell(HERE, ["systemctl daemon-reload && systemctl restart mppd"]),
    ]
}

fn readable(machine: &Machine, file: &Look) -> Option<Judgement> {
    let account = machine.agent.account.as_ref()?;
    let closed = file.unreadable_by(account);
    let words = match closed {
        None => format!("{} can read {}", account.name, file.path.display()),
        Some(part) => {
            let at = part.path.display();
            format!("{} cannot read {}: {at} is mode {:04o}", account.name, file.path.display(), part.mode)
        }
    };
    let advice = || closed.map(|part| run([open(part, &account.name)])).unwrap_or_default();
    Some(here(closed.is_none(), &AGENT_CANNOT_READ, words, advice))
}

fn open(part: &super::access::Part, user: &str) -> String {
    let path = part.path.display();
    match part.folder {
        true => format!("chmod o+x {path}"),
        false => format!("chgrp {user} {path} && chmod g+r {path}"),
    }
}

fn safe(machine: &Machine, file: &Look) -> Judgement {
    let owner = machine.agent.account.as_ref().map(|account| account.uid);
    let part = file.replaceable(owner);
    let words = match part {
        None => format!("nobody but root and mppd's user may write {}", file.path.display()),
        Some(part) => format!("{} is user {}'s, mode {:04o}", part.path.display(), part.uid, part.mode),
    };
    let advice = || {
        let lines = part.map(|part| format!("chown root {0} && chmod go-w {0}", part.path.display()));
        run(lines)
    };
    here(part.is_none(), &CONFIG_WRITABLE, words, advice)
}
