//! What was gathered of this machine, before any judgement.

use super::access::{Account, Look};
use crate::config::{Version, VirtualServer};
use crate::keepalived::check::Report;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// This machine as mppd finds it.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What the configuration was warned of.
    pub warnings: Vec<String>,
    /// How many nodes there are, and how many descriptors mppd takes for them.
    pub wanted: Wanted,
    /// The daemon, running or as its unit has it.
    pub agent: Agent,
    /// The configuration file.
    pub config: Look,
    /// The password files.
    pub passwords: Vec<Look>,
    /// `runtime_dir`, and whether it lies in memory; `None`: it cannot be looked at.
    pub runtime_dir: (PathBuf, Option<bool>),
    /// `control_group`, and whether it exists.
    pub control_group: (String, bool),
    /// What makes this machine a director; `None`: nothing does.
    pub director: Option<Director>,
}

/// What mppd takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Threads, with some to spare.
    pub tasks: u64,
    /// File descriptors.
    pub descriptors: u64,
}

/// mppd.
#[derive(Clone, Debug, Default)]
pub struct Agent {
    /// Its process, if it runs.
    pub pid: Option<u64>,
    /// Whom it runs, or will run, as; `None`: there is no such user.
    pub account: Option<Account>,
    /// How many files it may open; `None`: unknown.
    pub descriptors: Option<u64>,
    /// How many threads it may have; `None`: unknown, or no limit.
    pub tasks: Option<u64>,
}

/// A director.
#[derive(Clone, Debug)]
pub struct Director {
    /// Its virtual servers; empty where keepalived is configured by hand.
    pub virtual_servers: Vec<VirtualServer>,
    /// The version of keepalived that is installed; `None`: none is.
    pub keepalived: Option<Version>,
    /// What `mpp keepalived check` says of its configuration, or why it says nothing; `None`: there is none.
    pub conf: Option<Result<Report, String>>,
    /// The name of the script user, and the account if it exists.
    pub script_user: (String, Option<Account>),
    /// mpp-check.
    pub check: Look,
    /// The published state.
    pub state: Look,
    /// The directory of the track files.
    pub track: Look,
    /// Whom mppd runs as.
    pub agent: Option<Account>,
    /// Whether the kernel has ip_vs, loaded or not.
    pub ip_vs: bool,
    /// Schedulers that are asked for and that it has not.
    pub missing_schedulers: Vec<String>,
    /// Switches of the kernel: `net.ipv4.ip_forward`. What is not there is not in it.
    pub sysctls: BTreeMap<String, String>,
    /// The addresses of this machine, with the lengths of their networks' prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
}
