//! `extra`: lines of the operator's own, passed through to keepalived; only what cannot break what is generated.

use super::section::Spot;

/// How many lines there may be, and how long; keepalived takes 1,024 bytes.
const MOST: usize = 64;
const LONGEST: usize = 500;

/// Where lines are passed through: which of keepalived's words are taken there, and what to do instead.
pub(super) type Taken = &'static [(&'static str, &'static str)];

const GENERATED: &str = "is generated already; remove the line";
const CHECKED: &str = "real servers are checked by mpp-check alone; remove the line";

/// In a virtual server.
pub(super) const VIRTUAL_SERVER: Taken = &[
    ("protocol", GENERATED),
    ("alpha", GENERATED),
    ("real_server", "real servers are the pool's nodes; write nodes beside extra"),
    ("delay_loop", "write delay_loop beside extra"),
    ("lvs_sched", "write lvs_sched beside extra"),
    ("lb_algo", "write lvs_sched beside extra"),
    ("lvs_method", "write lvs_method beside extra"),
    ("lb_kind", "write lvs_method beside extra"),
    ("persistence_timeout", "write persistence_timeout beside extra"),
    ("quorum", "write quorum beside extra"),
    ("hysteresis", "write hysteresis beside extra"),
    ("sorry_server", "write sorry_server beside extra"),
];

/// In a real server.
pub(super) const REAL_SERVER: Taken = &[
    ("weight", "write weight beside extra"),
    ("lvs_method", "write lvs_method beside extra"),
    ("lb_kind", "write lvs_method beside extra"),
    ("alpha", GENERATED),
    ("real_server", "real servers are the pool's nodes; write nodes in the virtual server"),
];

/// In a VRRP instance.
pub(super) const VRRP_INSTANCE: Taken = &[
    ("state", GENERATED),
    ("track_script", GENERATED),
    ("version", GENERATED),
    ("nopreempt", "with it nobody takes over from a director whose mppd is dead; remove the line"),
    ("interface", "write interface beside extra"),
    ("virtual_router_id", "write virtual_router_id beside extra"),
    ("priority", "write priority beside extra"),
    ("advert_int", "write advert_int beside extra"),
    ("unicast_src_ip", "write unicast_src_ip beside extra"),
    ("unicast_peer", "write unicast_peer beside extra"),
    ("virtual_ipaddress", "write virtual_ipaddress beside extra"),
    ("virtual_ipaddress_excluded", "write virtual_ipaddress beside extra"),
];

/// Of a whole file, not of one block.
const ELSEWHERE: [&str; 4] = ["virtual_server", "vrrp_instance", "global_defs", "include"];

/// Where writers go: they would stay on the old node, with weight 0.
const WRITERS: Taken = &[("inhibit_on_failure", "it would leave writers on the old node; remove the line")];

/// Reads the lines; none of them begins with a word that is taken here, or `for_writers`.
pub(super) fn read(spot: &Spot<'_>, taken: Taken, for_writers: bool) -> Option<Vec<String>> {
    let taken = &[taken, if for_writers { WRITERS } else { &[] }].concat();
    let mut lines = Vec::new();
    let mut depth = 0;
    for item in spot.items()? {
        if lines.len() == MOST {
            item.fault(format!("more than {MOST} lines; write what is so long into a file of your own"));
            return None;
        }
        let line = item.text()?;
        if let Some(why) = fault(line, taken, &mut depth) {
            item.fault(format!("{} {why}", item.tree.shown()));
            return None;
        }
        lines.push(line.trim().to_owned());
    }
    if depth > 0 {
        spot.fault(format!("{depth} of the {{ are not closed; write as many lines \"}}\""));
        return None;
    }
    Some(lines)
}

/// What is wrong with a line; `depth` is how many blocks are open.
fn fault(line: &str, taken: &[(&str, &str)], depth: &mut usize) -> Option<String> {
    let line = line.trim();
    let word = first_word(line);
    if let Some((_, why)) = taken.iter().find(|(taken, _)| *taken == word) {
        return Some(format!("begins with {word}: {why}"));
    }
    if word.ends_with("_CHECK") || ["HTTP_GET", "SSL_GET"].contains(&word) {
        return Some(format!("begins with {word}: {CHECKED}"));
    }
    if ELSEWHERE.contains(&word) || line.starts_with(['@', '$', '~']) {
        return Some("does not belong into a block; write it into keepalived.conf".to_owned());
    }
    if line.is_empty() || line.len() > LONGEST {
        return Some(format!("has {} bytes; write 1 to {LONGEST}", line.len()));
    }
    spelling(line).or_else(|| braces(line, depth)).map(str::to_owned)
}

fn first_word(line: &str) -> &str {
    line.trim_start_matches('"')
        .split(|c: char| c.is_whitespace() || matches!(c, '{' | '"'))
        .next()
        .unwrap_or_default()
}

fn spelling(line: &str) -> Option<&'static str> {
    let outside = line.split('"').step_by(2);
    if !line.matches('"').count().is_multiple_of(2) {
        return Some("has a quote that is not closed; close it");
    }
    if outside.clone().any(|part| part.contains(['#', '!'])) {
        return Some("has a comment; write comments in this file instead");
    }
    line.contains('\\')
        .then_some("has a backslash, which keepalived takes for more than it is; write it without")
}

/// keepalived wants `{` at the end of a line and `}` on a line of its own.
fn braces(line: &str, depth: &mut usize) -> Option<&'static str> {
    match line {
        "}" if *depth == 0 => return Some("closes a block that none of these lines opened; remove it"),
        "}" => *depth -= 1,
        _ => {
            let body = line.strip_suffix('{');
            *depth += usize::from(body.is_some());
            if body.unwrap_or(line).contains(['{', '}']) || body.is_some_and(|body| body.trim().is_empty()) {
                return Some(
                    "has braces in the middle; end a line with \"NAME {\", and close it with a line \"}\"",
                );
            }
        }
    }
    None
}
