//! `keepalived:`.

use std::path::PathBuf;

use super::director;
use super::known::Known;
use super::lvs::{Keepalived, Version, VirtualServer};
use super::section::Spot;
use super::values::{ms, seconds};
use super::virtual_server;
use super::virtual_servers::Unique;

/// Keys of `keepalived`.
pub(super) const KEYS: &[&str] =
    &["target_version", "delay_loop", "script_user", "check_path", "pid_file", "virtual_servers", "director"];

/// keepalived takes lines of 1,024 bytes.
const LONGEST_PATH: usize = 200;

/// Reads it; virtual servers stand on the pools that are `known`.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>) -> Option<Keepalived> {
    let section = spot.section(KEYS)?;
    let mut keepalived = Keepalived::default();
    section.fill("target_version", &mut keepalived.target_version, |spot| version(spot).map(Some));
    section.fill("delay_loop", &mut keepalived.delay_loop, |spot| delay_loop(spot).map(Some));
    section.fill("script_user", &mut keepalived.script_user, |spot| spot.account("user", "/etc/passwd"));
    section.fill("check_path", &mut keepalived.check_path, program);
    section.fill("pid_file", &mut keepalived.pid_file, pid_file);
    section.fill("virtual_servers", &mut keepalived.virtual_servers, |spot| virtual_servers(spot, known));
    let servers = &keepalived.virtual_servers;
    section.fill("director", &mut keepalived.director, |spot| director::read(spot, servers).map(Some));
    Some(keepalived)
}

/// `delay_loop` of the section and of a virtual server.
pub(super) fn delay_loop(spot: &Spot<'_>) -> Option<std::time::Duration> {
    spot.duration(ms(50)..=seconds(3600))
}

fn virtual_servers(list: &Spot<'_>, known: &Known<'_>) -> Option<Vec<VirtualServer>> {
    let mut unique = Unique::default();
    let mut servers = Vec::new();
    for spot in list.items()? {
        if !unique.room(&spot) {
            break;
        }
        if let Some(server) = virtual_server::read(&spot, known, &mut unique) {
            servers.push(server);
        }
    }
    Some(servers)
}

fn version(spot: &Spot<'_>) -> Option<Version> {
    let text = spot.text()?;
    let Some(version) = Version::parse(text) else {
        spot.fault(format!("{} is not a version of keepalived; write it like \"2.2.7\"", spot.tree.shown()));
        return None;
    };
    if version < Version::OLDEST {
        spot.fault(format!(
            "{version} checks once a second at most; fragments are made for {} and later: upgrade keepalived",
            Version::OLDEST
        ));
        return None;
    }
    Some(version)
}

fn pid_file(spot: &Spot<'_>) -> Option<Option<PathBuf>> {
    if spot.is("none") { Some(None) } else { spot.folder(LONGEST_PATH).map(Some) }
}

fn program(spot: &Spot<'_>) -> Option<PathBuf> {
    let path = spot.folder(LONGEST_PATH)?;
    spot.literal(path.to_str().unwrap_or_default()).then_some(path)
}
