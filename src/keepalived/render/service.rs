//! One virtual server, with the track files of its real servers.

use super::fragment::node_name;
use super::pace::seconds;
use super::page::Page;
use super::real;
use super::target::Target;
use crate::config::{Settings, VirtualServer};

/// The track files, then the virtual server.
pub(super) fn write(page: &mut Page, server: &VirtualServer, settings: &Settings, target: Target) {
    let pool = &settings.pools[server.pool];
    page.comment(&format!("{}: {} of pool {}", server.name, server.role, pool.decision.name));
    if target.has_file_check() {
        for one in &server.real_servers {
            real::track_files(page, &server.name, node_name(pool, one.node), settings);
        }
    }
    let (ip, port) = (server.address.ip(), server.address.port());
    page.block(format_args!("virtual_server {ip} {port}"), |page| {
        basics(page, server, settings);
        page.own(&server.extra);
        for one in &server.real_servers {
            page.gap();
            real::write(page, one, server, settings, target);
        }
    });
}

fn basics(page: &mut Page, server: &VirtualServer, settings: &Settings) {
    page.line(format_args!("delay_loop {}", seconds(settings.keepalived.delay_loop_of(server))));
    page.line(format_args!("lvs_sched {}", server.scheduler));
    page.line(format_args!("lvs_method {}", server.method.word()));
    page.line("protocol TCP");
    page.line("alpha");
    if let Some(time) = server.persistence_timeout {
        page.line(format_args!("persistence_timeout {}", time.as_secs()));
    }
    if let Some(quorum) = server.quorum {
        page.line(format_args!("quorum {quorum}"));
    }
    if let Some(hysteresis) = server.hysteresis {
        page.line(format_args!("hysteresis {hysteresis}"));
    }
    if let Some(sorry) = server.sorry_server {
        page.line(format_args!("sorry_server {} {}", sorry.ip(), sorry.port()));
    }
}
