//! The vocabulary of events: every word that may stand behind `event=`. `docs/alerts.md` has a section for each.

use crate::core::event::What;
use crate::core::trouble::Kind;

/// Events of the daemon itself, and of telling.
pub const OWN: [&str; 21] = [
    "config",
    "driver",
    "dropped",
    "flood",
    "hook",
    "journal",
    "kernel",
    "late",
    "ousted",
    "password",
    "peer",
    "persist",
    "probe",
    "publish",
    "recovered",
    "reload",
    "reminder",
    "restart",
    "started",
    "stopped",
    "track",
];

/// What wakes an operator: each cause once. `state` and `status` tell of the same causes, more often.
pub const WAKING: [&str; 29] = [
    "denied",
    "disagreement",
    "driver",
    "dropped",
    "errant",
    "failed",
    "failover",
    "flapping",
    "handover_given_up",
    "held",
    "hook",
    "isolated",
    "journal",
    "kernel",
    "late",
    "no_active",
    "no_redundancy",
    "ousted",
    "password",
    "peer",
    "persist",
    "probe",
    "publish",
    "read_only",
    "restart",
    "stopped",
    "track",
    "two_writable",
    "withdrawn",
];

/// Every word, in alphabetical order.
pub fn all() -> Vec<&'static str> {
    let mut words: Vec<&str> = What::ALL.map(What::word).into();
    words.extend(Kind::ALL.map(Kind::word));
    words.extend(OWN);
    words.sort_unstable();
    words.dedup();
    words
}
