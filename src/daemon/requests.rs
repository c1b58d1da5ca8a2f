//! What clients get of the decider.

use super::decider::Decider;
use super::message::{Given, Want};
use super::{status, why};
use crate::clock::{self, Clocks};
use crate::control::protocol::{Code, Failure, Request, listed};
use crate::control::status::{Status, VERSION};
use crate::core::command::{Awaits, Refused};
use crate::core::event::{Author, Command};
use crate::core::pool::Pool;
use crate::core::words::NodeId;
use std::time::Duration;

impl Decider {
    /// Does what was asked, or says why not.
    pub(super) fn give(&mut self, want: Want, who: &str) -> Result<Given, Failure> {
        match want {
            Want::Install(settings, force) => self.install(*settings, force, who),
            Want::Request(Request::Status { pool, .. }) => self.status(pool.as_deref()),
            Want::Request(Request::Why { pool, node }) => {
                let place = self.pool(&pool)?;
                let pool = &self.fleet.members[place].pool;
                let node = node.map(|node| node_of(pool, &node)).transpose()?;
                let mut why = why::explain(pool, node, clock::now());
                why.about.extend(self.lvs.why(place));
                why.about.extend(self.peers.why(&why.pool));
                Ok(Given::Why(why))
            }
            Want::Request(request) => self.command(&request, who),
            Want::Elsewhere(pool, moved) => self.elsewhere(&pool, moved),
            Want::Outcome(pool, awaits) => self.outcome(&pool, &awaits),
        }
    }

    fn outcome(&self, pool: &str, awaits: &Awaits) -> Result<Given, Failure> {
        let pool = &self.fleet.members[self.pool(pool)?].pool;
        match pool.outcome(awaits, clock::now()) {
            Some(Ok(done)) => Ok(Given::Words(done)),
            Some(Err(why)) => Err(Failure::new(Code::Refused, why)),
            None => Ok(Given::UnderWay(pool.waits_for().unwrap_or_else(|| "its next answer".into()))),
        }
    }

    fn status(&self, only: Option<&str>) -> Result<Given, Failure> {
        let clocks = Clocks::read();
        only.map(|pool| self.pool(pool)).transpose()?;
        let wanted = |pool: &Pool| only.is_none_or(|only| only == pool.settings().name);
        let pools = self.fleet.members.iter().map(|m| &m.pool).enumerate().filter(|(_, p)| wanted(p));
        let pools = pools.map(|(n, p)| status::pool(p, self.lvs.status(n), &clocks)).collect();
        Ok(Given::Status(Box::new(Status {
            version: VERSION,
            daemon: self.surroundings.daemon.clone(),
            pools,
            peers: self.peers.rows(&clocks),
        })))
    }

    fn command(&mut self, request: &Request, who: &str) -> Result<Given, Failure> {
        let (place, command) = self.understand(request)?;
        let author = Author { who: who.to_owned(), why: request.reason().cloned() };
        let (now, refused) = (clock::now(), |refused: Refused| Failure::new(Code::Refused, refused.0));
        let pool = &mut self.fleet.members[place].pool;
        if request.is_rehearsal() {
            let done = pool.rehearse(&command, &author, now).map_err(refused)?;
            return Ok(Given::Words(format!("dry run, nothing was changed: {}", done.words)));
        }
        let (result, actions) = pool.command(&command, &author, now);
        self.act(place, actions, now);
        result.map(Given::Begun).map_err(refused)
    }

    /// The place of the pool, and the command for it.
    fn understand(&self, request: &Request) -> Result<(usize, Command), Failure> {
        let lasting = |s: &Option<u64>| s.map(Duration::from_secs);
        let place = self.pool(request.pool().unwrap_or_default())?;
        let node = |node: &str| node_of(&self.fleet.members[place].pool, node);
        let some_node = |n: &Option<String>| n.as_deref().map(node).transpose();
        let command = match request {
            Request::Recover { node, .. } => Command::Recover(some_node(node)?),
            Request::Switchover { to, force, .. } => {
                Command::Switchover { to: some_node(to)?, force: *force }
            }
            Request::Drain { node: n, now, force, for_s, .. } => {
                Command::Drain { node: node(n)?, now: *now, force: *force, lasting: lasting(for_s) }
            }
            Request::Undrain { node: n, .. } => Command::Undrain(node(n)?),
            Request::Pause { for_s, .. } => Command::Pause { lasting: lasting(for_s) },
            Request::Resume { .. } => Command::Resume,
            Request::Ack { .. } => Command::Ack,
            Request::Status { .. }
            | Request::Why { .. }
            | Request::Events { .. }
            | Request::Reload { .. } => {
                return Err(Failure::new(Code::BadRequest, "not a command for a pool"));
            }
        };
        Ok((place, command))
    }

    /// The place of a pool.
    pub(super) fn pool(&self, name: &str) -> Result<usize, Failure> {
        self.fleet.find(name).ok_or_else(|| {
            let names = self.fleet.members.iter().map(|m| m.pool.settings().name.as_str());
            Failure::new(Code::NoSuchPool, format!("no pool {name}; there are: {}", listed(names)))
        })
    }
}

/// A node by its name or address.
fn node_of(pool: &Pool, wanted: &str) -> Result<NodeId, Failure> {
    let nodes = &pool.settings().nodes;
    nodes.iter().position(|n| n.name == wanted || n.address() == wanted).ok_or_else(|| {
        let names = listed(nodes.iter().map(|n| n.name.as_str()));
        let text = format!("no node {wanted} in pool {}; there are: {names}", pool.settings().name);
        Failure::new(Code::NoSuchNode, text)
    })
}
