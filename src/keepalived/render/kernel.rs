//! What the kernel needs: parameters for /etc/sysctl.d, modules for /etc/modules-load.d.

use std::collections::BTreeSet;
use std::path::Path;

use super::fault::RenderFault;
use super::fragment::wanted;
use super::head;
use super::page::Page;
use crate::config::{Method, Settings, VirtualServer};

/// `mpp-sysctl.conf`, of settings that came from `file`.
///
/// # Errors
/// If there are no virtual servers.
pub fn sysctl(settings: &Settings, file: &Path) -> Result<String, RenderFault> {
    wanted(settings)?;
    let mut page = Page::default();
    head::kernel(&mut page, file, "/etc/sysctl.d", "sysctl --system");
    page.comment(
        "The keys under net.ipv4.vs exist once ip_vs is loaded: mpp-modules.conf has it loaded before them.",
    );
    page.gap();
    page.comment("A client of a server that was taken out is told so at once, instead of hanging.");
    page.line("net.ipv4.vs.expire_nodest_conn = 1");
    page.comment(
        "A persistent client leaves a server of weight 0, such as a drained one, with its next connection.",
    );
    page.line("net.ipv4.vs.expire_quiescent_template = 1");
    let servers = &settings.keepalived.virtual_servers;
    for (ipv4, key) in [(true, "net.ipv4.ip_forward"), (false, "net.ipv6.conf.all.forwarding")] {
        if servers.iter().any(|server| server.address.is_ipv4() == ipv4 && translates(server)) {
            page.comment("NAT: packets are forwarded.");
            page.line(format_args!("{key} = 1"));
        }
    }
    Ok(page.finish())
}

fn translates(server: &VirtualServer) -> bool {
    server.real_servers.iter().any(|real| real.method.unwrap_or(server.method) == Method::Nat)
}

/// `mpp-modules.conf`, of settings that came from `file`.
///
/// # Errors
/// If there are no virtual servers.
pub fn modules(settings: &Settings, file: &Path) -> Result<String, RenderFault> {
    wanted(settings)?;
    let mut page = Page::default();
    head::kernel(&mut page, file, "/etc/modules-load.d", "systemctl restart systemd-modules-load");
    page.gap();
    page.line("ip_vs");
    let schedulers: BTreeSet<_> =
        settings.keepalived.virtual_servers.iter().map(|server| &server.scheduler).collect();
    for scheduler in schedulers {
        page.line(format_args!("ip_vs_{scheduler}"));
    }
    Ok(page.finish())
}
