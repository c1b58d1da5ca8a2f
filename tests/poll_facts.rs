//! What a poll says of servers that answer: their facts, in good times and in bad ones.

mod support;

use mpp::core::observation::{Channel, Run};
use mpp::core::position::{Coordinate, Domains, Gtid, Gtids};
use mpp::core::time::Duration;
use std::collections::BTreeMap;
use support::monitor::{asker, channel_of, facts, poll_until};
use support::replication::wait_until_caught_up;
use support::{Options, Server, Use, pair_master_master, replicate, ring, source_replica};

/// The end of a server's binary log, as it tells its administrator.
fn end_of_binlog(server: &Server) -> Coordinate {
    let row = server.sql("SHOW MASTER STATUS").remove(0);
    Coordinate { file: row.get("File").expect("a file"), offset: row.get("Position").expect("an offset") }
}

fn write_a_row(server: &Server) {
    server.sql(
        "CREATE DATABASE IF NOT EXISTS d; CREATE TABLE IF NOT EXISTS d.t (id INT AUTO_INCREMENT PRIMARY KEY)",
    );
    server.sql("INSERT INTO d.t () VALUES ()");
}

fn only(channels: &[Channel]) -> &Channel {
    assert_eq!(channels.len(), 1, "{channels:?}");
    &channels[0]
}

#[test]
fn a_healthy_pair_by_gtid_tells_all_its_facts() {
    let [db1, db2] = pair_master_master(Use::Gtid);
    write_a_row(&db1);
    wait_until_caught_up(&db1, &db2);
    write_a_row(&db2);
    wait_until_caught_up(&db2, &db1);
    for (server, other) in [(&db1, &db2), (&db2, &db1)] {
        let facts = facts(&mut asker(server.address()));
        assert_eq!((facts.server_id, facts.read_only), (server.id(), false));
        assert_eq!(facts.version, server.value("SELECT @@version"));
        assert!(!facts.round_trip.is_zero());
        assert_eq!(facts.position.binlog, Some(end_of_binlog(server)));
        let everything = Gtids::parse(&server.value("SELECT @@gtid_current_pos")).expect("a position");
        assert_eq!(facts.position.gtid, everything);

        let channel = only(&facts.channels);
        assert_eq!((channel.name.as_str(), channel.source_id), ("", other.id()));
        assert_eq!(channel.source_host, other.address().ip().to_string());
        assert_eq!(channel.source_port, other.address().port());
        assert!(channel.io.healthy() && channel.sql.healthy(), "{channel:?}");
        assert_eq!(channel.lag, Some(Duration::ZERO));
        assert_eq!(channel.received, end_of_binlog(other));
        assert!(facts.applied(channel), "{channel:?}");
        assert_eq!(channel.received_gtid, everything);
    }
}

#[test]
fn a_healthy_pair_by_file_has_no_received_gtid() {
    let [db1, db2] = pair_master_master(Use::File);
    write_a_row(&db1);
    wait_until_caught_up(&db1, &db2);
    let facts = facts(&mut asker(db2.address()));
    let channel = only(&facts.channels);
    assert!(channel.io.healthy() && channel.sql.healthy() && facts.applied(channel), "{channel:?}");
    assert_eq!(channel.received, end_of_binlog(&db1));
    assert!(channel.received_gtid.is_empty());
}

#[test]
fn every_server_of_a_ring_knows_how_far_it_has_come_with_each_writer() {
    let servers = ring(3, Use::Gtid);
    write_a_row(&servers[0]);
    for i in 0..3 {
        wait_until_caught_up(&servers[i], &servers[(i + 1) % 3]);
    }
    let first = facts(&mut asker(servers[0].address())).position;
    let third = facts(&mut asker(servers[2].address())).position;
    for position in [&first, &third] {
        assert_eq!(position.written, BTreeMap::from([(0, BTreeMap::from([(1, 3)]))]));
    }
    assert_eq!(third.gtid, Domains([(0, Gtid { server: 1, number: 3 })].into()).into());
}

#[test]
fn a_named_channel_is_seen_beside_others() {
    let servers = Server::start_all(&[1, 2, 3].map(Options::id));
    replicate(&servers[0], &servers[2], Use::Gtid, "from-one");
    replicate(&servers[1], &servers[2], Use::File, "from-two");
    let mut channels = facts(&mut asker(servers[2].address())).channels;
    channels.sort_by(|a, b| a.name.cmp(&b.name));
    let told: Vec<_> = channels.iter().map(|c| (c.name.as_str(), c.source_id, c.sql.healthy())).collect();
    assert_eq!(told, [("from-one", 1, true), ("from-two", 2, true)]);
}

