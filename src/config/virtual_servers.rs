//! What holds for all virtual servers together: names and addresses once, and not too many.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::reading::Place;
use super::section::Spot;

/// How many virtual servers a file may have.
const MAX_SERVERS: usize = 1000;
/// How many real servers there may be in all of them.
const MAX_REAL_SERVERS: usize = 10_000;

/// Everything met so far, and where first.
#[derive(Debug, Default)]
pub(super) struct Unique {
    names: HashMap<String, Place>,
    addresses: HashMap<SocketAddr, Place>,
    servers: usize,
    real_servers: usize,
}

impl Unique {
    /// Whether there is room for one more virtual server; told if not.
    pub(super) fn room(&mut self, server: &Spot<'_>) -> bool {
        self.servers += 1;
        if self.servers > MAX_SERVERS {
            server
                .fault(format!("more than {MAX_SERVERS} virtual servers; split them over several directors"));
        }
        self.servers <= MAX_SERVERS
    }

    /// Whether there is room for so many more real servers; told once if not.
    pub(super) fn room_for(&mut self, server: &Spot<'_>, real_servers: usize) -> bool {
        let before = self.real_servers <= MAX_REAL_SERVERS;
        self.real_servers += real_servers;
        let after = self.real_servers <= MAX_REAL_SERVERS;
        if before && !after {
            server.fault(format!(
                "more than {MAX_REAL_SERVERS} real servers in all virtual servers; split them over several directors"
            ));
        }
        after
    }

    /// A name, read from this value.
    pub(super) fn name(&mut self, spot: &Spot<'_>, name: &str) {
        let words = format!("\"{name}\" is another virtual server's name; choose a different one");
        spot.once(&mut self.names, name.to_owned(), words);
    }

    /// An address, read from this value.
    pub(super) fn address(&mut self, spot: &Spot<'_>, address: SocketAddr) {
        let words = format!("{address} is another virtual server's address; choose a different one");
        spot.once(&mut self.addresses, address, words);
    }
}
