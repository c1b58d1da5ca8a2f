//! The top of the file, and the part that stands there alone: `stale`.

use std::path::PathBuf;

use super::alerts;
use super::keepalived;
use super::known::Known;
use super::lvs::Keepalived;
use super::monitor::Written;
use super::peers;
use super::pool;
use super::section::{Section, Spot};
use super::settings::{Alerts, Peer, Pool, Settings, Stale, StalePolicy};
use super::tree::Tree;
use super::unique::Unique;
use super::values::{ms, seconds};
use super::web::{self, Web};
use crate::core::settings::{PeerSettings, Writable};
use crate::core::words::Role;

/// Keys of the top.
pub(super) const KEYS: &[&str] = &[
    "runtime_dir",
    "state_dir",
    "control_group",
    "startup_grace",
    "monitor",
    "pools",
    "stale",
    "alerts",
    "peers",
    "keepalived",
    "web",
];
/// Keys of `stale`.
pub(super) const STALE_KEYS: &[&str] = &["after", "policy"];

/// A Unix socket's path has 107 bytes at most, and files are made in the folder.
const LONGEST_RUNTIME_DIR: usize = 90;

/// Reads the whole file. Only if no fault was noted does the result mean anything.
pub(super) fn read(root: &Spot<'_>) -> Option<Settings> {
    let section = root.section(KEYS)?;
    let before = root.reading.faults();
    let pools = pools(&section);
    let whole = root.reading.faults() == before;
    let mut settings = Settings {
        runtime_dir: runtime_dir(&section),
        state_dir: state_dir(&section),
        control_group: "mpp".to_owned(),
        startup_grace: seconds(30),
        pools,
        stale: Stale { after: seconds(5), policy: StalePolicy::Hold },
        alerts: Alerts::default(),
        peers: Vec::new(),
        keepalived: Keepalived::default(),
        web: Web::default(),
        warnings: Vec::new(),
    };
    section.fill("control_group", &mut settings.control_group, |spot| spot.account("group", "/etc/group"));
    section.fill("startup_grace", &mut settings.startup_grace, |spot| spot.duration(ms(0)..=seconds(3600)));
    section.fill("stale", &mut (), |spot| stale(spot, &mut settings.stale));
    section.fill("alerts", &mut (), |spot| alerts::read(spot, &mut settings.alerts));
    section.fill("peers", &mut settings.peers, peers::read);
    tell_pools_of_peers(&mut settings);
    section.fill("keepalived", &mut settings.keepalived, |spot| {
        keepalived::read(spot, &Known::of(&settings.pools, whole))
    });
    section.fill("web", &mut settings.web, web::read);
    overlap_readers(&mut settings);
    warn_of_two_hands(&section, &settings);
    if !settings.keepalived.virtual_servers.is_empty() {
        // Its files stand in what keepalived reads.
        section.fill("runtime_dir", &mut (), |spot| {
            spot.literal(&settings.runtime_dir.to_string_lossy()).then_some(())
        });
    }
    Some(settings)
}

/// Every pool hears of all of them.
fn tell_pools_of_peers(settings: &mut Settings) {
    let peer = |peer: &Peer| PeerSettings { name: peer.name.clone(), same_site: peer.same_site };
    let peers: Vec<PeerSettings> = settings.peers.iter().map(peer).collect();
    settings.pools.iter_mut().for_each(|pool| pool.decision.peers.clone_from(&peers));
}

/// Two directors that each open and close the same servers, and do not know of each other.
fn warn_of_two_hands(section: &Section<'_>, settings: &Settings) {
    if settings.peers.iter().any(|peer| peer.same_site) {
        return;
    }
    let managed = settings.pools.iter().find(|pool| pool.decision.writable == Writable::Manage);
    if let (Some(pool), Some(_), Some(spot)) =
        (managed, &settings.keepalived.director, section.get("keepalived"))
    {
        spot.warn(format!(
            "director: this is one of several directors, and pool {} is managed (writable: manage); they do not \
             know of each other: name the others in peers, or let only one of them manage a pool and give it \
             writable: observe on the others",
            pool.decision.name
        ));
    }
}

/// A STANDBY node is in `ro` after two rounds of checks and a bit; until then the ACTIVE node serves.
fn overlap_readers(settings: &mut Settings) {
    let keepalived = &settings.keepalived;
    for vs in keepalived.virtual_servers.iter().filter(|vs| vs.role == Role::Ro) {
        let overlap = &mut settings.pools[vs.pool].decision.ro_overlap;
        *overlap = (*overlap).max(keepalived.delay_loop_of(vs) * 2 + ms(500));
    }
}

/// `runtime_dir` alone.
pub(super) fn runtime_dir(section: &Section<'_>) -> PathBuf {
    let mut folder = PathBuf::from("/run/mpp");
    section.fill("runtime_dir", &mut folder, |spot| spot.folder(LONGEST_RUNTIME_DIR));
    folder
}

/// `runtime_dir` and `web` alone.
pub(super) fn web(section: &Section<'_>) -> (PathBuf, Web) {
    let mut web = Web::default();
    section.fill("web", &mut web, web::read);
    (runtime_dir(section), web)
}

/// `state_dir` alone.
pub(super) fn state_dir(section: &Section<'_>) -> PathBuf {
    let mut folder = PathBuf::from("/var/lib/mpp");
    section.fill("state_dir", &mut folder, |spot| spot.folder(4000));
    folder
}

fn pools(section: &Section<'_>) -> Vec<Pool> {
    let monitor = Written::default().overridden(section);
    let mut unique = Unique::default();
    let Some(list) = section.need("pools", "list at least one pool with its nodes") else {
        return Vec::new();
    };
    let mut pools = Vec::new();
    let mut any = false;
    for spot in list.items().into_iter().flatten() {
        any = true;
        unique.pool(&spot);
        pools.extend(pool::read(&spot, &monitor, &mut unique));
    }
    if !any && matches!(list.tree, Tree::List(_)) {
        list.fault("no pools; list at least one with its nodes");
    }
    pools
}

fn stale(spot: &Spot<'_>, stale: &mut Stale) -> Option<()> {
    let section = spot.section(STALE_KEYS)?;
    section.fill("after", &mut stale.after, |spot| spot.duration(ms(100)..=seconds(3600)));
    let policies = [("hold", StalePolicy::Hold), ("down", StalePolicy::Down)];
    section.fill("policy", &mut stale.policy, |spot| spot.word(&policies));
    Some(())
}
