//! The pool `db` and who leads clients to it: everything a scenario needs, started and well.

use super::clients::{Client, Session};
use super::conf::VirtualServer;
use super::director::{Director, Setup};
use super::site::{Site, Way};
use super::table::Table;
use crate::support::stage::wait_well;
use crate::support::{Agent, Server, wait_until};
use std::net::SocketAddr;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);

/// db1 and db2, which replicate from each other, behind virtual servers `rw` and `ro`.
pub struct Pool {
    /// The one that leads clients, and perhaps another one.
    pub directors: Vec<Director>,
    /// db1 and db2.
    pub servers: Vec<Server>,
    pub site: Site,
    virtual_servers: Vec<VirtualServer>,
    weight: u8,
}

impl Pool {
    /// Behind one director, reached on this way.
    pub fn start(way: Way) -> Pool {
        Pool::start_as(way, Setup::default())
    }

    /// The same, set up otherwise than usual.
    pub fn start_as(way: Way, setup: Setup) -> Pool {
        Pool::with(way, 1, setup.weight, |site, virtual_servers| {
            vec![Director::start(&site.directors[0], virtual_servers, setup)]
        })
    }

    /// Behind two directors that share the virtual addresses; the first has them.
    pub fn start_behind_two(way: Way) -> Pool {
        Pool::with(way, 2, 1, |site, virtual_servers| {
            let start = |n| Director::start_one_of_two(n, &site.directors[usize::from(n)], virtual_servers);
            let first = start(0);
            first.wait_until_it_leads();
            vec![first, start(1)]
        })
    }

    fn with(
        way: Way,
        directors: u8,
        weight: u8,
        start: impl FnOnce(&Site, &[VirtualServer]) -> Vec<Director>,
    ) -> Pool {
        let site = Site::of(directors);
        let servers = site.start_pair();
        let virtual_servers = VirtualServer::pair(way);
        let directors = start(&site, &virtual_servers);
        let mut pool = Pool { directors, servers, site, virtual_servers, weight };
        pool.wait_well();
        pool.directors.iter_mut().for_each(Director::listen);
        pool
    }

    /// db1 is ACTIVE, db2 STANDBY, and IPVS has it so.
    fn wait_well(&self) {
        for director in &self.directors {
            wait_well(&director.agent, "db1");
            director.table.wait("rw", &format!("db1={}", self.weight));
            director.table.wait("ro", &format!("db2={}", self.weight));
        }
    }

    /// Waits until the table leads writers to this node alone, and readers to that one.
    #[track_caller]
    pub fn wait_until_led_to(&self, writer: &str, reader: &str) {
        self.table().wait("rw", &format!("{writer}={}", self.weight));
        self.table().wait("ro", &format!("{reader}={}", self.weight));
    }

    /// `mpp switchover`, insisted on.
    #[track_caller]
    pub fn switch_over_to(&self, node: &str) {
        let order = ["switchover", "db", "--to", node];
        wait_until(&format!("{node} takes over"), BOUND, || self.agent().mpp(&order).status.success());
    }

    /// The only director, or the first.
    pub fn director(&mut self) -> &mut Director {
        &mut self.directors[0]
    }

    /// Of the only director, or the first.
    pub fn agent(&self) -> &Agent {
        &self.directors[0].agent
    }

    /// Of the only director, or the first.
    pub fn table(&self) -> &Table {
        &self.directors[0].table
    }

    /// Somebody who connects to a virtual server all the time.
    pub fn client(&self, virtual_server: &str) -> Client {
        let vs = self.named(virtual_server);
        Client::start(self.site.clients(vs.way), vs.address)
    }

    /// A connection through a virtual server that is kept.
    pub fn session(&self, virtual_server: &str) -> Session {
        let vs = self.named(virtual_server);
        Session::open(self.site.clients(vs.way), vs.address).expect("a connection")
    }

    /// Where clients find a virtual server.
    pub fn address(&self, virtual_server: &str) -> SocketAddr {
        self.named(virtual_server).address
    }

    fn named(&self, virtual_server: &str) -> &VirtualServer {
        self.virtual_servers
            .iter()
            .find(|vs| vs.name() == virtual_server)
            .expect("a virtual server of that name")
    }
}
