//! Kinds of bad clients, from many loopback addresses, for as long as they live.

use super::support::Background;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt,
};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How many connect from one address.
const OF_AN_ADDRESS: usize = 100;
const TICK: Duration = Duration::from_millis(100);

/// What they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nobody,
    Idle,
    IdleWithRoom,
    SlowHeaders,
    HalfRequests,
    SlowScrapers,
    SlowStreams,
    Scrapers,
    Reconnecting,
    All,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Nobody,
        Kind::Idle,
        Kind::IdleWithRoom,
        Kind::SlowHeaders,
        Kind::HalfRequests,
        Kind::SlowScrapers,
        Kind::SlowStreams,
        Kind::Scrapers,
        Kind::Reconnecting,
        Kind::All,
    ];

    /// As the table has it.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Nobody => "nobody else",
            Kind::Idle => "10,000 that say nothing",
            Kind::IdleWithRoom => "the same, with room for all (`max_connections: 10000`)",
            Kind::SlowHeaders => "500 that send a byte of a header every 100 ms",
            Kind::HalfRequests => "500 that send half a request",
            Kind::SlowScrapers => "200 that ask for `/metrics` and do not read",
            Kind::SlowStreams => "200 that ask for `/v1/stream` and do not read",
            Kind::Scrapers => "4 that ask for `/metrics` without pause",
            Kind::Reconnecting => "2 that connect and hang up without pause",
            Kind::All => "all of these at once (idle: 1,000)",
        }
    }

    /// Whether it is about what fits, not about what is turned away.
    pub fn wants_room(self) -> bool {
        self == Kind::IdleWithRoom
    }

    /// What each of how many sends when it has connected.
    fn crowd(self) -> (usize, &'static [u8]) {
        match self {
            Kind::Idle | Kind::IdleWithRoom => (10_000, b""),
            Kind::SlowHeaders => (500, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "),
            Kind::HalfRequests => (500, b"GET /v1/pools/p0/nod"),
            Kind::SlowScrapers => (200, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
            Kind::SlowStreams => (200, b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n"),
            Kind::Nobody | Kind::Scrapers | Kind::Reconnecting | Kind::All => (0, b""),
        }
    }
}

/// Bad clients at work; they stop when this goes.
pub struct Enemies {
    connected: Arc<AtomicUsize>,
    _threads: Vec<Background<()>>,
}

impl Enemies {
    /// Starts them; back when each has tried to connect once.
    pub fn start(kind: Kind, to: SocketAddr) -> Enemies {
        let kinds: &[Kind] = match kind {
            Kind::All => &[
                Kind::SlowHeaders,
                Kind::HalfRequests,
                Kind::SlowScrapers,
                Kind::SlowStreams,
                Kind::Scrapers,
                Kind::Reconnecting,
                Kind::Idle,
            ],
            _ => &[kind],
        };
        let connected = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        for (place, one) in kinds.iter().enumerate() {
            let (many, first) = one.crowd();
            let many = if kind == Kind::All { many.min(1000) } else { many };
            match one {
                Kind::Nobody => {}
                Kind::Scrapers => {
                    threads.extend((0..4).map(|_| Background::start(move |stop| scrape(to, stop))))
                }
                Kind::Reconnecting => {
                    threads.extend((0..2).map(|_| Background::start(move |stop| reconnect(to, stop))));
                }
                _ => {
                    let crowd: Vec<TcpStream> =
                        (0..many).filter_map(|n| enter(source(place, n), to, first)).collect();
                    let (alive, drips) = (Arc::clone(&connected), *one == Kind::SlowHeaders);
                    alive.fetch_add(crowd.len(), Ordering::Relaxed);
                    threads.push(Background::start(move |stop| linger(crowd, drips, stop)));
                }
            }
        }
        Enemies { connected, _threads: threads }
    }

    /// How many have connected.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }
}

/// 127.PLACE+10.x.1: a hundred connections an address.
fn source(place: usize, n: usize) -> Ipv4Addr {
    let number = n / OF_AN_ADDRESS;
    Ipv4Addr::new(127, 10 + place as u8, (number % 250) as u8, 1)
}

/// Connects from this address with a small buffer to read into, and says this.
fn enter(from: Ipv4Addr, to: SocketAddr, first: &[u8]) -> Option<TcpStream> {
    let SocketAddr::V4(to) = to else { return None };
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).ok()?;
    setsockopt(&fd, sockopt::RcvBuf, &2048).ok()?;
    // The port is chosen when it connects: otherwise the ports of all addresses together would be the limit.
    setsockopt(&fd, sockopt::IpBindAddressNoPort, &true).ok()?;
    bind(fd.as_raw_fd(), &SockaddrIn::from(std::net::SocketAddrV4::new(from, 0))).ok()?;
    connect(fd.as_raw_fd(), &SockaddrIn::from(to)).ok()?;
    let mut stream = TcpStream::from(fd);
    stream.set_nonblocking(true).ok()?;
    // It may have been turned away already.
    _ = stream.write_all(first);
    Some(stream)
}

/// Does nothing, or a byte now and then, until the end.
fn linger(mut crowd: Vec<TcpStream>, drips: bool, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if drips {
            crowd.retain_mut(|stream| stream.write_all(b"x").is_ok());
        }
        thread::sleep(TICK);
    }
}

fn scrape(to: SocketAddr, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(to) else { continue };
        _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        _ = stream.read_to_end(&mut Vec::new());
    }
}

fn reconnect(to: SocketAddr, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        _ = TcpStream::connect(to);
    }
}
