//! Servers as they really are: what they have executed, what replication brings them, how they answer.

use mpp::core::observation::{Channel, Facts, Run, Thread};
use mpp::core::position::{Coordinate, Domains, Gtid, Gtids, Position};
use mpp::core::time::Duration;

pub const MS: u64 = 1_000_000;
pub const SEC: u64 = 1_000 * MS;

/// How much of each writer's transactions a server has: the ground truth, compared writer by writer.
pub type Clock = Vec<u64>;

/// One transaction in a binary log.
#[derive(Clone, Copy, Debug)]
pub struct Txn {
    pub writer: usize,
    /// How many that writer had written with it.
    pub count: u64,
    /// Number in its GTID.
    pub number: u64,
    pub written: u64,
}

/// The receiving thread's connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Io {
    /// Connected; last heard of the source at this moment.
    Yes(u64),
    /// Tries again at this moment.
    Connecting(u64),
    No,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub source: usize,
    pub io: Io,
    pub sql: bool,
    /// An error of the applying thread, until it is started again.
    pub sql_error: Option<(u32, String)>,
    pub received: usize,
    pub executed: usize,
    /// The network is slow: what is younger has not come yet.
    pub io_delay: u64,
    /// The replica is slow: what is younger is not applied.
    pub sql_delay: u64,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub up: bool,
    pub frozen: bool,
    pub read_only: bool,
    /// Answers 1040.
    pub full: bool,
    /// Answers 1045.
    pub denying: bool,
    pub log: Vec<Txn>,
    pub has: Clock,
    pub links: Vec<Link>,
}

/// What all servers have in common.
#[derive(Clone, Debug)]
pub struct Net {
    /// `[i][j]`: replica `i` cannot reach source `j`.
    pub cut: Vec<Vec<bool>>,
    pub slave_net_timeout: u64,
    pub gtid: bool,
}

pub fn id(node: usize) -> u32 {
    node as u32 + 1
}

pub fn address(node: usize) -> String {
    format!("10.0.0.{}", node + 1)
}

impl Link {
    pub fn from(source: usize) -> Link {
        let (io, sql_error) = (Io::Yes(0), None);
        Link { source, io, sql: true, sql_error, received: 0, executed: 0, io_delay: 0, sql_delay: 0 }
    }
}

impl Server {
    pub fn new(count: usize, sources: &[usize]) -> Server {
        Server {
            up: true,
            frozen: false,
            read_only: false,
            full: false,
            denying: false,
            log: Vec::new(),
            has: vec![0; count],
            links: sources.iter().map(|&s| Link::from(s)).collect(),
        }
    }

    pub fn runs(&self) -> bool {
        self.up && !self.frozen
    }

    /// What it has, and what is in its relay logs.
    pub fn received(&self, all: &[Server]) -> Clock {
        let mut has = self.has.clone();
        for link in &self.links {
            for txn in &all[link.source].log[link.executed..link.received] {
                has[txn.writer] = has[txn.writer].max(txn.count);
            }
        }
        has
    }

    /// Starts after a stop: its threads connect anew.
    pub fn start(&mut self, now: u64) {
        self.up = true;
        self.frozen = false;
        for link in &mut self.links {
            if link.io != Io::No {
                link.io = Io::Connecting(now);
            }
        }
    }
}

pub fn covers(a: &Clock, b: &Clock) -> bool {
    a.iter().zip(b).all(|(x, y)| x >= y)
}

/// A client writes once.
pub fn write(servers: &mut [Server], node: usize, now: u64) {
    let s = &mut servers[node];
    s.has[node] += 1;
    let number = s.log.iter().rev().take(64).map(|t| t.number).max().unwrap_or(0) + 1;
    s.log.push(Txn { writer: node, count: s.has[node], number, written: now });
}

/// Lets every replication link do what it can until `now`.
pub fn replicate(servers: &mut [Server], net: &Net, now: u64) {
    for r in 0..servers.len() {
        if !servers[r].runs() {
            continue;
        }
        for l in 0..servers[r].links.len() {
            receive(servers, net, r, l, now);
            apply(servers, r, l, now);
        }
    }
}

