//! Which server: its program, how its data directory is made, which words and options it takes.

use super::place::make_dir;
use nix::unistd::Uid;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of server. All but the installed one are fetched by `tests/support/fetch-servers.sh`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavour {
    /// The machine's own MariaDB.
    #[default]
    Installed,
    /// MariaDB 10.5.
    MariaDb105,
    /// MariaDB 11.8.
    MariaDb118,
    /// MySQL 9.
    MySql9,
}

impl Flavour {
    /// Whether it is MySQL.
    pub fn is_mysql(self) -> bool {
        self == Flavour::MySql9
    }

    /// Either of two wordings.
    pub fn say<T>(self, mariadb: T, mysql: T) -> T {
        if self.is_mysql() { mysql } else { mariadb }
    }

    /// The server, with no configuration of the machine's.
    pub(super) fn program(self) -> Command {
        let Some(home) = self.home() else {
            let mut command = Command::new("mariadbd");
            command.arg("--no-defaults");
            return command;
        };
        let mut command = Command::new(home.join("server"));
        command.arg("--no-defaults").arg(format!("--basedir={}", home.join("usr").display()));
        command
    }

    /// What to say when it does not start.
    pub(super) fn origin(self) -> &'static str {
        match self {
            Flavour::Installed => "mariadbd, from Debian's mariadb-server-core",
            _ => "a server that tests/support/fetch-servers.sh fetches",
        }
    }

    /// Where it was unpacked; `None` of the installed one.
    fn home(self) -> Option<PathBuf> {
        let name = match self {
            Flavour::Installed => return None,
            Flavour::MariaDb105 => "mariadb-10.5",
            Flavour::MariaDb118 => "mariadb-11.8",
            Flavour::MySql9 => "mysql-9",
        };
        Some(std::env::temp_dir().join(format!("mpp-servers-{}", Uid::current())).join(name))
    }

    /// Options that make it quick to start and small, at the price of durability. Templates are made with the same.
    pub(super) fn small_and_fast(self) -> &'static [&'static str] {
        if self.is_mysql() { &MYSQL_SMALL } else { &super::options::SMALL_AND_FAST }
    }

    /// Options that every server is started with.
    pub(super) fn replicating(self) -> &'static [&'static str] {
        if self.is_mysql() { &MYSQL_REPLICATING } else { &super::options::REPLICATING }
    }

    /// Makes the data directory `data`, with these accounts; `home` is the servers' user's.
    pub(super) fn install(self, home: &Path, data: &Path, accounts: &str) -> Command {
        let file = home.join("accounts.sql");
        let mut install = match self {
            Flavour::Installed => Command::new("mariadb-install-db"),
            _ => self.program(),
        };
        fs::write(&file, self.system_tables() + accounts).expect("the accounts written");
        match self {
            Flavour::Installed => {
                install.arg("--no-defaults").arg(format!("--extra-file={}", file.display()));
                install.args([
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    "--skip-name-resolve",
                ]);
            }
            Flavour::MySql9 => {
                install.arg("--initialize-insecure").arg(format!("--init-file={}", file.display()));
            }
            // As mariadb-install-db does it, which wants to be installed itself.
            Flavour::MariaDb105 | Flavour::MariaDb118 => {
                make_dir(data);
                install.args(["--bootstrap", "--max-allowed-packet=8M"]);
                install.stdin(File::open(&file).expect("just written"));
            }
        }
        install.arg(format!("--datadir={}", data.display())).args(self.small_and_fast());
        install
    }

    /// The statements that make the system tables, where the server does not know them itself.
    fn system_tables(self) -> String {
        let prefix = match self {
            Flavour::Installed | Flavour::MySql9 => return String::new(),
            Flavour::MariaDb105 => "mysql/mysql",
            Flavour::MariaDb118 => "mariadb/mariadb",
        };
        let share = self.home().expect("an unpacked one").join("usr/share");
        let read = |file| {
            let path = share.join(format!("{prefix}_{file}"));
            fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let files = ["system_tables.sql", "performance_tables.sql", "system_tables_data.sql"];
        "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n".to_owned()
            + &files.map(read).concat()
    }
}

const MYSQL_SMALL: [&str; 17] = [
    "--innodb-buffer-pool-size=16M",
    "--innodb-redo-log-capacity=32M",
    "--innodb-log-buffer-size=2M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--temptable-max-ram=2M",
    "--key-buffer-size=1M",
    "--table-open-cache=64",
    "--max-connections=40",
    "--performance-schema=OFF",
    "--sync-binlog=0",
    "--mysqlx=OFF",
    // Debian's folder for it is not there.
    "--secure-file-priv=NULL",
    "--log-error-verbosity=2",
];

const MYSQL_REPLICATING: [&str; 7] = [
    "--log-replica-updates=1",
    "--gtid-mode=ON",
    "--enforce-gtid-consistency=ON",
    "--replica-net-timeout=4",
    "--relay-log=relay-bin",
    "--skip-name-resolve",
    "--skip-external-locking",
];
