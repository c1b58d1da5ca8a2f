//! `mpp why`: the explanation, for people.

use super::connect::{Daemon, report};
use super::options::Target;
use crate::control::protocol::Request;
use crate::control::status::Why;
use crate::exit::Exit;

pub(super) fn run(daemon: &Daemon, target: &Target, json: bool) -> Exit {
    let request = Request::Why { pool: target.pool.clone(), node: target.node.clone() };
    match daemon.ask::<Why>(&request) {
        Ok(why) if json => {
            println!("{}", serde_json::to_string(&why).unwrap_or_default());
            Exit::Done
        }
        Ok(why) => {
            print(&why);
            Exit::Done
        }
        Err(trouble) => report(&trouble),
    }
}

fn print(why: &Why) {
    println!("pool {}", why.pool);
    for line in &why.about {
        println!("  {line}");
    }
    for node in &why.nodes {
        println!("node {}", node.name);
        for line in node.about.iter().chain(&node.verdicts) {
            println!("  {line}");
        }
    }
}