fn receive(servers: &mut [Server], net: &Net, r: usize, l: usize, now: u64) {
    let source = servers[r].links[l].source;
    let (cut, s) = (net.cut[r][source], &servers[source]);
    let (up, speaks) = (s.up, s.runs() && !s.full);
    let newest = |delay: u64| s.log.partition_point(|t| t.written + delay <= now);
    let link = &servers[r].links[l];
    let next = match link.io {
        Io::No => Io::No,
        // A killed source's kernel says so at once; one that is frozen or cut off says nothing.
        Io::Yes(_) if !cut && !up => Io::Connecting(now + SEC),
        Io::Yes(_) if !cut && s.runs() => Io::Yes(now),
        Io::Yes(heard) if now - heard > net.slave_net_timeout => Io::Connecting(now + SEC),
        Io::Connecting(at) if now >= at => {
            if !cut && speaks {
                Io::Yes(now)
            } else {
                Io::Connecting(now + SEC)
            }
        }
        other => other,
    };
    let received = match next {
        Io::Yes(heard) if heard == now => newest(link.io_delay).max(link.received),
        _ => link.received,
    };
    let link = &mut servers[r].links[l];
    (link.io, link.received) = (next, received);
}

fn apply(servers: &mut [Server], r: usize, l: usize, now: u64) {
    loop {
        let link = &servers[r].links[l];
        if !link.sql || link.executed >= link.received {
            return;
        }
        let txn = servers[link.source].log[link.executed];
        if txn.written + link.sql_delay > now {
            return;
        }
        let me = &mut servers[r];
        me.links[l].executed += 1;
        if txn.writer != r && txn.count > me.has[txn.writer] {
            me.has[txn.writer] = txn.count;
            me.log.push(Txn { written: now, ..txn });
        }
    }
}

/// What a server says of itself.
pub fn facts(servers: &[Server], net: &Net, node: usize, now: u64) -> Facts {
    let s = &servers[node];
    let mut position = Position { binlog: Some(place(node, s.log.len())), ..Position::default() };
    if net.gtid {
        let mut gtid_pos = Domains::default();
        for txn in s.log.iter().rev().take(1).chain(s.log.iter().rev().find(|t| t.writer != node)) {
            gtid_pos.raise(0, gtid(txn));
        }
        position.gtid = gtid_pos.into();
        let writers = (0..servers.len()).filter_map(|w| {
            let last = s.log.iter().rev().find(|t| t.writer == w)?;
            Some((id(w), last.number))
        });
        position.written.insert(0, writers.collect());
    }
    Facts {
        server_id: id(node),
        version: "10.11.19-MariaDB".into(),
        read_only: s.read_only,
        position,
        channels: s.links.iter().map(|l| channel(servers, net, l, now)).collect(),
        round_trip: Duration::from_micros(200),
    }
}

fn channel(servers: &[Server], net: &Net, link: &Link, now: u64) -> Channel {
    let io = match link.io {
        Io::Yes(_) => Thread { run: Run::Yes, error: None },
        Io::Connecting(_) => Thread { run: Run::Connecting, error: Some((2003, "Can't connect".into())) },
        Io::No => Thread { run: Run::No, error: None },
    };
    let sql = Thread { run: if link.sql { Run::Yes } else { Run::No }, error: link.sql_error.clone() };
    let log = &servers[link.source].log;
    let behind = match link.executed < link.received {
        true => now.saturating_sub(log[link.executed].written) / SEC,
        false => 0,
    };
    let received_gtid = match net.gtid {
        true => {
            log[..link.received].last().map(|t| Domains([(0, gtid(t))].into()).into()).unwrap_or_default()
        }
        false => Gtids::default(),
    };
    Channel {
        name: String::new(),
        source_host: address(link.source),
        source_port: 3306,
        source_id: if io.run == Run::Yes { id(link.source) } else { 0 },
        lag: (io.run == Run::Yes && sql.run == Run::Yes).then(|| Duration::from_secs(behind)),
        io,
        sql,
        received: place(link.source, link.received),
        executed: place(link.source, link.executed),
        received_gtid,
    }
}

fn gtid(txn: &Txn) -> Gtid {
    Gtid { server: id(txn.writer), number: txn.number }
}

/// All servers name their logs alike, as they do in the field.
fn place(_of: usize, transactions: usize) -> Coordinate {
    Coordinate {
        file: format!("mariadb-bin.{:06}", 1 + transactions / 1000),
        offset: 4 + (transactions % 1000) as u64 * 100,
    }
}
