//! What can break: every cable, whole or one way; servers, directors, virtual servers.

use super::network::{Loses, SITES};
use std::fmt;

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A site's database server is killed.
    Server(u8),
    /// A site's director loses its power: LVS, `mppd` and `mpp-web`.
    Director(u8),
    /// A site's virtual server is gone, and nothing else.
    VirtualServer(u8),
    /// A cable, by the name of the host at its end.
    Cable(&'static str, Loses),
}

impl Fault {
    /// A cable that loses everything.
    pub const fn cut(cable: &'static str) -> Fault {
        Fault::Cable(cable, Loses::Everything)
    }

    /// What the network loses by it.
    pub fn cable(&self) -> Option<(&'static str, Loses)> {
        match *self {
            Fault::Cable(cable, loses) => Some((cable, loses)),
            Fault::Director(1) => Some(("director1", Loses::Everything)),
            Fault::Director(_) => Some(("director2", Loses::Everything)),
            Fault::Server(_) | Fault::VirtualServer(_) => None,
        }
    }
}

/// Every cable but the client's; of the VPN's two ends, one.
pub const CABLES: [&str; 13] = [
    "db1",
    "db2",
    "inner1",
    "inner2",
    "director1",
    "director2",
    "router1-lan",
    "router2-lan",
    "router1-vpn",
    "router1-int",
    "router2-int",
    "dns",
    "outside",
];
/// Cables that lose packets in one direction only.
const ONE_WAY: [&str; 6] =
    ["router1-lan", "router2-lan", "router1-vpn", "router1-int", "router2-int", "director1"];

/// Faults at the same time.
#[derive(Clone, Debug)]
pub struct Cut {
    /// In words, for the table.
    pub name: String,
    pub faults: Vec<Fault>,
}

impl Cut {
    /// These.
    pub fn of(faults: &[Fault]) -> Cut {
        let names: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Cut { name: names.join(" and "), faults: faults.to_vec() }
    }

    /// One of these cables loses something.
    pub fn touches(&self, cables: &[&str]) -> bool {
        self.faults.iter().filter_map(Fault::cable).any(|(cable, _)| cables.contains(&cable))
    }
}

/// Everything that can break, one at a time.
pub fn singles() -> Vec<Cut> {
    let whole = CABLES.map(Fault::cut).into_iter();
    let ways = [Loses::Sent, Loses::Received];
    let one_way = ONE_WAY.into_iter().flat_map(|cable| ways.map(|way| Fault::Cable(cable, way)));
    let machines =
        SITES.into_iter().flat_map(|s| [Fault::Server(s), Fault::Director(s), Fault::VirtualServer(s)]);
    machines.chain(whole).chain(one_way).map(|fault| Cut::of(&[fault])).collect()
}

/// Every two cables.
pub fn pairs() -> Vec<Cut> {
    let second =
        |n: usize| CABLES[n + 1..].iter().map(move |b| Cut::of(&[Fault::cut(CABLES[n]), Fault::cut(b)]));
    (0..CABLES.len()).flat_map(second).collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Server(site) => write!(f, "the server of site {site} dies"),
            Fault::Director(site) => write!(f, "the director of site {site} loses its power"),
            Fault::VirtualServer(site) => write!(f, "the virtual server of site {site} is gone"),
            Fault::Cable(cable, Loses::Everything) => write!(f, "{} is cut", named(cable)),
            Fault::Cable(cable, Loses::Sent) => write!(f, "{} loses what it sends", named(cable)),
            Fault::Cable(cable, Loses::Received) => {
                write!(f, "{} loses what it should receive", named(cable))
            }
        }
    }
}

fn named(cable: &str) -> &str {
    match cable {
        "router1-lan" => "all of site 1",
        "router2-lan" => "all of site 2",
        "router1-vpn" => "the VPN at site 1",
        "router1-int" => "the uplink of site 1",
        "router2-int" => "the uplink of site 2",
        other => other,
    }
}
