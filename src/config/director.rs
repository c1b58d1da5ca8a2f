//! `keepalived.director`: the VRRP part of a pair of directors.

use super::held;
use super::lvs::{Director, VirtualServer, VrrpInstance};
use super::section::{Section, Spot};
use super::vrrp_instance::{self, Unique};

/// Keys of `director`.
pub(super) const KEYS: &[&str] = &["vrrp_instances", "lvs_sync_daemon"];
/// Keys of `lvs_sync_daemon`.
pub(super) const SYNC_KEYS: &[&str] = &["interface", "id"];

/// Reads it. Without addresses of its own an instance holds those of the virtual servers.
pub(super) fn read(spot: &Spot<'_>, servers: &[VirtualServer]) -> Option<Director> {
    let section = spot.section(KEYS)?;
    let list = section.need("vrrp_instances", "list at least one")?;
    let mut unique = Unique::default();
    let mut vrrp_instances: Vec<VrrpInstance> = Vec::new();
    let mut any = false;
    for spot in list.items()? {
        any = true;
        vrrp_instances.extend(vrrp_instance::read(&spot, &mut unique));
    }
    if !any {
        list.fault("no instances; list at least one, or remove director");
    }
    held::fill(&list, &mut vrrp_instances, servers);
    let lvs_sync_daemon = sync_daemon(&section, &vrrp_instances);
    Some(Director { vrrp_instances, lvs_sync_daemon })
}

fn sync_daemon(section: &Section<'_>, instances: &[VrrpInstance]) -> Option<(String, u8)> {
    let section = section.get("lvs_sync_daemon")?.section(SYNC_KEYS)?;
    let interface = section.need("interface", "name the one between the directors");
    let mut id = instances.first().map_or(1, |first| first.virtual_router_id);
    section.fill("id", &mut id, |spot| vrrp_instance::byte(spot, 0, 255));
    Some((vrrp_instance::interface(&interface?)?, id))
}
