//! Metrics of the programs: whether mppd lives, and which versions these are.

use super::sheet::{NO_LABELS, Sheet, truth, unix_seconds};
use crate::control::status::Daemon;
use crate::core::time::Duration;
use std::fmt;

/// `daemon`: as it says, or, marked stale, as it published; `None`: neither.
pub(super) fn write(sheet: &mut Sheet<'_>, daemon: Option<&Daemon>, age: Option<Duration>) -> fmt::Result {
    let answers = daemon.is_some_and(|daemon| !daemon.stale);
    sheet.gauge(
        "mpp_up",
        "1 if mppd answers; 0: what it published last is shown.",
        [(NO_LABELS, truth(answers))],
    )?;
    sheet.gauge(
        "mpp_state_age_seconds",
        "Since the last sign of life of mppd in the published state.",
        age.map(|age| (NO_LABELS, age.as_secs_f64())),
    )?;
    let mppd = daemon.map(|daemon| ("mppd", daemon.version.as_str()));
    let versions = mppd.into_iter().chain([("mpp-web", env!("CARGO_PKG_VERSION"))]);
    sheet.gauge(
        "mpp_build_info",
        "The programs' versions, in the labels; always 1.",
        versions.map(|(program, version)| ([("program", program), ("version", version)], 1_u32)),
    )?;
    let since = daemon.and_then(|daemon| unix_seconds(&daemon.since));
    sheet.gauge(
        "mpp_daemon_start_time_seconds",
        "When mppd started, seconds since 1970.",
        since.map(|since| (NO_LABELS, since)),
    )
}
