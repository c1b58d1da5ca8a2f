//! `levels`, `failover_at` and `serve_until` of a pool: everything that is said in STATUS words.

use super::section::{Section, Spot};
use crate::core::settings::{Levels, PoolSettings, ServeUntil};
use crate::core::words::Status;

/// Keys of `levels`.
pub(super) const LEVEL_KEYS: &[&str] = &["info", "warn", "critical", "fail"];
/// Keys of `serve_until`.
pub(super) const SERVE_KEYS: &[&str] = &["rw", "ro", "geo"];

/// Reads the three.
pub(super) fn read(section: &Section<'_>, pool: &mut PoolSettings) {
    let (levels, serve) = (pool.levels, pool.serve_until);
    section.fill("levels", &mut pool.levels, |spot| read_levels(spot, levels));
    section.fill("failover_at", &mut pool.failover_at, |spot| status(spot, Status::Info));
    section.fill("serve_until", &mut pool.serve_until, |spot| read_serve_until(spot, serve));
}

fn read_levels(spot: &Spot<'_>, mut levels: Levels) -> Option<Levels> {
    let section = spot.section(LEVEL_KEYS)?;
    let before = spot.reading.faults();
    section.fill("info", &mut levels.info, |spot| spot.count(1..=1000));
    section.fill("warn", &mut levels.warn, |spot| spot.count(1..=1000));
    section.fill("critical", &mut levels.critical, |spot| spot.count(1..=1000));
    section.fill("fail", &mut levels.fail, |spot| spot.count(1..=1000));
    let Levels { info, warn, critical, fail } = levels;
    if info < warn && warn < critical && critical < fail {
        return Some(levels);
    }
    if spot.reading.faults() == before {
        spot.fault(format!(
            "info {info}, warn {warn}, critical {critical}, fail {fail} do not ascend; write each above the one before"
        ));
    }
    None
}

fn read_serve_until(spot: &Spot<'_>, mut serve: ServeUntil) -> Option<ServeUntil> {
    let section = spot.section(SERVE_KEYS)?;
    section.fill("rw", &mut serve.rw, |spot| status(spot, Status::Ok));
    section.fill("ro", &mut serve.ro, |spot| status(spot, Status::Ok));
    section.fill("geo", &mut serve.geo, |spot| status(spot, Status::Ok));
    Some(serve)
}

/// A STATUS word, at least `least`.
fn status(spot: &Spot<'_>, least: Status) -> Option<Status> {
    let words: Vec<(&str, Status)> = Status::ALL
        .into_iter()
        .filter(|status| *status >= least)
        .map(|status| (status.word(), status))
        .collect();
    spot.word(&words)
}
