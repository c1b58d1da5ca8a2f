//! The command line of `mppd`: here, because `mpp man` makes its page too.

use super::options::exit_codes;
use clap::Parser;
use std::path::PathBuf;

/// The agent: polls every node, decides who is ACTIVE, publishes what keepalived is told.
#[derive(Debug, Parser)]
#[command(name = "mppd", version, after_help = exit_codes())]
pub struct MppdOptions {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/mpp/mpp.yaml")]
    pub config: PathBuf,
}
