//! The command line of `mpp`.

use super::events::EventsOptions;
use super::keepalived::KeepalivedCommand;
use super::nagios::NagiosOptions;
use crate::exit::{Exit, Plugin};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The operator's tool: asks mppd, tells it what to do, checks configuration.
#[derive(Debug, Parser)]
#[command(name = "mpp", version, after_help = exit_codes())]
pub(super) struct Options {
    /// The configuration file; says where mppd's socket is.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/mpp/mpp.yaml")]
    pub(super) config: PathBuf,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The table of exit codes, for `--help` and the man pages.
pub(super) fn exit_codes() -> String {
    let line = |(exit, words): &(Exit, &str)| format!("\n  {:2}  {words}", *exit as u8);
    format!("Exit codes:{}", Exit::TABLE.iter().map(line).collect::<String>())
}

/// The codes of `mpp nagios`, which are not those of the others.
fn plugin_codes() -> String {
    let line = |(exit, words): &(Plugin, &str)| format!("\n  {:2}  {words}", *exit as u8);
    format!("Exit codes:{}", Plugin::TABLE.iter().map(line).collect::<String>())
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Daemon(DaemonCommand),
    /// A plugin for Nagios, Icinga and their kin: one line, figures, and its own exit codes
    #[command(after_help = plugin_codes())]
    Nagios(NagiosOptions),
    /// The weights as they are decided and loaded; or what ipvsadm -R takes
    Weights {
        /// Lines for `ipvsadm -R`, where no keepalived runs: only what differs from the kernel's table
        #[arg(long)]
        ipvsadm: bool,
    },
    /// The configuration file
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// What would bite, before it does: nodes, replication, this machine, keepalived. Needs no mppd; exit 1 if it finds
    /// an error
    Doctor {
        /// Only this pool
        pool: Option<String>,
        /// What is good too
        #[arg(long)]
        verbose: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What keepalived is given, and what would bite in it
    Keepalived {
        #[command(subcommand)]
        command: KeepalivedCommand,
    },
    /// Shell completions, to standard output
    Completions { shell: Shell },
    /// Man pages of every program, into a directory
    Man { dir: PathBuf },
}

/// What the daemon is asked for.
#[derive(Debug, Subcommand)]
pub(super) enum DaemonCommand {
    /// Pools and nodes in a table; with the daemon dead the last published state, exit 69
    Status {
        /// Only this pool
        pool: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
        /// A screen that is kept open; q quits. Where standard output is not a terminal, or TERM is dumb: the table, again
        /// every second
        #[arg(long, conflicts_with = "json")]
        watch: bool,
    },
    /// STATUS/STATE (TYPE) of a node; exit 0 if it serves its pool, else 1
    Report {
        #[arg(value_name = "POOL/NODE")]
        node: NodeName,
    },
    /// OK or NO; exit 0 or 1
    IsActive {
        #[arg(value_name = "POOL/NODE")]
        node: NodeName,
    },
    /// Why each verdict is what it is, and what blocks a failover
    Why {
        #[arg(value_name = "POOL[/NODE]")]
        target: Target,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What happened, also before a crash or a reboot: the last 100, or what is asked for; with the daemon dead from its
    /// files, exit 69
    Events(EventsOptions),
    #[command(flatten)]
    Change(Change),
}

#[derive(Debug, Subcommand)]
pub(super) enum Change {
    /// Forgive a failed node, or every failed node of a pool
    Recover {
        #[arg(value_name = "POOL[/NODE]")]
        target: Target,
        #[command(flatten)]
        how: How,
    },
    /// Make another node ACTIVE
    Switchover {
        pool: String,
        /// This node; else the best there is
        #[arg(long, value_name = "NODE")]
        to: Option<String>,
        /// Whatever its STATE, position or relay log; says what would be lost, and asks first on a terminal
        #[arg(long)]
        force: bool,
        /// With --force: do not ask
        #[arg(long, requires = "force")]
        yes: bool,
        #[command(flatten)]
        how: How,
    },
    /// Take a node out of service: weight 0, existing connections finish
    Drain {
        #[arg(value_name = "POOL/NODE")]
        node: NodeName,
        /// DOWN at once
        #[arg(long)]
        now: bool,
        /// Also if it is ACTIVE and nobody can take over yet
        #[arg(long)]
        force: bool,
        /// For this long
        #[arg(long = "for", value_name = "2h", value_parser = duration)]
        lasting: Option<Duration>,
        #[command(flatten)]
        how: How,
    },
    /// Bring a drained node back
    Undrain {
        #[arg(value_name = "POOL/NODE")]
        node: NodeName,
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
        /// Do not wait for what peers make of it
        #[arg(long)]
        no_wait: bool,
    },
    /// No automatic change of ACTIVE
    Pause {
        pool: String,
        /// For this long
        #[arg(long = "for", value_name = "2h", value_parser = duration)]
        lasting: Option<Duration>,
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
        /// Do not wait for what peers make of it
        #[arg(long)]
        no_wait: bool,
    },
    /// End a pause
    Resume {
        pool: String,
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
        /// Do not wait for what peers make of it
        #[arg(long)]
        no_wait: bool,
    },
    /// Seen: empties the count of the flap guard
    Ack {
        pool: String,
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
        /// Do not wait for what peers make of it
        #[arg(long)]
        no_wait: bool,
    },
    /// Read the configuration again
    Reload {
        /// Also if the ACTIVE node of a pool is gone from it
        #[arg(long)]
        force: bool,
    },
}

/// What commands that take time have in common.
#[derive(Debug, Args)]
pub(super) struct How {
    /// Why, for the record
    #[arg(long)]
    pub(super) reason: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Return at once instead of when it is done
    #[arg(long)]
    pub(super) no_wait: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Every fault, with file:line:col and advice
    Check,
    /// The configuration with every default filled in
    Show,
    /// The SQL that creates the monitor's user
    Grants,
}

/// `POOL/NODE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeName {
    pub(super) pool: String,
    pub(super) node: String,
}

/// `POOL` or `POOL/NODE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) pool: String,
    pub(super) node: Option<String>,
}

impl FromStr for NodeName {
    type Err = String;
    fn from_str(text: &str) -> Result<NodeName, String> {
        match text.split_once('/') {
            Some((pool, node)) if !pool.is_empty() && !node.is_empty() => {
                Ok(NodeName { pool: pool.into(), node: node.into() })
            }
            _ => Err(format!("{text:?} is not POOL/NODE, such as db/db1")),
        }
    }
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Target, String> {
        match text.contains('/') {
            true => text.parse().map(|n: NodeName| Target { pool: n.pool, node: Some(n.node) }),
            false if text.is_empty() => Err("a pool's name is wanted".into()),
            false => Ok(Target { pool: text.into(), node: None }),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("{e}; write 90s, 10m or 2h"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_node_is_named_with_its_pool() {
        let node: NodeName = "db/10.0.0.1:3306".parse().unwrap();
        assert_eq!((node.pool.as_str(), node.node.as_str()), ("db", "10.0.0.1:3306"));
        assert!("db".parse::<NodeName>().is_err());
        assert!("db/".parse::<NodeName>().is_err());
        assert_eq!("db".parse(), Ok(Target { pool: "db".into(), node: None }));
    }
}
