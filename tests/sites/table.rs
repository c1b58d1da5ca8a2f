//! Outcomes as a table of docs/two-sites.md.

use super::network::SITES;
use super::outcome::Outcome;
use super::site::Peers;
use super::world::{Picture, index};
use std::time::Duration;

/// Prints it.
pub fn print(peers: Peers, outcomes: &[Outcome]) {
    println!("\npeers: {peers:?}\n{HEAD}");
    outcomes.iter().for_each(|outcome| println!("{}", row(outcome)));
}

const HEAD: &str = "\
| cut | site 1 says | site 2 says | the DNS leads to | clients wrote again | both claimed to be active | rows missing then | mended: site 1, site 2, DNS | both then | orders to have it as before | lost |
|---|---|---|---|---|---|---|---|---|---|---|";

/// A case as a line of it.
pub fn row(o: &Outcome) -> String {
    let cells = [
        o.name.clone(),
        says(&o.during, 1),
        says(&o.during, 2),
        resolved(&o.during),
        o.silence.map_or("not before it was mended".into(), seconds),
        seconds(o.both),
        o.missing.map_or("-".into(), |n| n.to_string()),
        format!("{}; {}; {}", says(&o.after, 1), says(&o.after, 2), resolved(&o.after)),
        seconds(o.both_after),
        if o.orders.is_empty() { "none".into() } else { o.orders.join("; ") },
        o.lost.to_string(),
    ];
    format!("| {} |", cells.join(" | "))
}

fn seconds(time: Duration) -> String {
    if time < Duration::from_millis(50) { "0".into() } else { format!("{:.1} s", time.as_secs_f64()) }
}

fn resolved(picture: &Picture) -> String {
    picture.resolved.map_or("nobody".into(), |site| format!("site {site}"))
}

/// What a site says of itself, and who is ACTIVE for it.
fn says(picture: &Picture, site: u8) -> String {
    let Some(view) = &picture.views[index(site)] else { return "(dead)".into() };
    let claim = if picture.claims[index(site)] { "UP" } else { "DOWN" };
    let active = view.active.as_deref().unwrap_or("nobody");
    let states = SITES.map(|s| view.states.get(index(s)).map_or("", String::as_str)).join("/");
    let flags = if view.flags.is_empty() { String::new() } else { format!(", {}", view.flags.join(", ")) };
    format!("{claim} ({active} ACTIVE; {states}{flags})")
}
