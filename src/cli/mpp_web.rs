//! The command line of `mpp-web`: here, because `mpp man` makes its page too.

use super::options::exit_codes;
use clap::Parser;
use std::path::PathBuf;

/// HTTP: verdicts for a Smart DNS and for proxies, status, metrics, and the dashboard.
#[derive(Debug, Parser)]
#[command(name = "mpp-web", version, after_help = exit_codes())]
pub struct MppWebOptions {
    /// The configuration file; only runtime_dir and web are looked for in it
    #[arg(long, value_name = "FILE", default_value = "/etc/mpp/mpp.yaml")]
    pub config: PathBuf,
}
