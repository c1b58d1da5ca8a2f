//! How a test server is started.

use super::flavour::Flavour;
use super::net::Net;
use std::net::SocketAddrV4;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// How a test server is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its server id.
    pub server_id: u32,
    /// Whether it starts read-only.
    pub read_only: bool,
    /// Whether it writes a binary log.
    pub binlog: bool,
    /// `auto_increment_increment` and `auto_increment_offset`.
    pub auto_increment: (u32, u32),
    /// Which server it is.
    pub flavour: Flavour,
    /// The network it lives in, if not the test's own, and its address there.
    pub inside: Option<(Arc<Net>, SocketAddrV4)>,
    /// It listens at this port of every address, instead of at one address of its own.
    pub everywhere: Option<u16>,
    /// Further arguments; they win over everything above.
    pub extra: Vec<String>,
}

impl Options {
    /// A plain writer with this server id.
    pub fn id(server_id: u32) -> Options {
        Options {
            server_id,
            read_only: false,
            binlog: true,
            auto_increment: (1, 1),
            flavour: Flavour::Installed,
            inside: None,
            everywhere: None,
            extra: Vec::new(),
        }
    }

    /// The same on another server.
    pub fn on(self, flavour: Flavour) -> Options {
        Options { flavour, ..self }
    }

    /// Listening at this port of every address. Not 3306, where other tests' servers are.
    pub fn everywhere(self, port: u16) -> Options {
        Options { everywhere: Some(port), ..self }
    }

    /// One more argument for the server.
    pub fn arg(mut self, arg: impl Into<String>) -> Options {
        self.extra.push(arg.into());
        self
    }

    /// The server's command line, but for where it lives.
    pub(super) fn apply(&self, command: &mut Command) {
        command.args(self.flavour.small_and_fast()).args(REPLICATING).args(self.flavour.replicating());
        command.arg(format!("--server-id={}", self.server_id));
        command.arg(format!("--read-only={}", u8::from(self.read_only)));
        command.arg(format!("--auto-increment-increment={}", self.auto_increment.0));
        command.arg(format!("--auto-increment-offset={}", self.auto_increment.1));
        match self.binlog {
            true => command.arg("--log-bin=mariadb-bin"),
            false => command.arg("--skip-log-bin"),
        };
        command.args(&self.extra);
    }
}

/// What makes a server quick to start and small, at the price of durability.
pub(super) const SMALL_AND_FAST: [&str; 12] = [
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-buffer-size=2M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--key-buffer-size=1M",
    "--table-open-cache=64",
    "--max-connections=40",
    "--performance-schema=OFF",
    "--sync-binlog=0",
];

const REPLICATING: [&str; 3] = ["--relay-log=relay-bin", "--skip-name-resolve", "--skip-external-locking"];

/// Where a server keeps what, in its own directory.
pub(super) fn apply_place(command: &mut Command, dir: &Path) {
    command.arg(format!("--datadir={}", dir.join("data").display()));
    command.arg(format!("--socket={}", dir.join("sock").display()));
    command.arg(format!("--pid-file={}", dir.join("pid").display()));
    command.arg(format!("--log-error={}", dir.join("error.log").display()));
    command.arg(format!("--tmpdir={}", dir.display()));
}
