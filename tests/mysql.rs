//! What only MySQL has: caching_sha2_password, offline_mode, gtid_mode, sets with gaps. Run by `make test-mysql`.

mod support;

use mpp::poll::{Target, Tls};
use mysql::prelude::Queryable;
use std::time::Duration;
use support::accounts::MONITOR;
use support::agent::nodes;
use support::monitor::{asker, asker_of, denied, facts, poller, target};
use support::{Agent, Flavour, Options, Server, Use, pair_of};

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_mysql_monitor_that_is_unknown_or_blocked_is_denied() {
    let server = Server::start(&Options::id(1).on(Flavour::MySql9));
    for n in 0..10 {
        // Half of the unknown users are asked for a password by a plugin that the client does not speak.
        let unknown = Target { user: format!("nobody-{n}"), ..target(server.address()) };
        denied(&asker_of(unknown).poll().answer, "");
    }
    server.sql(&format!("ALTER USER {MONITOR}@'%' FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED"));
    let wrong = || Target { password: Box::new(|| Ok("wrong".into())), ..target(server.address()) };
    asker_of(wrong()).poll();
    denied(&asker_of(wrong()).poll().answer, "3955 ");
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_mysql_primary_in_offline_mode_is_replaced() {
    let servers = pair_of(Flavour::MySql9, Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    servers[0].sql("SET GLOBAL offline_mode = ON");
    agent.wait_active("db2");
    let events = agent.says(&["events"]);
    assert!(events.contains("db1 failed: 3032 "), "{events}");
    servers[0].sql("SET GLOBAL offline_mode = OFF");
    agent.wait_state(0, "FAIL_ONLINE");
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_mysql_server_that_stopped_to_give_gtids_is_asked_for_its_place_instead() {
    let server = Server::start(&Options::id(1).on(Flavour::MySql9));
    server.sql("CREATE DATABASE d");
    let mut asker = asker(server.address());
    assert!(!facts(&mut asker).position.gtid.is_empty());
    // What is written from here on has no GTID: the old set would say that a standby lacks nothing.
    server.sql("SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = OFF_PERMISSIVE");
    let position = facts(&mut asker).position;
    assert!(position.gtid.is_empty() && position.binlog.is_some(), "{position:?}");
}

/// A set of so many gaps, and as many bytes, give or take.
fn gaps(count: usize) -> String {
    let numbers: Vec<String> = (0..count).map(|n| format!(":{}", 100_001 + 2 * n)).collect();
    "3e11fa47-71ca-11e1-9e33-c80aa9429562".to_owned() + &numbers.concat()
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_mysql_server_with_ever_more_gaps_stays_online_and_keeps_its_place() {
    let server = Server::start(&Options::id(1).on(Flavour::MySql9));
    let mut asker = asker(server.address());
    for (count, taken) in [(5_000, true), (20_000, false)] {
        server.sql("RESET BINARY LOGS AND GTIDS");
        let set = gaps(count);
        server.try_sql(&format!("SET GLOBAL gtid_purged = '{set}'")).expect("a set taken");
        let position = facts(&mut asker).position;
        assert_eq!(!position.gtid.is_empty(), taken, "{count} gaps, {} bytes", set.len());
        assert!(position.binlog.is_some());
    }
}

/// The first login after the start is the long way, by the server's RSA key or over TLS; the second the short one. Each
/// from a thread with the small stack that pollers have.
#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn caching_sha2_password_is_spoken_with_and_without_tls_first_and_cached() {
    let mut server = Server::start(&Options::id(1).on(Flavour::MySql9));
    let plugin = format!("SELECT plugin FROM mysql.user WHERE user = '{MONITOR}'");
    assert_eq!(server.value(&plugin), "caching_sha2_password");
    for tls in [Tls::Disabled, Tls::Preferred, Tls::Required] {
        server.restart();
        for login in ["first", "cached"] {
            let once = Duration::from_secs(3600);
            let (_poller, answers) = poller(Target { tls: tls.clone(), ..target(server.address()) }, once);
            let answer = answers.recv_timeout(Duration::from_secs(60)).expect("an answer").answer;
            assert!(answer.facts().is_some(), "{login} {tls:?}: {answer:?}");
        }
    }
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_mysql_account_that_demands_tls_is_asked_over_tls() {
    let server = Server::start(&Options::id(1).on(Flavour::MySql9));
    server.sql(&format!("ALTER USER {MONITOR}@'%' REQUIRE SSL"));
    for tls in [Tls::Preferred, Tls::Required] {
        facts(&mut asker_of(Target { tls, ..target(server.address()) }));
    }
    denied(&asker(server.address()).poll().answer, "1045 ");
}

#[test]
#[ignore = "wants servers that make test-mysql fetches"]
fn a_mysql_server_is_asked_for_its_version_once_and_then_one_question_a_poll() {
    let server = Server::start(&Options::id(1).on(Flavour::MySql9));
    // One connection: each would ask something of its own.
    let mut admin = server.admin().expect("the administrator");
    let mut counted = |what: &str| -> u64 {
        let row = admin.query_first::<(String, String), _>(format!("SHOW GLOBAL STATUS LIKE 'Com_{what}'"));
        row.expect("an answer").expect("a row").1.parse().expect("a number")
    };
    let mut counts = || (counted("select"), counted("show_replica_status"));
    let reconnecting = Target { reconnect_every: Duration::ZERO, ..target(server.address()) };
    for (mut asker, polls) in [(asker(server.address()), 3), (asker_of(reconnecting), 3)] {
        let before = counts();
        for _ in 0..polls {
            facts(&mut asker);
        }
        let after = counts();
        assert_eq!((after.0 - before.0, after.1 - before.1), (polls + 1, polls));
    }
}
