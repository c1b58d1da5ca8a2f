//! Whether each checkpoint answers, from here.

use super::facts::PoolFacts;
use super::finding::{Judgement, Step};
use super::machine::HERE;
use super::node::judge;
use super::rule::CHECKPOINT;
use crate::core::settings::CheckpointSettings;

/// Every checkpoint of a pool, and of its nodes.
pub(super) fn answers(pool: &PoolFacts) -> Vec<Judgement> {
    let all = pool.settings.checkpoints.iter().zip(&pool.checkpoints);
    let one = |(settings, answer): (&CheckpointSettings, &Result<(), String>)| {
        let place = settings.node.map_or_else(|| pool.settings.name.clone(), |node| pool.place(node));
        let words = match answer {
            Ok(()) => format!("{} answers", settings.id),
            Err(why) => format!("{}: {why}", settings.id),
        };
        judge(&place, answer.is_ok(), &CHECKPOINT, words, || vec![Step::words(HERE, HELP)])
    };
    all.map(one).collect()
}

const HELP: &str = "look whether the host lives, and what lies between; name one that answers nearly always, or give it a \
     longer timeout";
