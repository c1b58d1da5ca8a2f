//! Rules about VRRP: which of the directors holds the addresses.

use super::check::{Asked, asked, program};
use super::finding::Findings;
use super::numbers::number;
use super::seen::Seen;
use super::view::name;
use crate::keepalived::conf::Statement;
use std::collections::{HashMap, HashSet};

/// The words of a block such as `track_script { a b }`.
fn listed<'c>(block: &'c Statement, keyword: &str) -> Vec<&'c str> {
    block
        .get(keyword)
        .map_or(Vec::new(), |list| list.inside().iter().flat_map(|s| &s.words).map(String::as_str).collect())
}

/// The groups that an instance is in.
fn groups<'s>(seen: &'s Seen<'_>, instance: &Statement) -> impl Iterator<Item = &'s Statement> {
    let name = instance.value(0).unwrap_or_default().to_owned();
    seen.view.groups.iter().copied().filter(move |group| listed(group, "group").contains(&name.as_str()))
}

pub(super) fn no_track_script(seen: &Seen<'_>, findings: &mut Findings) {
    if !seen.view.services.iter().any(|service| service.is_ours()) {
        return;
    }
    let alive = |script: &&&Statement| {
        program(script, "script").as_ref().and_then(asked).is_some_and(|a| matches!(a, Asked::Alive { .. }))
    };
    let alive: HashSet<&str> = seen.view.scripts.iter().filter(alive).filter_map(|s| s.value(0)).collect();
    for instance in &seen.view.instances {
        let tracks =
            |block: &Statement| listed(block, "track_script").iter().any(|name| alive.contains(name));
        if !tracks(instance) && !groups(seen, instance).any(tracks) {
            findings.tell(
                &instance.place,
                format!("vrrp_instance {} tracks no script that runs mpp-check alive", name(instance)),
                "a director whose mppd is dead keeps the addresses, and its verdicts stay as they were",
                "a vrrp_script with \"mpp-check alive\", and its name in track_script",
            );
        }
    }
}

/// Whether an instance or its group tracks a script that does no more than move its priority.
fn tracks_a_weight(seen: &Seen<'_>, instance: &Statement) -> bool {
    let heavy = |at: Option<&Statement>| at.and_then(number::<i64>).is_some_and(|weight| weight != 0);
    let moves = |script: &&&Statement| heavy(script.get("weight"));
    let scripts: HashSet<&str> = seen.view.scripts.iter().filter(moves).filter_map(|s| s.value(0)).collect();
    let tracks = |block: &Statement| {
        let lines = block.get("track_script").map_or(&[][..], Statement::inside);
        // `NAME weight -20`, in place of the script's own.
        let said = |line: &Statement| line.value(0) == Some("weight") && line.value(1) != Some("0");
        lines.iter().any(|line| said(line) || line.words.iter().any(|name| scripts.contains(&name.as_str())))
    };
    tracks(instance) || groups(seen, instance).any(tracks)
}

pub(super) fn preempts(seen: &Seen<'_>, findings: &mut Findings) {
    for instance in &seen.view.instances {
        let backup = instance.get("state").and_then(|s| s.value(0)) != Some("MASTER");
        if backup && instance.get("nopreempt").is_none() && !tracks_a_weight(seen, instance) {
            findings.tell(
                &instance.place,
                format!("vrrp_instance {} starts as BACKUP and has no nopreempt", name(instance)),
                "the director with the higher priority takes the addresses back as soon as it is there again: a second cut",
                "nopreempt on both directors",
            );
        }
    }
}

pub(super) fn nopreempt_weight(seen: &Seen<'_>, findings: &mut Findings) {
    for instance in &seen.view.instances {
        if let Some(at) = instance.get("nopreempt").filter(|_| tracks_a_weight(seen, instance)) {
            findings.tell(
                &at.place,
                format!("vrrp_instance {} has nopreempt, and a script that moves its priority", name(instance)),
                "nobody takes over from a priority that has sunk: the director with the fault keeps the addresses",
                "weight 0 for the script; or no nopreempt, and the same priority on both directors",
            );
        }
    }
}

pub(super) fn nopreempt_master(seen: &Seen<'_>, findings: &mut Findings) {
    for instance in &seen.view.instances {
        let master = instance.get("state").and_then(|s| s.value(0)) == Some("MASTER");
        if let Some(at) = instance.get("nopreempt").filter(|_| master) {
            let would = "keepalived takes no notice of nopreempt for one that starts as MASTER";
            let found = format!("vrrp_instance {} is MASTER, with nopreempt", name(instance));
            findings.tell(&at.place, found, would, "state BACKUP on both directors");
        }
    }
}

pub(super) fn no_peer(seen: &Seen<'_>, findings: &mut Findings) {
    for instance in &seen.view.instances {
        if let Some(at) =
            instance.get("unicast_src_ip").filter(|_| listed(instance, "unicast_peer").is_empty())
        {
            findings.tell(
                &at.place,
                format!("vrrp_instance {} has unicast_src_ip and no unicast_peer", name(instance)),
                "it speaks multicast after all; where that is dropped, both directors hold the addresses",
                "unicast_peer, with the other director's address on a line of its own",
            );
        }
    }
}

pub(super) fn no_group(seen: &Seen<'_>, findings: &mut Findings) {
    let together = |group: &&Statement| {
        let members = listed(group, "group");
        seen.view.instances.iter().all(|i| i.value(0).is_some_and(|name| members.contains(&name)))
    };
    if let [_, second, ..] = &seen.view.instances[..]
        && !seen.view.groups.iter().copied().any(|group| together(&group))
    {
        findings.tell(
            &second.place,
            format!("{} instances, and no vrrp_sync_group with all of them", seen.view.instances.len()),
            "one may go over without the other: a client's way in and the servers' way out end on different directors",
            "a vrrp_sync_group with all of them, or none if they have nothing to do with each other",
        );
    }
}

pub(super) fn router_id_twice(seen: &Seen<'_>, findings: &mut Findings) {
    let mut first: HashMap<_, &Statement> = HashMap::new();
    for instance in &seen.view.instances {
        let word = |keyword: &str| instance.get(keyword).and_then(|s| s.value(0));
        let v6 = listed(instance, "virtual_ipaddress").first().is_some_and(|address| address.contains(':'));
        let Some(id) = word("virtual_router_id") else { continue };
        let earlier = *first.entry((id, word("interface"), v6)).or_insert(instance);
        if !std::ptr::eq(earlier, *instance) {
            findings.tell(
                &instance.place,
                format!(
                    "virtual_router_id {id} is vrrp_instance {}'s already, on the same interface",
                    name(earlier)
                ),
                "keepalived does not start",
                "another virtual_router_id, the same on all directors",
            );
        }
    }
}
