//! VRRP: which of the directors holds the addresses.

use std::path::Path;

use super::pace::seconds;
use super::page::Page;
use super::real;
use crate::config::{Director, Settings, VirtualAddress, VrrpInstance};

/// Our name for the script that asks whether mppd is alive.
const SCRIPT: &str = "mppd";

const WHY: &str = "\
Which director holds the addresses. While mppd publishes here, an instance has the priority that is configured; after
three failed checks in a row, about 3 s beyond the 3 s that mpp-check waits for a sign of life, it has priority 1, and
the other director takes over within another 4 s.
With mppd dead on both, both have priority 1 and nothing moves: the addresses stay, and so do the last verdicts. A
script without a weight would put both in FAULT then, and nobody would hold the addresses.
There is no nopreempt: with it nobody takes over from a priority that has sunk. With the same priority on both
directors nothing moves back by itself either.";

/// The script, the sync group where there are several instances, and the instances.
pub(super) fn write(page: &mut Page, director: &Director, settings: &Settings) {
    page.gap();
    page.comment(WHY);
    script(page, settings);
    let together = director.vrrp_instances.len() > 1;
    if together {
        page.gap();
        group(page, &director.vrrp_instances);
    }
    for one in &director.vrrp_instances {
        page.gap();
        instance(page, one, !together);
    }
}

fn script(page: &mut Page, settings: &Settings) {
    let check: &Path = &settings.keepalived.check_path;
    page.block(format_args!("vrrp_script {SCRIPT}"), |page| {
        page.line(format_args!("script \"{}{} alive\"", check.display(), real::state(settings)));
        page.line("interval 1");
        page.line("timeout 2");
        page.line("fall 3");
        page.line("rise 2");
        page.line("weight -253");
        page.comment("Until mppd has been seen alive it counts as dead.");
        page.line("init_fail");
    });
}

/// They go over together.
fn group(page: &mut Page, instances: &[VrrpInstance]) {
    page.block("vrrp_sync_group mpp", |page| {
        page.block("group", |page| instances.iter().for_each(|instance| page.line(&instance.name)));
        page.line("sync_group_tracking_weight");
        tracked(page);
    });
}

fn tracked(page: &mut Page) {
    page.block("track_script", |page| page.line(SCRIPT));
}

fn instance(page: &mut Page, instance: &VrrpInstance, alone: bool) {
    page.block(format_args!("vrrp_instance {}", instance.name), |page| {
        page.line("state BACKUP");
        page.line(format_args!("interface {}", instance.interface));
        page.line(format_args!("virtual_router_id {}", instance.virtual_router_id));
        page.line(format_args!("priority {}", instance.priority));
        if instance.advert_int.subsec_millis() > 0 {
            page.comment("Version 2 knows whole seconds only.");
            page.line("version 3");
        }
        page.line(format_args!("advert_int {}", seconds(instance.advert_int)));
        page.line(format_args!("unicast_src_ip {}", instance.unicast_src_ip));
        page.block("unicast_peer", |page| instance.unicast_peer.iter().for_each(|peer| page.line(peer)));
        addresses(page, instance);
        if alone {
            tracked(page);
        }
        page.own(&instance.extra);
    });
}

/// An instance speaks of addresses of one family only; it holds the others all the same.
fn addresses(page: &mut Page, instance: &VrrpInstance) {
    let is_own = |address: &&VirtualAddress| address.ip.is_ipv4() == instance.unicast_src_ip.is_ipv4();
    let (own, others): (Vec<_>, Vec<_>) = instance.virtual_ipaddress.iter().partition(is_own);
    for (block, addresses) in [("virtual_ipaddress", own), ("virtual_ipaddress_excluded", others)] {
        if !addresses.is_empty() {
            page.block(block, |page| addresses.iter().for_each(|address| page.line(&address.words)));
        }
    }
}
