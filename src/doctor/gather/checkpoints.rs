//! Asking checkpoints, each once for all pools, as mppd does.

use super::parallel::{Job, all};
use crate::config::{Probe, Settings};
use crate::doctor::facts::PoolFacts;
use crate::poll::Inquirer;
use std::collections::HashMap;
use std::thread;
use std::time::Duration;

/// As often one is asked at most, until it answers; and how long after the last time.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);

/// Asks those of the pools that were looked at.
pub(super) fn ask(settings: &Settings, pools: &mut [PoolFacts]) {
    let of = |facts: &PoolFacts| {
        settings.pools.iter().find(|pool| pool.decision.name == facts.settings.name).map(|pool| &pool.probes)
    };
    let mut wanted: Vec<&Probe> = Vec::new();
    for probe in pools.iter().filter_map(of).flatten() {
        if !wanted.contains(&probe) {
            wanted.push(probe);
        }
    }
    let jobs: Vec<Job<_>> = wanted.iter().map(|probe| job((*probe).clone())).collect();
    let answers = all(jobs).into_iter().map(|answer| answer.and_then(|answer| answer));
    let answers: HashMap<&Probe, Result<(), String>> = wanted.into_iter().zip(answers).collect();
    for facts in pools {
        let probes = of(facts).into_iter().flatten();
        facts.checkpoints = probes.filter_map(|probe| answers.get(probe).cloned()).collect();
    }
}

fn job(probe: Probe) -> Job<Result<(), String>> {
    Box::new(move || {
        let mut inquirer = Inquirer::of(probe).map_err(|e| format!("can't start a thread: {e}"))?;
        let mut answer = inquirer.see().result;
        for _ in 1..TRIES {
            if answer.is_ok() {
                break;
            }
            thread::sleep(PAUSE);
            answer = inquirer.see().result;
        }
        answer
    })
}
