//! Real MariaDB servers for the tests, started, broken, cleaned up; and a proxy that breaks the network.
//!
//! Used by every `tests/*.rs` that needs a server (`mod support;`) and by the demo. It needs
//! `mariadbd` and `mariadb-install-db` on the machine. Only loopback addresses, and those of network namespaces a test makes
//! for itself, see traffic.

// Every test program uses its own part of it.
#![allow(dead_code, unused_imports, unused_macros, unreachable_pub)]
// Tests wait by the clock and print the logs of what failed.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod accounts;
pub mod agent;
pub mod ambush;
pub mod answers;
pub mod background;
pub mod browser;
pub mod certificate;
pub mod chance;
pub mod desk;
pub mod director;
pub mod disk;
pub mod doors;
pub mod expected;
pub mod fickle;
mod flavour;
pub mod guest;
pub mod monitor;
pub mod mpp_web;
pub mod net;
mod options;
pub mod place;
pub mod processes;
pub mod proxy;
pub mod published;
pub mod replication;
pub mod root;
pub mod rsyslog;
pub mod secrets;
pub mod server;
pub mod stage;
pub mod teller;
mod template;
pub mod tmux;
pub mod torment;
mod wait;
pub mod web;
pub mod writer;

pub use agent::Agent;
pub use background::Background;
pub use fickle::Fickle;
pub use flavour::Flavour;
pub(crate) use flavour::on_servers;
pub use mpp_web::MppWeb;
pub use net::Lan;
pub use options::Options;
pub use place::OwnDir;
pub use proxy::{Mode, Proxy};
pub use replication::{Use, pair_master_master, pair_of, replicate, ring, source_replica, source_replica_of};
pub use root::Root;
pub use rsyslog::Rsyslog;
pub use server::Server;
pub use stage::{Play, Stage};
pub use teller::Teller;
pub use tmux::Tmux;
pub use wait::wait_until;
pub use web::Web;
