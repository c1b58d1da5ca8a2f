//! Two sites that are well, a DNS that asks them, a client that writes where the DNS leads it.

use super::client::{Attempt, Client};
use super::cuts::Fault;
use super::dns::{self, Dns};
use super::network::{Network, SITES, VIP, at_site};
use super::recorder::Recorder;
use super::site::{self, Peers, Site};
use crate::support::{Server, Use, replicate, writer};
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

/// Generous: a busy machine is no fault.
pub const BOUND: Duration = Duration::from_secs(90);
/// One without an answer for so long gets none.
const LATELY: Duration = Duration::from_millis(2500);
/// For how long a new world is left to itself.
const BY_ITSELF: Duration = Duration::from_secs(30);

/// All of it. What writes and watches ends first.
pub struct World {
    client: Client,
    pub recorders: [Recorder; 2],
    _dns: Dns,
    pub sites: [Site; 2],
    pub servers: Vec<Server>,
    pub network: Network,
    faults: Vec<Fault>,
}

/// What can be seen at one moment; what does not change any more has settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Each site says that its server is the one to write to.
    pub claims: [bool; 2],
    /// What each site's `mppd` makes of it: ACTIVE node, flags, and STATE of both nodes; `None`: it is dead.
    pub views: [Option<View>; 2],
    /// What the DNS says where it lives.
    pub resolved: Option<u8>,
    /// The site whose server has acknowledged the client's last row, if it was lately.
    pub written: Option<u8>,
}

/// A pool, as one `mppd` sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub active: Option<String>,
    pub flags: Vec<String>,
    pub states: Vec<String>,
}

impl World {
    /// Back when site 1 is ACTIVE for everybody, and the client writes there.
    pub fn start(peers: Peers) -> World {
        let network = Network::new();
        let servers = Server::start_all(&SITES.map(|site| site::server(&network, site)));
        replicate(&servers[0], &servers[1], Use::Gtid, "");
        replicate(&servers[1], &servers[0], Use::Gtid, "");
        writer::prepare(&servers[0]);
        let sites = SITES.map(|site| Site::start(&network, site, peers));
        let recorders = SITES.map(|site| Recorder::start(&network, site));
        let dns = Dns::start(&network);
        let client = Client::start(network.host("client"));
        let world = World { client, recorders, _dns: dns, sites, servers, network, faults: Vec::new() };
        world.begin();
        world
    }

    /// Waits until all is well. Two new sites may each have taken their own server where the other one's was slow to answer:
    /// then an operator brings them together, as after a cut.
    #[track_caller]
    fn begin(&self) {
        let began = Instant::now();
        while !self.is_well(&self.picture()) && began.elapsed() < BY_ITSELF {
            thread::sleep(Duration::from_millis(200));
        }
        self.put_back();
    }

    /// Site 1 is ACTIVE and site 2 is STANDBY, for everybody; the client writes at site 1.
    pub fn is_well(&self, picture: &Picture) -> bool {
        let well = |view: &View| {
            view.active.as_deref() == Some("site1")
                && view.flags.is_empty()
                && view.states == ["ACTIVE", "STANDBY"]
        };
        let agreed = picture.views.iter().all(|view| view.as_ref().is_some_and(well));
        agreed && picture.claims == [true, false] && picture.resolved == Some(1) && picture.written == Some(1)
    }

    /// From now on these faults are there, and no others.
    pub fn set(&mut self, faults: &[Fault]) {
        let before = std::mem::replace(&mut self.faults, faults.to_vec());
        self.network.cut(faults.iter().filter_map(Fault::cable));
        before.iter().filter(|fault| !faults.contains(fault)).for_each(|fault| self.mend(*fault));
        faults.iter().filter(|fault| !before.contains(fault)).for_each(|fault| self.break_down(*fault));
    }

    fn break_down(&mut self, fault: Fault) {
        match fault {
            Fault::Server(site) => self.servers[index(site)].kill9(),
            Fault::Director(site) => self.sites[index(site)].power_off(),
            Fault::VirtualServer(site) => self.sites[index(site)].virtual_server.set(false),
            Fault::Cable(..) => {}
        }
    }

    fn mend(&mut self, fault: Fault) {
        match fault {
            Fault::Server(site) => self.servers[index(site)].restart(),
            Fault::Director(site) => self.sites[index(site)].power_on(),
            Fault::VirtualServer(site) => self.sites[index(site)].virtual_server.set(true),
            Fault::Cable(..) => {}
        }
    }

    /// What can be seen now.
    pub fn picture(&self) -> Picture {
        let dead = |site: u8| self.faults.contains(&Fault::Director(site));
        let view = |site: &Site| (!dead(site.number)).then(|| View::of(site));
        let resolved = self.network.host("dns").within(|| dns::resolve(Duration::from_secs(1)));
        Picture {
            claims: self.recorders.each_ref().map(Recorder::claims),
            views: self.sites.each_ref().map(view),
            resolved: resolved.and_then(site_at),
            written: self.written(),
        }
    }

    fn written(&self) -> Option<u8> {
        let lately = Instant::now().checked_sub(LATELY)?;
        let last = self.attempts(lately).into_iter().rev().find_map(|attempt| attempt.server)?;
        u8::try_from(last).ok()
    }

    /// What the client has tried since a moment.
    pub fn attempts(&self, since: Instant) -> Vec<Attempt> {
        self.client.since(since)
    }
}

impl View {
    fn of(site: &Site) -> View {
        let pool = site.agent.published();
        let states = pool.nodes.into_iter().map(|node| node.state).collect();
        View { active: pool.active, flags: pool.flags, states }
    }
}

/// Where a site stands in a list of both.
pub fn index(site: u8) -> usize {
    usize::from(site) - 1
}

fn site_at(address: Ipv4Addr) -> Option<u8> {
    SITES.into_iter().find(|site| at_site(*site, VIP) == address)
}
