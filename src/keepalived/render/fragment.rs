//! The fragment, from top to bottom.

use std::path::Path;

use super::fault::RenderFault;
use super::page::Page;
use super::target::Target;
use super::{director, globals, head, real, service};
use crate::config::{Pool, Settings, VirtualServer};

/// `mpp.conf`: keepalived's configuration for all virtual servers of the settings, which came from `file`. One file,
/// because one rename is atomic and several are not.
///
/// # Errors
/// If there are no virtual servers, or the target cannot do what is configured.
pub fn fragment(settings: &Settings, file: &Path, target: Target) -> Result<String, RenderFault> {
    wanted(settings)?;
    possible(settings, target)?;
    let mut page = Page::default();
    head::fragment(&mut page, file, target);
    page.gap();
    globals::write(&mut page, &settings.keepalived);
    if let Some(director) = &settings.keepalived.director {
        director::write(&mut page, director, settings);
    }
    page.gap();
    page.comment(real::how(target));
    for server in &settings.keepalived.virtual_servers {
        page.gap();
        service::write(&mut page, server, settings, target);
    }
    Ok(page.finish())
}

/// Refuses settings without virtual servers.
pub(super) fn wanted(settings: &Settings) -> Result<(), RenderFault> {
    if settings.keepalived.virtual_servers.is_empty() {
        let pool = settings.pools.first().map_or("db", |pool| &pool.decision.name).to_owned();
        return Err(RenderFault::NoVirtualServers { pool });
    }
    Ok(())
}

/// Without files there is one weight for a node: what mpp-check says.
fn possible(settings: &Settings, target: Target) -> Result<(), RenderFault> {
    if target.has_file_check() {
        return Ok(());
    }
    let own = |server: &VirtualServer| {
        let real = server.real_servers.iter().find(|real| real.weight.is_some())?;
        Some((server.name.clone(), node_name(&settings.pools[server.pool], real.node).to_owned()))
    };
    match settings.keepalived.virtual_servers.iter().find_map(own) {
        Some((server, node)) => Err(RenderFault::OwnWeight { server, node, version: target.version }),
        None => Ok(()),
    }
}

/// The name of a node.
pub(super) fn node_name(pool: &Pool, node: usize) -> &str {
    &pool.decision.nodes[node].name
}
