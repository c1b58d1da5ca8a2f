//! What was gathered of the pools, before any judgement. [`super::machine_facts`] has what was gathered of this machine.

use super::machine_facts::Machine;
use crate::config::Access;
use crate::core::observation::{self, Answer};
use crate::core::settings::PoolSettings;
use crate::poll::Dialect;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Everything that is judged.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The pools that were asked for.
    pub pools: Vec<PoolFacts>,
    /// This machine.
    pub machine: Machine,
}

/// A pool.
#[derive(Clone, Debug)]
pub struct PoolFacts {
    /// Its settings.
    pub settings: PoolSettings,
    /// Its nodes, in the order of the settings.
    pub nodes: Vec<NodeFacts>,
    /// What its checkpoints said, in the order of the settings: it answers, or why not.
    pub checkpoints: Vec<Result<(), String>>,
}

/// A node.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    /// How the monitor reaches it.
    pub access: Access,
    /// The last answer to the monitor's own question.
    pub answer: Answer,
    /// How often it was asked until it answered so.
    pub tries: u32,
    /// What the closer look saw, or why there was none.
    pub server: Result<Server, String>,
}

/// A server, looked at closely.
#[derive(Clone, Debug)]
pub struct Server {
    /// Which words it understands.
    pub dialect: Dialect,
    /// Its variables.
    pub variables: Named,
    /// Some numbers of its state.
    pub status: Named,
    /// A row a replication channel.
    pub channels: Vec<Named>,
    /// What its binary log leaves out: `binlog_do_db`, `binlog_ignore_db`.
    pub binlog: Named,
    /// Where its read-only switches have their values from: `CONFIG`, `COMPILE-TIME`, `SQL`, in its own words. MySQL's
    /// `PERSISTED ON`: whatever it is now, it starts switched on.
    pub origins: Named,
    /// The engine of its probe table; `None`: there is none that the monitor may see.
    pub probe_engine: Option<String>,
    /// The account the monitor is taken for: `mpp@%`.
    pub account: String,
    /// What that may do: privileges on all databases; anything else as `PRIVILEGE ON WHAT`.
    pub privileges: Vec<String>,
    /// How far its clock is ahead of this machine's, milliseconds.
    pub clock_ahead_ms: i64,
    /// What it answered once every node had answered before; `None`: nothing.
    pub later: Option<observation::Facts>,
}

/// Values by name. Names are found in one vocabulary, whatever the server's: lower case, `source` for `master`,
/// `replica` for `slave`.
#[derive(Clone, Debug, Default)]
pub struct Named(BTreeMap<String, (String, String)>);

impl Named {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(_, value)| value.as_str())
    }

    /// What the server itself calls it.
    pub fn own(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(own, _)| own.as_str())
    }

    /// The value as a number; a fraction is cut off.
    pub fn number(&self, name: &str) -> Option<u64> {
        let text = self.get(name)?;
        text.split('.').next()?.parse().ok()
    }

    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> Option<bool> {
        Some(!matches!(self.get(name)?.to_ascii_uppercase().as_str(), "OFF" | "0" | "NO" | ""))
    }

    /// Adds a value, or replaces it.
    pub fn set(&mut self, own: &str, value: &str) {
        self.0.insert(one_word(own), (own.to_owned(), value.to_owned()));
    }
}

impl<K: AsRef<str>, V: Into<String>> FromIterator<(K, V)> for Named {
    /// Of two names for the same, the first stays.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Named {
        let mut named = Named::default();
        for (own, value) in pairs {
            let own = own.as_ref();
            named.0.entry(one_word(own)).or_insert_with(|| (own.to_owned(), value.into()));
        }
        named
    }
}

fn one_word(name: &str) -> String {
    name.to_ascii_lowercase().replace("master", "source").replace("slave", "replica")
}

impl NodeFacts {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.access.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_whatever_the_server_calls_it() {
        let mysql: Named = [("log_replica_updates", "ON"), ("log_slave_updates", "ON")].into_iter().collect();
        assert_eq!(
            (mysql.get("log_replica_updates"), mysql.own("log_replica_updates")),
            (Some("ON"), Some("log_replica_updates"))
        );
        let row: Named =
            [("Master_Host", "10.0.0.1"), ("Slave_heartbeat_period", "30.000")].into_iter().collect();
        assert_eq!(
            (row.get("source_host"), row.number("replica_heartbeat_period")),
            (Some("10.0.0.1"), Some(30))
        );
        assert_eq!(row.own("source_host"), Some("Master_Host"));
    }
}
