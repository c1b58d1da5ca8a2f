//! Rules about FILE_CHECK and track files.

use super::check::FileCheck;
use super::finding::Findings;
use super::machine::Watched;
use super::numbers::TrackValue;
use super::seen::Seen;
use super::view::name;
use crate::keepalived::versions::{FILE_CHECK, has_file_check};
use std::collections::{HashMap, HashSet};
use std::path::Path;

pub(super) fn no_track_file(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, _, check) in seen.view.checks() {
        if let Some(file) = check.file.as_ref().filter(|file| file.block.is_none()) {
            findings.tell(
                &check.at.place,
                format!("track_file {} is defined nowhere before", file.name),
                "keepalived drops the checker; with no other one the server is UP for good",
                format!("track_file {} {{ file ... }} before the virtual server, its braces on lines of their own", file.name),
            );
        }
    }
}

/// Every track file that a checker uses, with what the machine says of it.
fn used<'s>(seen: &'s Seen<'_>) -> Vec<(&'s FileCheck<'s>, &'s str, &'s Watched)> {
    let mut used: Vec<_> = seen
        .view
        .checks()
        .filter_map(|(_, _, check)| {
            let file = check.file.as_ref()?;
            let path = file.path()?;
            Some((file, path, seen.machine.watched.get(Path::new(path))?))
        })
        .collect();
    let mut told = HashSet::new();
    used.retain(|(file, ..)| told.insert(file.name));
    used
}

/// Tells something of the block that defines a file.
fn tell(findings: &mut Findings, file: &FileCheck<'_>, found: String, would: &str, write: &str) {
    if let Some(block) = file.block {
        findings.tell(&block.place, found, would, write);
    }
}

pub(super) fn track_directory(seen: &Seen<'_>, findings: &mut Findings) {
    let mut told = HashSet::new();
    for (file, path, _) in used(seen).into_iter().filter(|(.., watched)| **watched == Watched::NoDirectory) {
        let directory = Path::new(path).parent().unwrap_or(Path::new("/"));
        if !told.insert(directory) {
            continue;
        }
        tell(
            findings,
            file,
            format!("the directory {} is not there", directory.display()),
            "if it is missing when keepalived starts, the checker is dropped until a reload",
            "a line in /etc/tmpfiles.d that makes it at boot; not mppd's RuntimeDirectory, which comes too late",
        );
    }
}

pub(super) fn track_file_missing(seen: &Seen<'_>, findings: &mut Findings) {
    for (file, path, watched) in used(seen) {
        let init = file.block.is_some_and(|block| block.get("init_file").is_some());
        let why = match watched {
            Watched::NoFile if !init => "no such file",
            Watched::Unreadable(why) => why,
            _ => continue,
        };
        tell(
            findings,
            file,
            format!("{path}: {why}"),
            "keepalived takes 0 for it, which is UP, until somebody writes it",
            "mppd started, with this virtual server in mpp.yaml; or the file written by whatever decides",
        );
    }
}

pub(super) fn track_file_garbage(seen: &Seen<'_>, findings: &mut Findings) {
    for (file, path, watched) in used(seen) {
        if let Watched::Text(text) = watched
            && TrackValue::of(text) == TrackValue::Garbage
        {
            let shown: String = text.trim().chars().take(20).collect();
            tell(
                findings,
                file,
                format!("{path} holds \"{}\", which is no number", shown.escape_debug()),
                "keepalived takes 0 for it, which is UP",
                "0 for UP, 1 for DOWN, written to another file and renamed over it",
            );
        }
    }
}

pub(super) fn track_file_octal(seen: &Seen<'_>, findings: &mut Findings) {
    for (file, path, watched) in used(seen) {
        if let Watched::Text(text) = watched
            && let TrackValue::Octal(value) = TrackValue::of(text)
        {
            let found = format!("{path} holds {}, with a 0 in front", text.trim());
            let would = format!("keepalived reads it as octal: {value}");
            tell(findings, file, found, &would, "the number without the 0");
        }
    }
}

pub(super) fn one_file_two_uses(seen: &Seen<'_>, findings: &mut Findings) {
    let mut verdicts: HashMap<&str, bool> = HashMap::new();
    for (_, _, check) in seen.view.checks() {
        let Some((path, file)) = check.file.as_ref().and_then(|f| Some((f.path()?, f))) else { continue };
        if *verdicts.entry(path).or_insert(file.weight == 0) != (file.weight == 0) {
            findings.tell(
                &check.at.place,
                format!("{path} decides UP and DOWN in one checker and the weight in another"),
                "a server that is DOWN when keepalived starts comes up with weight 0 and stays there",
                "two files: one with weight 0 for UP and DOWN, one with weight 1 for the weight less one",
            );
        }
    }
}

pub(super) fn reverse(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server, check) in seen.view.checks() {
        let said = check.file.as_ref().and_then(|file| file.said);
        if let Some(at) = said.filter(|at| at.value(1) == Some("reverse")) {
            findings.tell(
                &at.place,
                format!("reverse, for {}", name(server.at)),
                "when keepalived starts, what is UP is taken for DOWN and what is DOWN for UP",
                "weight 0, and the file with 0 for UP and 1 for DOWN",
            );
        }
    }
}

pub(super) fn file_weight(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, _, check) in seen.view.checks() {
        if check.file.as_ref().is_some_and(|file| file.said.is_none()) {
            findings.tell(
                &check.at.place,
                "a FILE_CHECK without a weight",
                "it is 1: what stands in the file is added to the server's weight, and takes nobody out",
                "weight 0 if the file says UP or DOWN, weight 1 if it says a weight",
            );
        }
    }
}

pub(super) fn only_file(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server) in seen.view.servers().filter(|(_, s)| !s.checks.is_empty()) {
        if server.checks.iter().all(|check| check.file.is_some()) {
            findings.tell(
                &server.at.place,
                format!("real server {} has nothing but FILE_CHECK", name(server.at)),
                "a file that is missing or garbage is UP, and a reload takes a server that is DOWN in for a moment",
                "a MISC_CHECK with mpp-check beside it",
            );
        }
    }
}

pub(super) fn version(seen: &Seen<'_>, findings: &mut Findings) {
    let Some(version) = seen.machine.version.filter(|v| !has_file_check(*v)) else { return };
    let Some((_, _, check)) = seen.view.checks().find(|(_, _, check)| check.file.is_some()) else { return };
    let would = match version < FILE_CHECK {
        true => "it does not know FILE_CHECK, which came with 2.1.0: the checker is not there",
        false => "2.3.0 to 2.3.2 may crash with FILE_CHECK: every virtual server is gone",
    };
    let write = "keepalived 2.3.3 or later; or MISC_CHECK alone: target_version in mpp.yaml";
    findings.tell(&check.at.place, format!("FILE_CHECK, and keepalived here is {version}"), would, write);
}
