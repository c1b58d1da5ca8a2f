//! keepalived on a director: its version, whom its checks run as, and what they need.

use super::access::{Account, Look};
use super::finding::{Judgement, Step};
use super::machine::{HERE, here, run};
use super::machine_facts::Director;
use super::rule::{
    CHECK_PROGRAM, KEEPALIVED_MISSING, KEEPALIVED_OLD, SCRIPT_USER, STATE_UNREADABLE, TRACK_MISSING,
};
use crate::config::Version;
use crate::keepalived::versions::{CRASHES, FILE_CHECK};

/// Everything about keepalived but its configuration.
pub(super) fn judge(director: &Director) -> Vec<Judgement> {
    let mut all = vec![installed(director), track(director), script_user(director), check(director)];
    all.extend(director.keepalived.map(version));
    all.extend(state(director));
    all
}

fn installed(director: &Director) -> Judgement {
    let words = match director.keepalived {
        Some(version) => format!("keepalived {version} is installed"),
        None => "keepalived is not installed, or does not run".into(),
    };
    here(director.keepalived.is_some(), &KEEPALIVED_MISSING, words, || run(["apt-get install keepalived"]))
}

/// What is known of versions.
fn version(version: Version) -> Judgement {
    let fault = match version {
        v if v < FILE_CHECK => Some("knows no FILE_CHECK: a mpp-check that cannot be run counts as UP"),
        v if CRASHES.contains(&v) => Some("may crash with FILE_CHECK; mended in 2.3.3"),
        _ => None,
    };
    let words = format!("keepalived {version} {}", fault.unwrap_or("has no fault that matters here"));
    let upgrade = || vec![Step::words(HERE, "install keepalived 2.3.3 or later, or 2.2.7")];
    here(fault.is_none(), &KEEPALIVED_OLD, words, upgrade)
}

fn script_user(director: &Director) -> Judgement {
    let (name, account) = &director.script_user;
    let words = format!(
        "keepalived's script user {name} {}",
        if account.is_some() { "exists" } else { "does not exist" }
    );
    here(account.is_some(), &SCRIPT_USER, words, || run(["systemd-sysusers"]))
}

/// mpp-check: there, run by the script user, replaced by nobody.
fn check(director: &Director) -> Judgement {
    let look = &director.check;
    let path = look.path.display();
    let fault = check_fault(look, director.script_user.1.as_ref());
    let words = fault.clone().unwrap_or(format!("{path} can be run, and nobody but root replaces it"));
    here(fault.is_none(), &CHECK_PROGRAM, words, || {
        run([format!("install -o root -g root -m 755 mpp-check {path}")])
    })
}

fn check_fault(look: &Look, user: Option<&Account>) -> Option<String> {
    let path = look.path.display();
    if let Some(error) = &look.error {
        return Some(format!("{path}: {error}"));
    }
    if look.last().is_none_or(|part| part.folder) {
        return Some(format!("{path} is no file"));
    }
    if let Some(part) = user.and_then(|user| look.not_run_by(user)) {
        return Some(format!(
            "the script user cannot run {path}: {} is mode {:04o}",
            part.path.display(),
            part.mode
        ));
    }
    let part = look.replaceable(None)?;
    Some(format!(
        "{} is user {}'s, mode {:04o}: others may replace {path}",
        part.path.display(),
        part.uid,
        part.mode
    ))
}

fn track(director: &Director) -> Judgement {
    let look = &director.track;
    let part = look.last().filter(|part| part.folder);
    let owner = director.agent.as_ref().map(|account| account.uid);
    let good = part.is_some_and(|part| owner.is_none_or(|uid| uid == part.uid));
    let words = match part {
        Some(part) => format!("{} is user {}'s", look.path.display(), part.uid),
        None => format!("{} is not there", look.path.display()),
    };
    let user = director.agent.as_ref().map_or("mpp", |account| account.name.as_str());
    let make = format!(
        "install -d -o {user} -m 755 {}   # what systemd-tmpfiles --create does at boot",
        look.path.display()
    );
    here(good, &TRACK_MISSING, words, || run([make, "systemctl restart keepalived".into()]))
}

/// Whether the script user reads what mpp-check reads; without a state there is nothing to look at.
fn state(director: &Director) -> Option<Judgement> {
    let (look, user) = (&director.state, director.script_user.1.as_ref()?);
    look.last()?;
    let closed = look.unreadable_by(user);
    let words = match closed {
        None => format!("{} can read {}", user.name, look.path.display()),
        Some(part) => format!(
            "{} cannot read {}: {} is mode {:04o}",
            user.name,
            look.path.display(),
            part.path.display(),
            part.mode
        ),
    };
    let advice = || {
        run(closed
            .map(|part| format!("chmod o+{} {}", if part.folder { 'x' } else { 'r' }, part.path.display())))
    };
    Some(here(closed.is_none(), &STATE_UNREADABLE, words, advice))
}
