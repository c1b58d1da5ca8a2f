//! What `mpp status` and `mpp why` show of virtual servers.

use super::lvs::Lvs;
use crate::control::status::{RealServer, VirtualServer};
use crate::keepalived::plan::{Real, Service};

impl Lvs {
    /// The virtual servers of a pool.
    pub(super) fn status(&self, pool: usize) -> Vec<VirtualServer> {
        self.services(pool).map(|(place, service)| self.virtual_server(place, service)).collect()
    }

    fn virtual_server(&self, place: usize, service: &Service) -> VirtualServer {
        let faults = self.faults().iter().filter(|f| f.service.is_none_or(|s| s == place));
        VirtualServer {
            name: service.name.clone(),
            role: service.role.word().into(),
            address: service.address.to_string(),
            loaded: self.picture().map(|picture| picture.services[place]),
            faults: faults.map(|f| f.words.clone()).collect(),
            real_servers: self.reals(service).map(|(n, real)| self.real_server(n, real)).collect(),
        }
    }

    fn real_server(&self, place: usize, real: &Real) -> RealServer {
        let (wanted, loaded) = (self.wanted(place), self.picture().and_then(|p| p.reals[place]));
        RealServer {
            node: real.name.clone(),
            address: real.address.to_string(),
            up: wanted.up,
            weight: if wanted.up { wanted.weight } else { 0 },
            loaded_weight: loaded.map(|(weight, _)| weight),
            connections: loaded.map(|(_, active)| active),
        }
    }

    /// What a pool's virtual servers have loaded, and what is wrong with that.
    pub(super) fn why(&self, pool: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for service in self.status(pool) {
            match (&service.faults[..], service.loaded) {
                ([], None) => {
                    lines.push(format!("{}: the kernel's table has not been read yet", heading(&service)))
                }
                ([], Some(_)) => lines.push(format!("{}: {}", heading(&service), service.loaded_words())),
                (faults, _) => lines.extend(faults.iter().cloned()),
            }
        }
        lines.dedup();
        lines
    }
}

fn heading(service: &VirtualServer) -> String {
    format!("virtual server {} {} ({})", service.name, service.address, service.role)
}
