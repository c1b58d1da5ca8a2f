//! What real servers answer in every state of replication is what tests/cases/answers has of them. Run by
//! `make test-mysql`; with MPP_BLESS=1 the answers are recorded anew.

mod support;

use mpp::core::observation::{Channel, Run};
use std::fs;
use std::path::Path;
use support::accounts::{MONITOR, MONITOR_PASSWORD, REPLICATION_PASSWORD};
use support::answers;
use support::monitor::{asker, poll_until};
use support::replication::wait_until_caught_up;
use support::{Flavour, Options, Server, Use, replicate};

/// How a server's answers are called: `MariaDB 10.11`.
fn name(server: &Server) -> String {
    let version = server.value("SELECT @@version");
    let numbers: Vec<&str> = version.splitn(3, '.').take(2).collect();
    format!("{} {}", server.flavour().say("MariaDB", "MySQL"), numbers.join("."))
}

/// The server answers now as it was recorded: the same columns, whatever the values.
fn same_as_recorded(server: &Server, state: &str) {
    let name = name(server);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/answers");
    let folder = folder.join(name.to_lowercase().replace(' ', "-"));
    let file = folder.join(state).with_extension("rows");
    let mut conn = server.connect(MONITOR, MONITOR_PASSWORD).expect("the monitor logs in");
    let answer = answers::ask(&mut conn);
    if std::env::var_os("MPP_BLESS").is_some() {
        let head = format!("# {name}, {}: recorded from a running server.\n", state.replace('-', " "));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&file, head + &answers::write(&answer)).expect("written");
    }
    let recorded = fs::read_to_string(&file)
        .unwrap_or_else(|e| panic!("{}: {e}; record it with MPP_BLESS=1", file.display()));
    assert_eq!(answers::columns(&answers::read(&recorded)), answers::columns(&answer), "{}", file.display());
}

/// Waits until the replica's only channel is as wanted, and looks at its answer.
fn when(replica: &Server, state: &str, wanted: impl Fn(&Channel) -> bool) {
    poll_until(&mut asker(replica.address()), state, |o| {
        o.answer.facts().is_some_and(|f| f.channels.len() == 1 && wanted(&f.channels[0]))
    });
    same_as_recorded(replica, state);
}

fn error(thread: &mpp::core::observation::Thread) -> u32 {
    thread.error.as_ref().map_or(0, |(number, _)| *number)
}

fn set_password(replica: &Server, password: &str) {
    replica.sql("STOP REPLICA");
    replica.sql(&match replica.flavour().is_mysql() {
        true => format!("CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='{password}'"),
        false => format!("CHANGE MASTER TO MASTER_PASSWORD='{password}'"),
    });
    replica.sql("START REPLICA");
}

fn every_state_answers_as_recorded(flavour: Flavour) {
    let mut servers = Server::start_all(&[1, 2, 3].map(|id| Options::id(id).on(flavour)));
    let (named, replica, source) = (servers.remove(2), servers.remove(1), &mut servers[0]);
    let both = |c: &Channel| c.io.healthy() && c.sql.healthy() && c.lag.is_some();
    same_as_recorded(source, "never-configured");
    replicate(source, &named, Use::Gtid, "from-db1");
    replicate(source, &replica, Use::Gtid, "");
    source.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY); INSERT INTO d.t VALUES (1), (2)");
    wait_until_caught_up(source, &replica);
    wait_until_caught_up(source, &named);
    when(&named, "named-channel", both);
    when(&replica, "healthy", both);

    replica.sql("STOP REPLICA IO_THREAD");
    when(&replica, "io-stopped", |c| c.io.run == Run::No && c.sql.run == Run::Yes);
    replica.sql("START REPLICA; STOP REPLICA SQL_THREAD");
    when(&replica, "sql-stopped", |c| c.io.run == Run::Yes && c.sql.run == Run::No);
    set_password(&replica, "wrong");
    when(&replica, "wrong-password", |c| c.io.run == Run::Connecting && error(&c.io) == 1045);
    set_password(&replica, REPLICATION_PASSWORD);
    poll_until(&mut asker(replica.address()), "it replicates again", |o| {
        o.answer.facts().is_some_and(|f| both(&f.channels[0]))
    });

    replica.sql("SET SESSION sql_log_bin = 0; INSERT INTO d.t VALUES (3)");
    source.sql("INSERT INTO d.t VALUES (3)");
    when(&replica, "duplicate-key", |c| c.sql.run == Run::No && error(&c.sql) == 1062);
    replica.sql("SET SESSION sql_log_bin = 0; DELETE FROM d.t WHERE n = 3");
    replica.sql("START REPLICA");
    wait_until_caught_up(source, &replica);
    source.kill9();
    when(&replica, "source-killed", |c| c.io.run == Run::Connecting && error(&c.io) == 2003);
}

#[test]
fn mariadb_as_installed_answers_as_recorded() {
    every_state_answers_as_recorded(Flavour::Installed);
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn mariadb_10_5_answers_as_recorded() {
    every_state_answers_as_recorded(Flavour::MariaDb105);
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn mariadb_11_8_answers_as_recorded() {
    every_state_answers_as_recorded(Flavour::MariaDb118);
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn mysql_9_answers_as_recorded() {
    every_state_answers_as_recorded(Flavour::MySql9);
}
