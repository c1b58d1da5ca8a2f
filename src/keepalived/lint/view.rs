//! Virtual servers and real servers as the rules look at them.

use super::check::{Check, TrackFiles, check};
use super::numbers::number;
use crate::keepalived::conf::{Conf, Statement};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

/// A configuration, sorted by what its blocks are.
#[derive(Default)]
pub(super) struct View<'c> {
    /// Blocks of `global_defs`.
    pub(super) globals: Vec<&'c Statement>,
    /// `track_file` blocks, in order.
    pub(super) track_files: Vec<&'c Statement>,
    pub(super) services: Vec<Service<'c>>,
    /// `vrrp_instance` blocks.
    pub(super) instances: Vec<&'c Statement>,
    /// `vrrp_sync_group` blocks.
    pub(super) groups: Vec<&'c Statement>,
    /// `vrrp_script` blocks.
    pub(super) scripts: Vec<&'c Statement>,
}

/// A `virtual_server`.
pub(super) struct Service<'c> {
    pub(super) at: &'c Statement,
    pub(super) servers: Vec<Server<'c>>,
}

/// A `real_server` of it.
pub(super) struct Server<'c> {
    pub(super) at: &'c Statement,
    pub(super) checks: Vec<Check<'c>>,
}

impl<'c> View<'c> {
    pub(super) fn of(conf: &'c Conf) -> View<'c> {
        let mut view = View::default();
        // keepalived looks for a name as it reads on: it finds what stands before, and the first of its name.
        let mut known = TrackFiles::new();
        for at in &conf.statements {
            match at.keyword() {
                "global_defs" => view.globals.push(at),
                "track_file" | "vrrp_track_file" => {
                    view.track_files.push(at);
                    known.entry(at.value(0).unwrap_or_default()).or_insert(at);
                }
                "virtual_server" => view.services.push(service(at, &known)),
                "vrrp_instance" => view.instances.push(at),
                "vrrp_sync_group" => view.groups.push(at),
                "vrrp_script" => view.scripts.push(at),
                _ => {}
            }
        }
        view
    }

    /// The last statement of `global_defs` with this keyword.
    pub(super) fn global(&self, keyword: &str) -> Option<&'c Statement> {
        self.globals.iter().rev().find_map(|block| block.get(keyword))
    }

    /// Every real server, with its virtual server.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&Service<'c>, &Server<'c>)> {
        self.services.iter().flat_map(|service| service.servers.iter().map(move |server| (service, server)))
    }

    /// Every checker, with its real server and its virtual server.
    pub(super) fn checks(&self) -> impl Iterator<Item = (&Service<'c>, &Server<'c>, &Check<'c>)> {
        self.servers().flat_map(|(service, server)| server.checks.iter().map(move |c| (service, server, c)))
    }
}

fn service<'c>(at: &'c Statement, track_files: &TrackFiles<'c>) -> Service<'c> {
    let checks = |at: &'c Statement| at.inside().iter().filter_map(|at| check(at, track_files)).collect();
    Service { at, servers: at.all("real_server").map(|at| Server { at, checks: checks(at) }).collect() }
}

/// A server's address, by the two words after its keyword; a port that is not given is 0.
pub(super) fn address(at: &Statement) -> Option<SocketAddr> {
    let ip: IpAddr = at.value(0)?.parse().ok()?;
    Some(SocketAddr::new(ip, at.value(1).map_or(Ok(0), str::parse).ok()?))
}

/// Which server it is: the same for one address, however it is written.
pub(super) fn identity(at: &Statement) -> String {
    address(at).map_or_else(|| name(at), |address| address.to_string())
}

/// What stands there again, each with the first of its key.
pub(super) fn repeated<'c, K: Eq + Hash>(
    all: impl IntoIterator<Item = (K, &'c Statement)>,
) -> Vec<(&'c Statement, &'c Statement)> {
    let mut first = HashMap::new();
    let again = |(key, at): (K, &'c Statement)| {
        let earlier = *first.entry(key).or_insert(at);
        (!std::ptr::eq(earlier, at)).then_some((at, earlier))
    };
    all.into_iter().filter_map(again).collect()
}

/// What an operator calls a server: the words after its keyword.
pub(super) fn name(at: &Statement) -> String {
    at.words.get(1..).unwrap_or_default().join(" ")
}

/// Whether a switch is on: there, and not followed by a word for no.
pub(super) fn is_on(at: &Statement) -> bool {
    !matches!(at.value(0), Some("off" | "false" | "no"))
}

impl<'c> Service<'c> {
    /// Whether it is for a role that one node at a time has.
    pub(super) fn is_read_write(&self) -> bool {
        self.servers
            .iter()
            .flat_map(|s| &s.checks)
            .any(|c| c.verdict().is_some_and(|(role, ..)| role == "rw"))
    }

    /// Whether any of its checkers is MPP's.
    pub(super) fn is_ours(&self) -> bool {
        self.servers.iter().flat_map(|s| &s.checks).any(|c| c.asked.is_some())
    }

    /// The seconds between two runs of a checker, unless it has its own; `None`: not said.
    pub(super) fn delay_loop(&self) -> Option<f64> {
        self.at.get("delay_loop").and_then(number)
    }

    /// How packets reach a server: NAT unless said.
    pub(super) fn method(&self, server: &Server<'c>) -> &'c str {
        let said = |at: &'c Statement| at.get("lvs_method").or_else(|| at.get("lb_kind"))?.value(0);
        [server.at, self.at].into_iter().find_map(said).unwrap_or("NAT")
    }
}

impl<'c> Server<'c> {
    /// The weight it is configured with, 1 unless said.
    pub(super) fn weight(&self) -> Option<u64> {
        self.at.get("weight").map_or(Some(1), number)
    }

    /// The statement that holds for a checker: its own, else the real server's, else the virtual server's.
    pub(super) fn inherited(
        &self,
        service: &Service<'c>,
        check: &Check<'c>,
        keyword: &str,
    ) -> Option<&'c Statement> {
        [check.at, self.at, service.at].into_iter().find_map(|at| at.get(keyword))
    }

    /// Whether a file alone can take it out.
    pub(super) fn is_decided_by_file(&self) -> bool {
        self.checks.iter().any(|c| c.file.as_ref().is_some_and(|f| f.weight == 0))
    }

    /// Whether its weight is not the configured one.
    pub(super) fn has_moving_weight(&self) -> bool {
        let moves = |c: &Check<'_>| c.is_dynamic() || c.file.as_ref().is_some_and(|f| f.weight != 0);
        self.checks.iter().any(moves)
    }
}
