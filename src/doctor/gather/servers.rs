//! Asking nodes: as the monitor does, then more closely, then once more when every node has answered.

use super::parallel::{Job, all};
use super::questions::{questions, server};
use crate::config::{Access, Password, Pool, Settings};
use crate::core::observation::{Answer, Facts};
use crate::doctor::facts::{NodeFacts, PoolFacts, Server};
use crate::doctor::grants::is_for_want_of_a_privilege;
use crate::poll::{Asker, Target, examine};
use std::io;
use std::thread;
use std::time::Duration;

/// Deadline of a closer look: hundreds of variables, of a server that may be busy.
const CLOSER: Duration = Duration::from_secs(10);
/// As often a node is asked at most, until it answers.
const TRIES: u32 = 4;

/// The pools of these settings, or the one of this name.
pub(super) fn pools(settings: &Settings, only: Option<&str>) -> io::Result<Vec<PoolFacts>> {
    let wanted = |pool: &&Pool| only.is_none_or(|name| name == pool.decision.name);
    let configured: Vec<&Pool> = settings.pools.iter().filter(wanted).collect();
    let places = || configured.iter().flat_map(|pool| (0..pool.access.len()).map(move |at| (*pool, at)));

    let first: Vec<Job<_>> = places().map(|(pool, at)| ask(pool, at)).collect();
    let mut answered = all(first).into_iter().zip(places());
    let pool = |pool: &&Pool| {
        let nodes = answered.by_ref().take(pool.access.len());
        let nodes =
            nodes.map(|(result, (pool, at))| result.unwrap_or_else(|words| lost(pool, at, words))).collect();
        PoolFacts { settings: pool.decision.clone(), nodes, checkpoints: Vec::new() }
    };
    let mut pools: Vec<PoolFacts> = configured.iter().map(pool).collect();

    let nodes = pools.iter_mut().flat_map(|pool| &mut pool.nodes).zip(places());
    let (servers, again): (Vec<&mut Server>, Vec<Job<_>>) = nodes
        .filter_map(|(node, (pool, at))| Some((node.server.as_mut().ok()?, ask_again(pool, at))))
        .unzip();
    for (server, later) in servers.into_iter().zip(all(again)) {
        server.later = later.ok().flatten();
    }
    Ok(pools)
}

/// Asks until it answers, and looks at what does.
fn ask(pool: &Pool, at: usize) -> Job<NodeFacts> {
    let (settings, access) = (&pool.decision.nodes[at], pool.access[at].clone());
    let most = pool.decision.levels.fail.min(TRIES);
    let (timeout, pause) = (settings.pace.timeout, settings.pace.retry_interval);
    let name = settings.name.clone();
    let probe = pool.decision.probe_write.as_ref().map_or(String::new(), |probe| probe.table.clone());
    Box::new(move || {
        let mut asker = Asker::new(target(&name, &access, timeout));
        let (mut answer, mut tries) = (asker.poll().answer, 1);
        while answer.is_offline() && tries < most {
            thread::sleep(pause);
            answer = asker.poll().answer;
            tries += 1;
        }
        drop(asker);
        let server = match answer.facts().is_some() || is_for_want_of_a_privilege(&answer) {
            true => look_at(target(&name, &access, CLOSER), &probe),
            false => Err("does not answer".into()),
        };
        NodeFacts { access, answer, tries, server }
    })
}

fn look_at(target: Target, probe: &str) -> Result<Server, String> {
    match examine(target, |dialect| questions(dialect, probe)) {
        Ok((dialect, replies)) => server(dialect, replies),
        Err(Answer::Offline(offline)) => Err(offline.reason),
        Err(Answer::Saturated(why) | Answer::Denied(why)) => Err(why),
        Err(Answer::Online(_) | Answer::Overdue) => Err("no answer".into()),
    }
}

/// Once more, with the monitor's own question.
fn ask_again(pool: &Pool, at: usize) -> Job<Option<Facts>> {
    let (settings, access) = (&pool.decision.nodes[at], pool.access[at].clone());
    let (name, timeout) = (settings.name.clone(), settings.pace.timeout);
    Box::new(move || Asker::new(target(&name, &access, timeout)).poll().answer.facts().cloned())
}

/// A node on whose answer we panicked.
fn lost(pool: &Pool, at: usize, words: String) -> NodeFacts {
    let answer = Answer::offline(format!("what it sends makes no sense: {words}"));
    NodeFacts { access: pool.access[at].clone(), answer, tries: 1, server: Err(words) }
}

fn target(name: &str, access: &Access, timeout: Duration) -> Target {
    let mut password = Password::of(&access.password);
    Target::of(name, access, timeout, Box::new(move || password.current().map_err(|fault| fault.to_string())))
}
