//! Rules about the kernel's settings on this machine.

use super::finding::Findings;
use super::seen::Seen;
use super::view::{address, name};

/// Whether a setting is 0. What can't be read is not known.
fn is_off(seen: &Seen<'_>, name: &str) -> bool {
    seen.machine.sysctls.get(name) == Some(&0)
}

fn write(setting: &str) -> String {
    format!("{setting} = 1 in /etc/sysctl.d; mpp keepalived render --sysctl writes it")
}

pub(super) fn nodest(seen: &Seen<'_>, findings: &mut Findings) {
    let setting = "net.ipv4.vs.expire_nodest_conn";
    if let Some(service) = seen.view.services.first().filter(|_| is_off(seen, setting)) {
        let would =
            "clients of a server that was taken out hang until they give up, instead of being told at once";
        findings.tell(&service.at.place, format!("{setting} is 0 here"), would, write(setting));
    }
}

pub(super) fn quiescent(seen: &Seen<'_>, findings: &mut Findings) {
    let setting = "net.ipv4.vs.expire_quiescent_template";
    let persistent = |s: &&super::view::Service<'_>| s.at.get("persistence_timeout").is_some();
    if let Some(service) = seen.view.services.iter().find(persistent).filter(|_| is_off(seen, setting)) {
        let found = format!("{} is persistent, and {setting} is 0 here", name(service.at));
        let would = "its clients come back to the server they had, also when that one was taken out";
        findings.tell(&service.at.place, found, would, write(setting));
    }
}

pub(super) fn forward(seen: &Seen<'_>, findings: &mut Findings) {
    for (setting, v6) in [("net.ipv4.ip_forward", false), ("net.ipv6.conf.all.forwarding", true)] {
        let behind_nat = seen.view.servers().find(|(service, server)| {
            service.method(server) == "NAT" && address(server.at).is_some_and(|a| a.is_ipv6() == v6)
        });
        if let Some((service, _)) = behind_nat.filter(|_| is_off(seen, setting)) {
            let found = format!("{} uses NAT, and {setting} is 0 here", name(service.at));
            findings.tell(&service.at.place, found, "no answer gets back to a client", write(setting));
        }
    }
}
