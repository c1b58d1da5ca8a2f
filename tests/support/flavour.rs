//! Which server: its program, how its data directory is made, which words and options it takes.

use super::options::SMALL_AND_FAST;
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
    pub(super) fn small_and_fast(self) -> Vec<&'static str> {
        let own = self.say(&MARIADB_SMALL[..], &MYSQL_SMALL[..]);
        SMALL_AND_FAST.iter().chain(own).copied().collect()
    }

    /// What it takes to replicate, in its own words.
    pub(super) fn replicating(self) -> &'static [&'static str] {
        self.say(&MARIADB_REPLICATING[..], &MYSQL_REPLICATING[..])
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

const MARIADB_SMALL: [&str; 4] = [
    "--innodb-log-file-size=4M",
    "--aria-log-file-size=8M",
    "--aria-pagecache-buffer-size=1M",
    "--loose-innodb-purge-threads=1",
];

const MYSQL_SMALL: [&str; 6] = [
    "--innodb-buffer-pool-size=16M",
    "--innodb-redo-log-capacity=32M",
    "--temptable-max-ram=2M",
    "--mysqlx=OFF",
    // Debian's folder for it is not there.
    "--secure-file-priv=NULL",
    "--log-error-verbosity=2",
];

const MARIADB_REPLICATING: [&str; 3] =
    ["--log-slave-updates=1", "--gtid-strict-mode=0", "--slave-net-timeout=4"];

const MYSQL_REPLICATING: [&str; 4] =
    ["--log-replica-updates=1", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--replica-net-timeout=4"];

/// Makes of each behaviour, a `fn(Flavour)`, a test on each of these servers; all but the installed one are fetched.
macro_rules! on_servers {
    ($($server:ident),*: $behaviours:tt) => { $(on_servers! { @$server $behaviours })* };
    (@installed { $($behaviour:ident,)* }) => {
        mod installed {
            $(
                #[test]
                fn $behaviour() {
                    super::$behaviour(super::Flavour::Installed);
                }
            )*
        }
    };
    (@mysql_9 $behaviours:tt) => { on_servers! { @fetched mysql_9 MySql9 $behaviours } };
    (@mariadb_10_5 $behaviours:tt) => { on_servers! { @fetched mariadb_10_5 MariaDb105 $behaviours } };
    (@mariadb_11_8 $behaviours:tt) => { on_servers! { @fetched mariadb_11_8 MariaDb118 $behaviours } };
    (@fetched $module:ident $flavour:ident { $($behaviour:ident,)* }) => {
        mod $module {
            $(
                #[test]
                #[ignore = "wants servers that make test-mysql fetches"]
                fn $behaviour() {
                    super::$behaviour(super::Flavour::$flavour);
                }
            )*
        }
    };
}
pub(crate) use on_servers;
