//! Rules about the language: what is not understood, and what keepalived swallows without a word.

use super::finding::Findings;
use super::seen::Seen;
use crate::keepalived::conf::{Statement, words};

/// Blocks, with the keywords that are lost when they stand behind another one on its line.
const KEYWORDS: [(&str, &[&str]); 9] = [
    (
        "global_defs",
        &["enable_script_security", "script_user", "router_id", "lvs_sync_daemon", "vrrp_strict"],
    ),
    (
        "virtual_server",
        &[
            "alpha",
            "delay_loop",
            "hysteresis",
            "inhibit_on_failure",
            "lb_algo",
            "lb_kind",
            "lvs_method",
            "lvs_sched",
            "omega",
            "persistence_timeout",
            "protocol",
            "quorum",
            "real_server",
            "sorry_server",
        ],
    ),
    (
        "real_server",
        &[
            "FILE_CHECK",
            "MISC_CHECK",
            "TCP_CHECK",
            "inhibit_on_failure",
            "lb_algo",
            "lb_kind",
            "lvs_method",
            "notify_down",
            "notify_up",
            "weight",
        ],
    ),
    ("MISC_CHECK", &["misc_dynamic", "misc_path", "misc_timeout", "retry", "user", "warmup"]),
    ("FILE_CHECK", &["track_file", "weight"]),
    ("TCP_CHECK", &["connect_port", "connect_timeout", "delay_before_retry", "retry", "warmup"]),
    ("track_file", &["file", "init_file", "weight"]),
    ("vrrp_script", &["fall", "interval", "rise", "script", "timeout", "user", "weight"]),
    (
        "vrrp_instance",
        &[
            "advert_int",
            "interface",
            "nopreempt",
            "priority",
            "state",
            "track_script",
            "unicast_peer",
            "unicast_src_ip",
            "virtual_ipaddress",
            "virtual_router_id",
        ],
    ),
];

pub(super) fn swallowed(seen: &Seen<'_>, findings: &mut Findings) {
    inside(&seen.conf.statements, findings);
}

/// The keywords of a block.
pub(super) fn keywords(block: &str) -> &'static [&'static str] {
    KEYWORDS.iter().find(|(name, _)| *name == block).map_or(&[], |(_, known)| known)
}

fn inside(statements: &[Statement], findings: &mut Findings) {
    for block in statements {
        let known = keywords(block.keyword());
        for statement in block.inside().iter().filter(|s| known.contains(&s.keyword())) {
            tell(statement, known, findings);
        }
        inside(block.inside(), findings);
    }
}

fn tell(statement: &Statement, known: &[&str], findings: &mut Findings) {
    let unquoted = words(&statement.text.split('"').step_by(2).collect::<Vec<_>>().join(" "));
    let second = unquoted.iter().skip(1).position(|word| known.contains(&word.as_str()));
    if let Some(at) = second {
        let lost = unquoted[at + 1..].join(" ");
        findings.tell(
            &statement.place,
            format!("`{lost}` stands behind {} on its line", statement.keyword()),
            "keepalived reads one keyword a line and skips the rest without a word",
            format!("{lost} on a line of its own"),
        );
    }
}

pub(super) fn not_understood(seen: &Seen<'_>, findings: &mut Findings) {
    let would = "what is meant by it, or stands behind it, was not looked at";
    trouble(seen, findings, false, would, "a plainer way to say it, or a look of your own");
}

pub(super) fn lost(seen: &Seen<'_>, findings: &mut Findings) {
    let would = "keepalived goes on without what was meant, or puts it elsewhere";
    trouble(seen, findings, true, would, "the file, the brace or the shorter line that is missing");
}

fn trouble(seen: &Seen<'_>, findings: &mut Findings, loses: bool, would: &str, write: &str) {
    for trouble in seen.conf.trouble.iter().filter(|trouble| trouble.why.loses() == loses) {
        findings.tell(&trouble.place, trouble.why.to_string(), would, write);
    }
}
