//! `mpp why`: the explanation, for people.

use super::connect::{Daemon, report};
use super::options::Target;
use super::print;
use crate::control::protocol::Request;
use crate::control::status::Why;
use crate::exit::Exit;

pub(super) fn run(daemon: &Daemon, target: &Target, json: bool) -> Exit {
    let request = Request::Why { pool: target.pool.clone(), node: target.node.clone() };
    match daemon.ask::<Why>(&request) {
        Ok(why) if json => {
            print::out(&serde_json::to_string(&why).unwrap_or_default());
            Exit::Done
        }
        Ok(why) => {
            print::out(&text(&why));
            Exit::Done
        }
        Err(trouble) => report(&trouble),
    }
}

fn text(why: &Why) -> String {
    let mut lines = vec![format!("pool {}", why.pool)];
    lines.extend(why.about.iter().map(|line| format!("  {line}")));
    for node in &why.nodes {
        lines.push(format!("node {}", node.name));
        lines.extend(node.about.iter().chain(&node.verdicts).map(|line| format!("  {line}")));
    }
    lines.join("\n")
}
