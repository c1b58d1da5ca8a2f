//! Servers as they really are: what they have executed, what replication brings them, what a crash takes.

use std::collections::VecDeque;

pub const MS: u64 = 1_000_000;
pub const SEC: u64 = 1_000 * MS;
/// MySQL's Source_Retry_Count where somebody set it low.
const RETRIES: u32 = 10;

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
    /// Over which link it came, from which place of the source's log; in the log of its writer: none.
    pub via: Option<(usize, usize)>,
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
    /// Why the receiving thread stopped by itself.
    pub io_error: Option<(u32, &'static str)>,
    pub sql: bool,
    /// An error of the applying thread, until it is started again.
    pub sql_error: Option<(u32, &'static str)>,
    /// Places in the source's log, in the life of it that was there when the link last connected.
    pub received: usize,
    pub executed: usize,
    pub life: usize,
    /// Received and not executed.
    pub relay: VecDeque<Txn>,
    /// The last it received.
    pub last: Option<Txn>,
    pub tries: u32,
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
    /// Orders to open or close it are refused.
    pub stubborn: bool,
    /// Answers 1040.
    pub full: bool,
    /// Answers 1045.
    pub denying: bool,
    /// Takes so much longer to answer.
    pub slow: u64,
    /// Its host is off the network: for clients, for replication, for the monitor.
    pub unplugged: bool,
    pub log: Vec<Txn>,
    /// How long the log was after each crash that took the end of it.
    pub cuts: Vec<usize>,
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
    /// They are MySQL: a source's id is remembered, and a receiving thread gives up.
    pub mysql: bool,
    /// What was received and not executed is received again after a restart (MariaDB with GTIDs, relay_log_recovery).
    pub drops_relay: bool,
}

impl Link {
    pub fn from(source: usize) -> Link {
        Link {
            source,
            io: Io::Yes(0),
            io_error: None,
            sql: true,
            sql_error: None,
            received: 0,
            executed: 0,
            life: 0,
            relay: VecDeque::new(),
            last: None,
            tries: 0,
            io_delay: 0,
            sql_delay: 0,
        }
    }

    /// Its threads are started by hand.
    pub fn start_io(&mut self, now: u64) {
        (self.io, self.io_error, self.tries) = (Io::Connecting(now), None, 0);
    }

    fn drop_relay(&mut self, source: &Server) {
        self.relay.clear();
        self.received = self.executed;
        self.last = self.executed.checked_sub(1).and_then(|i| source.log.get(i)).copied();
    }
}

impl Server {
    pub fn new(count: usize, sources: &[usize]) -> Server {
        Server {
            up: true,
            frozen: false,
            read_only: false,
            stubborn: false,
            full: false,
            denying: false,
            slow: 0,
            unplugged: false,
            log: Vec::new(),
            cuts: Vec::new(),
            has: vec![0; count],
            links: sources.iter().map(|&s| Link::from(s)).collect(),
        }
    }

    pub fn runs(&self) -> bool {
        self.up && !self.frozen
    }

    /// What it has, and what is in its relay logs.
    pub fn received(&self) -> Clock {
        let mut has = self.has.clone();
        for txn in self.links.iter().flat_map(|l| &l.relay) {
            has[txn.writer] = has[txn.writer].max(txn.count);
        }
        has
    }

    /// In which life of its log a place is, for whoever knows no later one than `known`.
    pub fn life_at(&self, place: usize, known: usize) -> usize {
        self.cuts[..known.min(self.cuts.len())].iter().rposition(|&cut| cut <= place).map_or(0, |i| i + 1)
    }

    /// Whether a reader that last connected in `life` has read what a crash took since.
    fn lost_what(&self, life: usize, received: usize) -> bool {
        self.cuts[life.min(self.cuts.len())..].iter().any(|&cut| received > cut)
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
    s.log.push(Txn { writer: node, count: s.has[node], number, written: now, via: None });
}

/// A server starts after a stop: its threads connect anew, and what was only received may be dropped.
pub fn start(servers: &mut [Server], net: &Net, node: usize, now: u64) {
    let mut links = std::mem::take(&mut servers[node].links);
    for link in &mut links {
        if link.io != Io::No {
            link.start_io(now);
        }
        if net.drops_relay {
            link.drop_relay(&servers[link.source]);
        }
    }
    let s = &mut servers[node];
    (s.up, s.frozen, s.links) = (true, false, links);
}

/// The power goes: what was written within the last `unsynced` is not on the disk.
pub fn crash(servers: &mut [Server], node: usize, now: u64, unsynced: u64) {
    let s = &mut servers[node];
    s.up = false;
    // Long ago it wrote something that is safe.
    let first = s.log.iter().position(|t| t.writer == node).map_or(0, |i| i + 1);
    let kept = s.log.partition_point(|t| t.written + unsynced <= now).max(first);
    let lost = kept < s.log.len();
    if lost {
        s.log.truncate(kept);
        s.cuts.push(kept);
    }
    s.has.fill(0);
    for txn in &s.log {
        s.has[txn.writer] = txn.count.max(s.has[txn.writer]);
    }
    // How far it had come in its sources' logs is written with the data.
    let came = |l: usize| s.log.iter().rev().find_map(|t| t.via.filter(|(link, _)| *link == l));
    let came: Vec<usize> = (0..s.links.len()).map(|l| came(l).map_or(0, |(_, place)| place + 1)).collect();
    let mut links = std::mem::take(&mut s.links);
    for (link, came) in links.iter_mut().zip(came) {
        link.executed = link.executed.min(if lost { came } else { usize::MAX });
        link.drop_relay(&servers[link.source]);
    }
    servers[node].links = links;
}

/// What a server wrote itself and lost in a crash is brought back to it from the others by hand.
pub fn replay_own(servers: &mut [Server], node: usize, now: u64) {
    let mut lost: Vec<Txn> = Vec::new();
    for other in servers.iter() {
        lost.extend(other.log.iter().filter(|t| t.writer == node && t.count > servers[node].has[node]));
    }
    lost.sort_by_key(|t| t.count);
    for txn in lost {
        let s = &mut servers[node];
        if txn.count > s.has[node] {
            s.has[node] = txn.count;
            s.log.push(Txn { written: now, via: None, ..txn });
        }
    }
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
    let mut link = std::mem::replace(&mut servers[r].links[l], Link::from(r));
    let s = &servers[link.source];
    let cut = net.cut[r][link.source] || s.unplugged || servers[r].unplugged;
    let reborn = link.life != s.cuts.len();
    match link.io {
        Io::No => {}
        // A killed source's kernel says so at once; one that is frozen or cut off says nothing.
        Io::Yes(_) if !cut && (!s.up || reborn) => link.io = Io::Connecting(now + SEC),
        Io::Yes(_) if !cut && s.runs() => link.io = Io::Yes(now),
        Io::Yes(heard) if now - heard > net.slave_net_timeout => link.io = Io::Connecting(now + SEC),
        Io::Connecting(at) if now >= at => connect(&mut link, s, net, !cut && s.runs() && !s.full, now),
        _ => {}
    }
    if link.io == Io::Yes(now) {
        let newest = s.log.partition_point(|t| t.written + link.io_delay <= now);
        for txn in s.log.get(link.received..newest).unwrap_or_default() {
            link.relay.push_back(*txn);
            link.last = Some(*txn);
        }
        link.received = link.received.max(newest);
    }
    servers[r].links[l] = link;
}

fn connect(link: &mut Link, source: &Server, net: &Net, reached: bool, now: u64) {
    if reached && source.lost_what(link.life, link.received) {
        (link.io, link.io_error) = (Io::No, Some((1236, "Got fatal error 1236 from master")));
    } else if reached {
        (link.io, link.tries, link.life) = (Io::Yes(now), 0, source.cuts.len());
    } else {
        link.tries += 1;
        link.io = Io::Connecting(now + SEC);
        if net.mysql && link.tries >= RETRIES {
            (link.io, link.io_error) = (Io::No, Some((2003, "Can't connect")));
        }
    }
}

fn apply(servers: &mut [Server], r: usize, l: usize, now: u64) {
    loop {
        let me = &mut servers[r];
        let link = &mut me.links[l];
        let Some(txn) = link.relay.front().copied().filter(|t| link.sql && t.written + link.sql_delay <= now)
        else {
            return;
        };
        let place = link.executed;
        link.relay.pop_front();
        link.executed += 1;
        if txn.writer != r && txn.count > me.has[txn.writer] {
            me.has[txn.writer] = txn.count;
            me.log.push(Txn { written: now, via: Some((l, place)), ..txn });
        }
    }
}
