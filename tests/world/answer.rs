//! What a server says of itself.

use super::server::{Io, Link, Net, SEC, Server, Txn};
use mpp::core::observation::{Channel, Facts, Run, Thread};
use mpp::core::position::{Coordinate, Domains, Gtid, GtidSet, Gtids, Position};
use mpp::core::time::Duration;
use std::collections::BTreeMap;

pub fn id(server: usize) -> u32 {
    server as u32 + 1
}

pub fn address(server: usize) -> String {
    format!("10.0.0.{}", server + 1)
}

/// The facts of an answer.
pub fn facts(servers: &[Server], net: &Net, server: usize, now: u64) -> Facts {
    let s = &servers[server];
    let end = place(s, s.log.len(), s.cuts.len());
    let mut position = Position { binlog: Some(end), ..Position::default() };
    if net.gtid && net.mysql {
        position.gtid = set(s.log.iter());
        position.uuid = uuid(server).parse().ok();
    } else if net.gtid {
        let mut domains = Domains::default();
        for txn in s.log.iter().rev().take(1).chain(s.log.iter().rev().find(|t| t.writer != server)) {
            domains.raise(0, gtid(txn));
        }
        position.gtid = domains.into();
        let writers = (0..servers.len()).filter_map(|w| {
            let last = s.log.iter().rev().find(|t| t.writer == w)?;
            Some((id(w), last.number))
        });
        position.written.insert(0, writers.collect());
    }
    let many = s.links.len() > 1;
    Facts {
        server_id: id(server),
        version: "10.11.19-MariaDB".into(),
        read_only: s.read_only,
        position,
        channels: s.links.iter().map(|l| channel(servers, net, l, many, now)).collect(),
        round_trip: Duration::from_micros(200),
    }
}

fn channel(servers: &[Server], net: &Net, link: &Link, many: bool, now: u64) -> Channel {
    let error = |known: Option<(u32, &'static str)>| known.map(|(number, text)| (number, text.to_owned()));
    let io = match link.io {
        Io::Yes(_) => Thread { run: Run::Yes, error: None },
        Io::Connecting(_) => Thread { run: Run::Connecting, error: Some((2003, "Can't connect".into())) },
        Io::No => Thread { run: Run::No, error: error(link.io_error) },
    };
    let sql = Thread { run: if link.sql { Run::Yes } else { Run::No }, error: error(link.sql_error) };
    let behind = link.relay.front().map_or(0, |t| now.saturating_sub(t.written) / SEC);
    let received_gtid = match net.gtid {
        true if net.mysql => set(link.relay.iter().chain(&link.last)),
        true => link.last.map(|t| Domains([(0, gtid(&t))].into()).into()).unwrap_or_default(),
        false => Gtids::default(),
    };
    let source = &servers[link.source];
    Channel {
        name: if many { format!("from-{}", id(link.source)) } else { String::new() },
        source_host: address(link.source),
        source_port: 3306,
        source_id: if io.run == Run::Yes || net.mysql { id(link.source) } else { 0 },
        lag: (io.run == Run::Yes && sql.run == Run::Yes).then(|| Duration::from_secs(behind)),
        io,
        sql,
        received: place(source, link.received, link.life),
        executed: place(source, link.executed, link.life),
        received_gtid,
    }
}

/// MySQL's way: every transaction, by the writer's own count.
fn set<'a>(log: impl Iterator<Item = &'a Txn>) -> Gtids {
    let mut spans: BTreeMap<usize, Vec<(u64, u64)>> = BTreeMap::new();
    for txn in log {
        let known = spans.entry(txn.writer).or_default();
        match known.last_mut().filter(|(_, last)| last + 1 == txn.count) {
            Some((_, last)) => *last = txn.count,
            None => known.push((txn.count, txn.count)),
        }
    }
    let word = |(first, last): &(u64, u64)| format!(":{first}-{last}");
    let of = |(writer, spans): (&usize, &Vec<(u64, u64)>)| {
        uuid(*writer) + &spans.iter().map(word).collect::<String>()
    };
    Gtids::Set(GtidSet::parse(&spans.iter().map(of).collect::<Vec<_>>().join(",")).expect("a set"))
}

fn uuid(server: usize) -> String {
    format!("00000000-0000-0000-0000-{:012}", id(server))
}

fn gtid(txn: &Txn) -> Gtid {
    Gtid { server: id(txn.writer), number: txn.number }
}

/// All servers name their logs alike, as they do in the field. Each start after a crash begins a new file.
fn place(log_of: &Server, transactions: usize, known: usize) -> Coordinate {
    let life = log_of.life_at(transactions, known);
    Coordinate {
        file: format!("mariadb-bin.{:06}", 1 + life * 1000 + transactions / 1000),
        offset: 4 + (transactions % 1000) as u64 * 100,
    }
}
