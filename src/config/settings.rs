//! The settings: what a file means once it is checked and every default is filled in. Never changed after load.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::fault::Fault;
use super::lvs::Keepalived;
use super::password::PasswordSource;
use super::probe::Probe;
use super::syslog::Syslog;
use super::web::Web;
use crate::alert::Hook;
use crate::core::settings::{PoolSettings, Writable};

/// File descriptors for a node, at most; for an order to one; for a probe, which a pool has one of; for a peer, with its
/// certificates; and for everything else: clients, logs, the state, what a reload takes.
const DESCRIPTORS_A_NODE: u64 = 3;
const DESCRIPTORS_AN_ORDER: u64 = 1;
const DESCRIPTORS_A_PROBE: u64 = 3;
/// For a checkpoint, and for looking up its name.
const DESCRIPTORS_A_CHECKPOINT: u64 = 3;
const DESCRIPTORS_A_NAME: u64 = 3;
const DESCRIPTORS_A_PEER: u64 = 4;
const DESCRIPTORS_BESIDE: u64 = 160;

/// All of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Published state, socket, track files; absolute, at most 90 bytes.
    pub runtime_dir: PathBuf,
    /// What must survive a reboot; absolute.
    pub state_dir: PathBuf,
    /// Members of this group may change things through the socket.
    pub control_group: String,
    /// After a reboot, how long the remembered ACTIVE node is waited for; 0s..=1h.
    pub startup_grace: Duration,
    /// At least one; 10,000 nodes at most in all of them.
    pub pools: Vec<Pool>,
    /// What the check does when the daemon is dead or stuck.
    pub stale: Stale,
    /// Who is told.
    pub alerts: Alerts,
    /// Other agents that look after the same pools; at most 8. Each pool's `peers` are the same, in the same order.
    pub peers: Vec<Peer>,
    /// keepalived and its virtual servers.
    pub keepalived: Keepalived,
    /// `mpp-web`.
    pub web: Web,
    /// What was taken, but should be looked at.
    pub warnings: Vec<Fault>,
}

impl Settings {
    /// How many nodes there are in all pools.
    pub fn nodes(&self) -> usize {
        self.pools.iter().map(|pool| pool.access.len()).sum()
    }

    /// How many file descriptors mppd takes, at most.
    pub fn descriptors(&self) -> u64 {
        let (orders, probes) = self.hands();
        let hands = orders * DESCRIPTORS_AN_ORDER + probes * DESCRIPTORS_A_PROBE;
        let (checkpoints, names) = self.watched();
        let watched = checkpoints * DESCRIPTORS_A_CHECKPOINT + names * DESCRIPTORS_A_NAME;
        let peers = self.peers.len() as u64 * DESCRIPTORS_A_PEER;
        self.nodes() as u64 * DESCRIPTORS_A_NODE + hands + watched + peers + DESCRIPTORS_BESIDE
    }

    /// How many orders may be out at a time, and how many probes: a thread each.
    pub fn hands(&self) -> (u64, u64) {
        let managed = self.pools.iter().filter(|pool| pool.decision.writable == Writable::Manage);
        let probed = self.pools.iter().filter(|pool| pool.decision.probe_write.is_some());
        (managed.map(|pool| pool.access.len() as u64).sum(), probed.count() as u64)
    }

    /// How many checkpoints are asked, each once for all pools, and how many names looked up for that: a thread each.
    pub fn watched(&self) -> (u64, u64) {
        let probes: HashSet<&Probe> = self.pools.iter().flat_map(|pool| &pool.probes).collect();
        let names: HashSet<&str> = probes.iter().filter_map(|probe| probe.name()).collect();
        (probes.len() as u64, names.len() as u64)
    }

    /// The monitor's users, each once, in the order of the file.
    pub fn users(&self) -> Vec<&str> {
        let mut users: Vec<&str> = Vec::new();
        for access in self.pools.iter().flat_map(|pool| &pool.access) {
            if !users.contains(&access.user.as_str()) {
                users.push(&access.user);
            }
        }
        users
    }
}

/// A pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// What the decisions need.
    pub decision: PoolSettings,
    /// How each node of `decision.nodes` is reached: same order, same length.
    pub access: Vec<Access>,
    /// How each of `decision.checkpoints` is asked: same order, same length.
    pub probes: Vec<Probe>,
}

/// Another agent, reached by its `mpp-web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name; no two peers share one.
    pub name: String,
    /// `http://` or `https://`, a host, maybe a port and a path; no slash at its end.
    pub url: String,
    /// The token that its `mpp-web` wants.
    pub token: PasswordSource,
    /// A file of PEM certificates, one of which has signed its own; `None`: the system's authorities.
    pub ca: Option<PathBuf>,
    /// A second director of this site: it is followed. One of another site is not.
    pub same_site: bool,
}

/// How the monitor reaches a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Where it listens; no two nodes of a file share one.
    pub address: SocketAddr,
    /// The monitor's user.
    pub user: String,
    /// The monitor's password.
    pub password: PasswordSource,
    /// Encryption.
    pub tls: Tls,
    /// How old a connection may become; 10ms..=1h.
    pub reconnect_every: Duration,
}

/// Encryption of the monitor's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    Disabled,
    /// If the server can; its certificate is not looked at.
    Preferred,
    /// Always; its certificate is not looked at.
    Required,
    /// Always, and the certificate is signed by one of these.
    Verify {
        /// A file of PEM certificates.
        ca: PathBuf,
    },
}

/// What the check does when the daemon is dead or stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// From what age on the published state is stale; 100ms..=1h.
    pub after: Duration,
    /// What is answered then.
    pub policy: StalePolicy,
}

/// What the check answers from a stale state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StalePolicy {
    /// The last verdict.
    Hold,
    /// DOWN.
    Down,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// Where the lines go.
    pub syslog: Syslog,
    /// What is run; at most 16.
    pub hooks: Vec<Hook>,
    /// How often what lasts is told again, 1s..=168h; `None`: never.
    pub remind_every: Option<Duration>,
}

impl Default for Alerts {
    fn default() -> Alerts {
        Alerts { syslog: Syslog::default(), hooks: Vec::new(), remind_every: Some(Duration::from_secs(3600)) }
    }
}
