//! `alerts`: who is told, by which programs too, and how often of what lasts.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::section::Spot;
use super::settings::Alerts;
use super::suggest::nearest;
use super::syslog;
use super::values::{ms, seconds};
use crate::alert::{Hook, Pick, words};

/// Keys of `alerts`.
pub(super) const KEYS: &[&str] = &["syslog", "hooks", "remind_every"];
/// Keys of `alerts.hooks[]`.
pub(super) const HOOK_KEYS: &[&str] = &["run", "events", "severity", "timeout"];
/// Severities, the most severe first.
const SEVERITIES: [&str; 6] = ["alert", "critical", "error", "warning", "notice", "info"];
/// A thread each.
const MOST_HOOKS: usize = 16;
const MOST_ARGUMENTS: usize = 64;
const LONGEST_ARGUMENT: usize = 4096;

/// Reads `alerts`.
pub(super) fn read(spot: &Spot<'_>, alerts: &mut Alerts) -> Option<()> {
    let section = spot.section(KEYS)?;
    section.fill("syslog", &mut alerts.syslog, syslog::read);
    section.fill("hooks", &mut alerts.hooks, hooks);
    section.fill("remind_every", &mut alerts.remind_every, |spot| {
        spot.duration_or("never", seconds(1)..=seconds(7 * 24 * 3600))
    });
    Some(())
}

fn hooks(list: &Spot<'_>) -> Option<Vec<Hook>> {
    let mut known = HashMap::new();
    let mut hooks = Vec::new();
    for spot in list.items()? {
        let Some(hook) = hook(&spot) else { continue };
        spot.once(&mut known, format!("{hook:?}"), "the same hook stands here already; keep one");
        hooks.push(hook);
    }
    if hooks.len() > MOST_HOOKS {
        list.fault(format!("{} hooks; at most {MOST_HOOKS} are possible", hooks.len()));
    }
    Some(hooks)
}

fn hook(spot: &Spot<'_>) -> Option<Hook> {
    let section = spot.section(HOOK_KEYS)?;
    let run =
        section.need("run", "list the program's full path and its arguments").and_then(|spot| run(&spot));
    let (mut events, mut severity, mut timeout) = (None, None, seconds(10));
    section.fill("events", &mut events, |spot| self::events(spot).map(Some));
    section.fill("severity", &mut severity, |spot| spot.word(&SEVERITIES.map(|word| (word, Some(word)))));
    section.fill("timeout", &mut timeout, |spot| spot.duration(ms(100)..=seconds(600)));
    let pick = match (events, severity) {
        (None, None) => Pick::default(),
        (events, severity) => Pick { events, severity: severity.unwrap_or("info") },
    };
    Some(Hook { run: run?, pick, timeout })
}

fn run(list: &Spot<'_>) -> Option<Vec<String>> {
    let before = list.reading.faults();
    let run: Vec<String> = list.items()?.filter_map(|spot| argument(&spot)).collect();
    if run.is_empty() && list.reading.faults() == before {
        list.fault("no program; list its full path and its arguments");
    }
    if run.len() > MOST_ARGUMENTS {
        list.fault(format!("{} words; at most {MOST_ARGUMENTS} are possible", run.len()));
    }
    if list.reading.faults() > before {
        return None;
    }
    program(&list.items()?.next()?, Path::new(run.first()?));
    Some(run)
}

fn argument(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text()?;
    if text.len() > LONGEST_ARGUMENT {
        spot.fault(format!("{} bytes; at most {LONGEST_ARGUMENT} are possible", text.len()));
        return None;
    }
    Some(text.to_owned())
}

/// A program that is not there now may be there when it is needed: a warning.
fn program(spot: &Spot<'_>, path: &Path) {
    if !path.is_absolute() {
        return spot.fault(format!("{} is not a program's full path; begin it with /", spot.tree.shown()));
    }
    match fs::metadata(path) {
        Err(e) => spot.warn(format!("{}: {e}; until it is there the hook fails", path.display())),
        Ok(meta) if !meta.is_file() || meta.permissions().mode() & 0o111 == 0 => {
            spot.warn(format!("{} can't be executed; run chmod +x on it", path.display()));
        }
        Ok(_) => {}
    }
}

fn events(list: &Spot<'_>) -> Option<Vec<&'static str>> {
    let known = words::all();
    let word = |spot: Spot<'_>| {
        let text = spot.text()?;
        let found = known.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let meant = nearest(text, &known).map_or_else(
                || "docs/alerts.md has them all".to_owned(),
                |meant| format!("did you mean {meant}?"),
            );
            spot.fault(format!("{} is no event's word; {meant}", spot.tree.shown()));
        }
        found
    };
    let found: Vec<&str> = list.items()?.filter_map(word).collect();
    if found.is_empty() {
        list.fault("no events; list some, or remove the key");
    }
    Some(found)
}