#[test]
fn a_server_that_never_was_a_replica_and_has_no_binlog_says_so() {
    let server = Server::start(&Options { binlog: false, read_only: true, ..Options::id(7) });
    let mut asker = asker(server.address());
    let told = facts(&mut asker);
    assert_eq!((told.channels.len(), told.position.binlog.clone(), told.read_only), (0, None, true));
    assert!(told.position.gtid.is_empty() && told.position.written.is_empty());
    server.sql("SET GLOBAL read_only = 0");
    assert!(!facts(&mut asker).read_only);
}

#[test]
fn a_stopped_sql_thread_shows_what_is_received_and_not_executed() {
    let [source, replica] = source_replica(Use::Gtid);
    let mut asker = asker(replica.address());
    replica.sql("STOP SLAVE SQL_THREAD");
    write_a_row(&source);
    let end = end_of_binlog(&source);
    poll_until(&mut asker, "the replica receives the row", |o| {
        o.answer.facts().is_some_and(|f| only(&f.channels).received == end)
    });
    let facts = facts(&mut asker);
    let channel = only(&facts.channels);
    assert_eq!((channel.io.run, channel.sql.run, channel.lag), (Run::Yes, Run::No, None));
    assert_eq!((&channel.io.error, &channel.sql.error), (&None, &None));
    assert!(!facts.applied(channel), "{channel:?}");
}

#[test]
fn a_late_replica_says_how_late() {
    let [source, replica] = source_replica(Use::Gtid);
    write_a_row(&source);
    wait_until_caught_up(&source, &replica);
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600; START SLAVE");
    write_a_row(&source);
    poll_until(&mut asker(replica.address()), "lag of a second", |o| {
        o.answer.facts().is_some_and(|f| only(&f.channels).lag >= Some(Duration::from_secs(1)))
    });
}

#[test]
fn a_stopped_io_thread_is_no_error() {
    let [_source, replica] = source_replica(Use::File);
    replica.sql("STOP SLAVE IO_THREAD");
    let channel = channel_of(&mut asker(replica.address()));
    assert_eq!((channel.io.run, channel.sql.run, channel.lag), (Run::No, Run::Yes, None));
    assert_eq!((channel.io.error, channel.sql.error), (None, None));
}

#[test]
fn a_duplicate_key_stops_the_sql_thread_with_1062() {
    let [source, replica] = source_replica(Use::Gtid);
    write_a_row(&source);
    wait_until_caught_up(&source, &replica);
    replica.sql("INSERT INTO d.t VALUES (1000)");
    source.sql("INSERT INTO d.t VALUES (1000)");
    let mut asker = asker(replica.address());
    poll_until(&mut asker, "the SQL thread stops", |o| {
        o.answer.facts().is_some_and(|f| only(&f.channels).sql.run == Run::No)
    });
    let channel = channel_of(&mut asker);
    let (number, words) = channel.sql.error.expect("an error");
    assert_eq!((number, channel.io.run), (1062, Run::Yes));
    assert!(words.contains("Duplicate entry '1000'") && words.chars().count() <= 150, "{words}");
}

#[test]
fn a_replica_whose_source_was_killed_is_connecting_with_2003() {
    let [mut source, replica] = source_replica(Use::Gtid);
    source.kill9();
    let mut asker = asker(replica.address());
    // 2013 comes first: the connection it had is lost.
    poll_until(&mut asker, "the IO thread cannot connect", |o| {
        let facts = o.answer.facts().expect("the replica lives");
        only(&facts.channels).io.error.as_ref().is_some_and(|(number, _)| *number == 2003)
    });
    let channel = channel_of(&mut asker);
    assert_eq!((channel.io.run, channel.sql.run, channel.lag), (Run::Connecting, Run::Yes, None));
}

#[test]
fn a_replica_that_does_not_start_by_itself_shows_two_stopped_threads() {
    let [_source, mut replica] = source_replica(Use::Gtid);
    replica.restart_with(&["--skip-slave-start".into()]);
    let channel = channel_of(&mut asker(replica.address()));
    assert_eq!((channel.io.run, channel.sql.run, channel.source_id), (Run::No, Run::No, 0));
    replica.sql("RESET SLAVE ALL");
    assert_eq!(facts(&mut asker(replica.address())).channels, []);
}
