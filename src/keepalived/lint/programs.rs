//! Rules about the programs that keepalived runs, and whom it runs them as.

use super::check::Program;
use super::finding::Findings;
use super::machine::{self, Component, User};
use super::seen::{DEFAULT_USER, RunsAs, Seen};
use std::collections::HashSet;
use std::path::Path;

/// Every program once.
fn each<'s>(seen: &Seen<'s>) -> Vec<Program<'s>> {
    let mut programs = seen.programs();
    let mut told = HashSet::new();
    programs.retain(|p| told.insert((p.arguments[0].clone(), p.user)));
    programs
}

/// Every program that is there, with its path's components and whom it runs as.
fn found<'s>(seen: &Seen<'s>) -> Vec<(Program<'s>, &'s [Component], User)> {
    let there =
        |program: Program<'s>| match (seen.machine.programs.get(program.path())?, seen.runs_as(&program)) {
            (machine::Program::Found(components), RunsAs::Known(user)) => {
                Some((program, &components[..], user))
            }
            _ => None,
        };
    each(seen).into_iter().filter_map(there).collect()
}

pub(super) fn missing(seen: &Seen<'_>, findings: &mut Findings) {
    for program in each(seen) {
        if let Some(machine::Program::Missing(why)) = seen.found(&program) {
            findings.tell(
                &program.at.place,
                format!("{}: {why}", program.path().display()),
                "keepalived goes without the check and says nothing: a server with no other one is UP for good",
                "the path of a program that is there",
            );
        }
    }
}

pub(super) fn relative(seen: &Seen<'_>, findings: &mut Findings) {
    for program in each(seen).iter().filter(|p| !p.path().is_absolute()) {
        findings.tell(
            &program.at.place,
            format!("{} is not a full path", program.path().display()),
            "what runs depends on the PATH that keepalived was started with",
            "the full path",
        );
    }
}

pub(super) fn not_executable(seen: &Seen<'_>, findings: &mut Findings) {
    for (program, components, user) in found(seen) {
        let blocking = components.iter().find(|c| !c.is_executable(user));
        let odd = components.last().filter(|c| !c.is_regular());
        if let Some(component) = odd.or(blocking) {
            let what = if odd.is_some() { "is no regular file" } else { "keeps it from being run" };
            findings.tell(
                &program.at.place,
                format!(
                    "{}: {} {what}, as uid {}",
                    program.path().display(),
                    component.path.display(),
                    user.uid
                ),
                "a check that can't be run is dropped, or counts as UP",
                format!("chmod a+x {}, or another user", component.path.display()),
            );
        }
    }
}

/// The first part of a program's path that somebody other than root may replace.
fn insecure(components: &[Component]) -> Option<&Component> {
    components.iter().find(|c| c.is_insecure())
}

/// Every program that somebody other than root may replace, with the part of its path: those that keepalived drops for it,
/// or those that it runs all the same.
fn replaceable<'s>(seen: &Seen<'s>, dropped: bool) -> Vec<(Program<'s>, &'s Path)> {
    let drops = |user: User| seen.is_secured() && (user.uid == 0 || user.gid == 0);
    let wanted = found(seen).into_iter().filter(|(.., user)| drops(*user) == dropped);
    wanted.filter_map(|(program, components, _)| Some((program, &*insecure(components)?.path))).collect()
}

pub(super) fn dropped_as_insecure(seen: &Seen<'_>, findings: &mut Findings) {
    let would = "with enable_script_security, and run as root, the check is dropped: a server with no other one is UP for good";
    for (program, part) in replaceable(seen, true) {
        let part = part.display();
        let write = format!("chown root:root and chmod go-w {part}; or script_user mpp");
        findings.tell(&program.at.place, format!("{part} is not only root's to change"), would, write);
    }
}

pub(super) fn writable(seen: &Seen<'_>, findings: &mut Findings) {
    let would = "whoever can change it decides which server is UP, as the user the check runs as";
    for (program, part) in replaceable(seen, false) {
        let part = part.display();
        let write = format!("chown root:root and chmod go-w {part}");
        findings.tell(&program.at.place, format!("{part} is not only root's to change"), would, write);
    }
}

pub(super) fn no_user(seen: &Seen<'_>, findings: &mut Findings) {
    for program in each(seen).iter().filter(|p| seen.runs_as(p) == RunsAs::Nobody) {
        let found = match seen.named_user(program) {
            Some((user, _)) => format!("the user {user} is not there"),
            None => format!("no script_user, and the user {DEFAULT_USER} is not there"),
        };
        findings.tell(
            &program.at.place,
            found,
            "keepalived goes without the check: a server with no other one is UP for good",
            "script_user mpp in global_defs, or a user that is there",
        );
    }
}

pub(super) fn runs_as_root(seen: &Seen<'_>, findings: &mut Findings) {
    for program in each(seen) {
        let default = seen.named_user(&program).is_none();
        if default && matches!(seen.runs_as(&program), RunsAs::Known(User { uid: 0, .. })) {
            findings.tell(
                &program.at.place,
                format!("no script_user, and the user {DEFAULT_USER} is not there"),
                format!("{} runs as root", program.path().display()),
                "script_user mpp in global_defs",
            );
        }
    }
}

pub(super) fn no_security(seen: &Seen<'_>, findings: &mut Findings) {
    if let Some(program) = seen.programs().first().filter(|_| !seen.is_secured()) {
        findings.tell(
            &program.at.place,
            "programs are run, and global_defs has no enable_script_security",
            "keepalived also runs as root what others can change, and keepalived -t ends with 6",
            "enable_script_security in global_defs",
        );
    }
}
