//! `mpp report` and `mpp is-active`: one node, one line, for scripts.

use super::connect::{Daemon, Trouble, report as trouble};
use super::options::NodeName;
use super::print;
use crate::control::protocol::{Code, Failure, Request};
use crate::control::status::{Node, Status};
use crate::exit::Exit;

pub(super) fn report(daemon: &Daemon, name: &NodeName) -> Exit {
    match find(daemon, name) {
        Ok(node) => {
            print::out(&format!("{}/{} ({})", node.status, node.state, node.kind));
            let serves = |role: &str| node.verdicts.get(role).is_some_and(|v| v.up);
            if serves("rw") || serves("ro") { Exit::Done } else { Exit::No }
        }
        Err(why) => trouble(&why),
    }
}

pub(super) fn is_active(daemon: &Daemon, name: &NodeName) -> Exit {
    match find(daemon, name) {
        Ok(node) if node.state == "ACTIVE" => {
            print::out("OK");
            Exit::Done
        }
        Ok(_) => {
            print::out("NO");
            Exit::No
        }
        Err(why) => trouble(&why),
    }
}

fn find(daemon: &Daemon, name: &NodeName) -> Result<Node, Trouble> {
    let status: Status = daemon.ask(&Request::Status { pool: Some(name.pool.clone()), follow: false })?;
    let node = status.pool(&name.pool).and_then(|p| p.node(&name.node)).cloned();
    let unknown = || Failure::new(Code::NoSuchNode, format!("no node {} in pool {}", name.node, name.pool));
    node.ok_or_else(|| Trouble::Failure(unknown()))
}
