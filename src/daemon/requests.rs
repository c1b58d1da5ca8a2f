//! What clients get of the decider.

use super::decider::Decider;
use super::message::{Given, Want};
use super::{status, why};
use crate::clock::{self, Clocks};
use crate::control::protocol::{Code, Failure, Request};
use crate::control::status::{Status, VERSION};
use crate::core::event::{Author, Command};
use crate::core::pool::Pool;
use crate::core::words::NodeId;
use std::time::Duration;

/// How many names a message lists of those there are.
const LISTED: usize = 20;

impl Decider {
    /// Does what was asked, or says why not.
    pub(super) fn give(&mut self, want: Want, who: &str) -> Result<Given, Failure> {
        match want {
            Want::Install(settings, force) => self.install(*settings, force, who),
            Want::Request(Request::Status { pool }) => self.status(pool.as_deref()),
            Want::Request(Request::Why { pool, node }) => {
                let place = self.pool(&pool)?;
                let pool = &self.fleet.members[place].pool;
                let node = node.map(|node| node_of(pool, &node)).transpose()?;
                Ok(Given::Why(why::explain(pool, node, clock::now())))
            }
            Want::Request(request) => self.command(request, who),
        }
    }

    fn status(&self, only: Option<&str>) -> Result<Given, Failure> {
        let clocks = Clocks::read();
        only.map(|pool| self.pool(pool)).transpose()?;
        let wanted = |pool: &Pool| only.is_none_or(|only| only == pool.settings().name);
        let pools = self.fleet.members.iter().map(|m| &m.pool).filter(|p| wanted(p));
        let pools = pools.map(|p| status::pool(p, &clocks)).collect();
        Ok(Given::Status(Box::new(Status {
            version: VERSION,
            daemon: self.surroundings.daemon.clone(),
            pools,
        })))
    }

    fn command(&mut self, request: Request, who: &str) -> Result<Given, Failure> {
        let (place, command, why) = self.understand(request)?;
        let author = Author { who: who.to_owned(), why };
        let now = clock::now();
        let (result, actions) = self.fleet.members[place].pool.command(&command, &author, now);
        self.act(place, actions, now);
        result.map(Given::Words).map_err(|refused| Failure::new(Code::Refused, refused.0))
    }

    /// The place of the pool, the command for it, and why it was given.
    fn understand(&self, request: Request) -> Result<(usize, Command, Option<String>), Failure> {
        let seconds = |s: Option<u64>| s.map(Duration::from_secs);
        let name = request.pool().unwrap_or_default().to_owned();
        let place = self.pool(&name)?;
        let node = |node: &str| node_of(&self.fleet.members[place].pool, node);
        let some_node = |n: Option<String>| n.map(|n| node(&n)).transpose();
        let (command, why) = match request {
            Request::Recover { node: n, .. } => (Command::Recover(some_node(n)?), None),
            Request::Switchover { to, force, reason, .. } => {
                (Command::Switchover { to: some_node(to)?, force }, reason)
            }
            Request::Drain { node: n, now, force, for_s, reason, .. } => {
                (Command::Drain { node: node(&n)?, now, force, lasting: seconds(for_s) }, reason)
            }
            Request::Undrain { node: n, .. } => (Command::Undrain(node(&n)?), None),
            Request::Pause { for_s, reason, .. } => (Command::Pause { lasting: seconds(for_s) }, reason),
            Request::Resume { .. } => (Command::Resume, None),
            Request::Ack { .. } => (Command::Ack, None),
            Request::Status { .. }
            | Request::Why { .. }
            | Request::Events { .. }
            | Request::Reload { .. } => {
                return Err(Failure::new(Code::BadRequest, "not a command for a pool"));
            }
        };
        Ok((place, command, why))
    }

    fn pool(&self, name: &str) -> Result<usize, Failure> {
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

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.take(LISTED + 1).collect();
    if names.len() > LISTED {
        names[LISTED] = "...";
    }
    names.join(", ")
}
