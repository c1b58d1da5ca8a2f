//! `mpp why`: the explanation, for people; with the daemon dead, what the last published state has of it.

use super::connect::{Daemon, Trouble, report};
use super::options::Target;
use super::{print, status};
use crate::control::life::Life;
use crate::control::protocol::{Code, Failure, Request};
use crate::control::published;
use crate::control::status as on_the_wire;
use crate::control::why::{Condition, Why, WhyNode};
use crate::core::event::Severity;
use crate::exit::Exit;

pub(super) fn run(daemon: &Daemon, target: &Target, json: bool) -> Exit {
    let request = Request::Why { pool: target.pool.clone(), node: target.node.clone() };
    match daemon.ask::<Why>(&request) {
        Ok(why) => {
            show(&why, json);
            Exit::Done
        }
        Err(trouble) => {
            let exit = report(&trouble);
            if trouble.is_silence() {
                match last_published(daemon, target) {
                    Ok(why) => show(&why, json),
                    Err(trouble) => _ = report(&trouble),
                }
            }
            exit
        }
    }
}

fn show(why: &Why, json: bool) {
    print::out(&if json { serde_json::to_string(why).unwrap_or_default() } else { text(why) });
}

/// What is known without a daemon: who was ACTIVE, and what the last verdicts are worth.
fn last_published(daemon: &Daemon, target: &Target) -> Result<Why, Trouble> {
    let request = Request::Status { pool: Some(target.pool.clone()), follow: false };
    let (status, life) = status::last_published(daemon, &request).map_err(Trouble::Failure)?;
    let pool = status.pools.first();
    let node = target.node.as_deref();
    let known = pool.filter(|pool| node.is_none_or(|node| pool.node(node).is_some()));
    let unknown = || {
        let text = format!("and no node {} was published in pool {}", node.unwrap_or_default(), target.pool);
        Trouble::Failure(Failure::new(Code::NoSuchNode, text))
    };
    let mut why = published::why(known.ok_or_else(unknown)?, node);
    why.about.splice(0..0, silence(&status.daemon, &life));
    Ok(why)
}

fn silence(daemon: &on_the_wire::Daemon, life: &Life) -> Vec<String> {
    let first = format!("STALE: mppd (pid {}) does not answer; {life}", daemon.pid);
    match life.is_fresh() {
        true => vec![first, "until that is older it is taken for alive; systemctl status mppd".into()],
        false => vec![
            first,
            life.consequence().into(),
            "systemctl restart mppd takes it up as it is; what follows was published last".into(),
        ],
    }
}

fn text(why: &Why) -> String {
    let mut lines = vec![format!("pool {}", why.pool)];
    let told = |line: &&String| why.troubles.iter().all(|trouble| trouble.words != **line);
    let about = why.about.iter().filter(told).map(|line| format!("  {line}"));
    // That there is no daemon matters more than anything.
    match why.stale {
        true => lines.extend(about.chain(troubles(why))),
        false => lines.extend(troubles(why).into_iter().chain(about)),
    }
    lines.extend(conditions(&why.conditions));
    lines.extend(why.nodes.iter().flat_map(node));
    lines.iter().map(|line| print::harmless(line)).collect::<Vec<_>>().join("\n")
}

/// The worst first, each with what helps.
fn troubles(why: &Why) -> Vec<String> {
    let rank = |severity: &str| Severity::ALL.iter().position(|s| s.word() == severity);
    let mut troubles: Vec<&on_the_wire::Trouble> = why.troubles.iter().collect();
    troubles.sort_by_key(|trouble| rank(&trouble.severity));
    let own = format!("mpp why {}", why.pool);
    let told = |trouble: &on_the_wire::Trouble| {
        let line = format!("  {:8}  {}", trouble.severity.to_uppercase(), trouble.words);
        // What would help is in what follows.
        let help = trouble.help.as_ref().filter(|help| **help != own);
        [line].into_iter().chain(help.map(|help| format!("            -> {help}")))
    };
    troubles.into_iter().flat_map(told).collect()
}

fn conditions(conditions: &[Condition]) -> Vec<String> {
    let Some(first) = conditions.first() else { return Vec::new() };
    let heading = format!("  {}, as soon as all of this holds:", first.change);
    [heading].into_iter().chain(conditions.iter().flat_map(condition)).collect()
}

fn condition(condition: &Condition) -> impl Iterator<Item = String> {
    let mark = if condition.met { 'x' } else { ' ' };
    let line = format!("    [{mark}] {:10} {}", condition.name, condition.words);
    [line].into_iter().chain(condition.help.iter().map(|help| format!("        -> {help}")))
}

fn node(node: &WhyNode) -> Vec<String> {
    let heading = format!("node {} ({}, {})", node.name, node.kind, node.address);
    let words = node.about.iter().chain(&node.verdicts).map(|line| format!("  {line}"));
    [heading].into_iter().chain(words).collect()
}
