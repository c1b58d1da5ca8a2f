//! Where else a command took: what was said to this agent, as its peers have it.

use super::decider::Decider;
use super::message::{Given, Mailbox, Want};
use super::peers::Said;
use crate::clock::now;
use crate::control::protocol::{Elsewhere, Failure};
use crate::core::peer::View;
use crate::core::pool::Pool;
use crate::core::time::Duration;

/// How long peers are waited for, and how often it is looked whether they have followed.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(25);

/// What peers have made of the newest command in a pool; `moved`: it has made another node ACTIVE. Those that answer are
/// waited for, [`PATIENCE`] at most.
pub(super) fn wait(mailbox: &Mailbox, pool: &str, moved: bool) -> Vec<Elsewhere> {
    let until = now() + PATIENCE;
    loop {
        let Ok(Given::Elsewhere(peers, settled)) = mailbox.ask(Want::Elsewhere(pool.to_owned(), moved), "")
        else {
            return Vec::new();
        };
        if settled || now() >= until {
            return peers;
        }
        std::thread::sleep(LOOK);
    }
}

impl Decider {
    /// What peers have made of the newest command in a pool, and whether there is nothing to wait for.
    pub(super) fn elsewhere(&self, name: &str, moved: bool) -> Result<Given, Failure> {
        let pool = &self.fleet.members[self.pool(name)?].pool;
        let all: Vec<(Elsewhere, bool)> =
            self.peers.of_pool(name).map(|said| at(pool, &said, moved)).collect();
        let settled = all.iter().all(|(_, settled)| *settled);
        Ok(Given::Elsewhere(all.into_iter().map(|(peer, _)| peer).collect(), settled))
    }
}

/// What one peer has made of it, and whether that is the end of it.
fn at(pool: &Pool, said: &Said<'_>, moved: bool) -> (Elsewhere, bool) {
    let (name, same_site) = (&pool.settings().name, said.peer.same_site);
    let concerned = same_site || moved;
    let done = concerned && said.view.is_some_and(|view| has_followed(pool, view, same_site, moved));
    let words = match (same_site, said.view) {
        (_, _) if done => "done too".into(),
        (false, _) if !moved => "is another site and decides for itself; say it there too".into(),
        (_, Some(_)) => format!("has not followed within {PATIENCE:?}; see mpp why {name} there"),
        (_, None) if said.reachable => format!("has no pool {name}"),
        (true, None) => "does not answer; it takes this over when it is back".into(),
        (false, None) => "does not answer".into(),
    };
    let settled = done || !concerned || said.view.is_none();
    (Elsewhere { name: said.peer.name.clone(), same_site, done, words }, settled)
}

fn has_followed(pool: &Pool, view: &View, same_site: bool, moved: bool) -> bool {
    let memory = pool.memory();
    let heard = !same_site || view.revision >= memory.revision;
    let follows = view.epoch >= memory.epoch && view.active.as_deref() == pool.active().map(|n| pool.name(n));
    heard && (!moved || follows)
}
