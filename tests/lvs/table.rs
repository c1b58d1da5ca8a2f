//! What IPVS has in its table, looked at all the time; every change is remembered.

use crate::support::net::Net;
use crate::support::{Background, wait_until};
use nix::unistd::gettid;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often it looks, if the machine lets it.
const LOOK: Duration = Duration::from_millis(1);
/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);

/// The real servers of a virtual one, with their weights. Shown as `db1=1 db2=0`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers(pub BTreeMap<String, i64>);

/// Virtual servers with their real ones, by name.
type Services = BTreeMap<String, Servers>;
pub type Names = HashMap<SocketAddr, String>;

/// The table of one director.
pub struct Table {
    seen: Arc<Mutex<Seen>>,
    _watching: Background<()>,
}

#[derive(Default)]
struct Seen {
    changes: Vec<(Instant, Services)>,
    looks: u32,
    /// The longest time between two looks.
    blind: Duration,
}

impl Table {
    /// Begins to look. Who has no name here is called by his address.
    pub fn watch(net: &Net, names: Names) -> Table {
        let file = File::open(net.proc("net/ip_vs")).expect("IPVS");
        let seen = Arc::default();
        let remembered = Arc::clone(&seen);
        let watching = Background::start(move |stop| watch(stop, file, &names, &remembered));
        Table { seen, _watching: watching }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every state of a virtual server, each with the moment at which it was first seen.
    pub fn history(&self, service: &str) -> Vec<(Instant, Servers)> {
        let seen = self.seen();
        let of = |services: &Services| services.get(service).cloned().unwrap_or_default();
        let mut states: Vec<_> = seen.changes.iter().map(|(at, services)| (*at, of(services))).collect();
        states.dedup_by(|later, earlier| later.1 == earlier.1);
        states
    }

    /// Waits until a virtual server has these real ones: `db1=1 db2=0`. Since when it has.
    #[track_caller]
    pub fn wait(&self, service: &str, servers: &str) -> Instant {
        let mut now = None;
        wait_until(&format!("{service} has {servers}"), BOUND, || {
            now = self.history(service).pop().filter(|(_, now)| now.to_string() == servers);
            now.is_some()
        });
        now.expect("just seen").0
    }

    /// What a virtual server had since this moment, one after the other: `db1=1`, `db1=1 db2=1`.
    pub fn since(&self, moment: Instant, service: &str) -> Vec<String> {
        let history = self.history(service);
        let first = history.iter().rposition(|(at, _)| *at <= moment).unwrap_or_default();
        history[first..].iter().map(|(_, servers)| servers.to_string()).collect()
    }

    /// How many real servers a virtual one had at most, since this moment.
    pub fn most(&self, service: &str, since: Instant) -> usize {
        self.since(since, service).iter().map(|servers| servers.split_whitespace().count()).max().unwrap_or(0)
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.0.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
        out.write_str(&servers.join(" "))
    }
}

/// One line a change, with the milliseconds since the first; and how closely it was looked at.
impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.seen();
        let Some((first, _)) = seen.changes.first() else { return Ok(()) };
        for (at, services) in &seen.changes {
            let all: Vec<_> = services.iter().map(|(name, servers)| format!("{name} [{servers}]")).collect();
            writeln!(out, "{:>7} ms  {}", at.duration_since(*first).as_millis(), all.join("  "))?;
        }
        writeln!(out, "{} looks, at most {:?} apart", seen.looks, seen.blind)
    }
}

fn watch(stop: &AtomicBool, file: File, names: &Names, seen: &Mutex<Seen>) {
    hurry();
    let mut look = Look { file, buffer: vec![0; 1 << 16], raw: Vec::new(), text: String::new() };
    let mut last = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let changed = look.has_changed();
        let now = Instant::now();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.looks += 1;
        seen.blind = seen.blind.max(now - last);
        last = now;
        if changed {
            seen.changes.push((now, parse(&look.text, names)));
        }
        drop(seen);
        thread::sleep(LOOK);
    }
}

/// This thread goes first from now on: everybody in the guest shares one processor.
fn hurry() {
    let id = gettid().to_string();
    let set = Command::new("chrt").args(["--fifo", "--pid", "1", &id]).status();
    assert!(set.expect("chrt, from util-linux").success());
}

/// The file as it was last.
struct Look {
    file: File,
    buffer: Vec<u8>,
    raw: Vec<u8>,
    /// Without what changes with every connection.
    text: String,
}

impl Look {
    /// Reads it again. In one piece: the kernel gives a small table as it is at one moment.
    fn has_changed(&mut self) -> bool {
        self.file.rewind().expect("a file of /proc");
        let read = self.file.read(&mut self.buffer).expect("the table");
        if self.raw == self.buffer[..read] {
            return false;
        }
        self.raw = self.buffer[..read].to_vec();
        let without_counts =
            |line: &str| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ") + "\n";
        let text: String = String::from_utf8_lossy(&self.raw).lines().map(without_counts).collect();
        let changed = text != self.text;
        self.text = text;
        changed
    }
}

/// A line a virtual server, `TCP C6120101:0CEA rr`, each followed by those of its real ones, `-> C6120201:0CEA Masq 1`.
fn parse(text: &str, names: &Names) -> Services {
    let mut services = Services::new();
    let name = |word: &str| {
        let address = address(word)?;
        Some(names.get(&address).cloned().unwrap_or_else(|| address.to_string()))
    };
    let mut service = None;
    for line in text.lines() {
        match *line.split_whitespace().collect::<Vec<_>>() {
            ["->", real, _, weight, ..] => {
                let (Some(service), Some(real), Ok(weight)) = (&service, name(real), weight.parse()) else {
                    continue;
                };
                services.entry(String::clone(service)).or_default().0.insert(real, weight);
            }
            ["TCP", virtual_server, ..] => {
                service = name(virtual_server);
                services.extend(service.clone().map(|name| (name, Servers::default())));
            }
            _ => {}
        }
    }
    services
}

/// `C6120101:0CEA`, or `[2001:0db8:0002:0000:0000:0000:0000:0001]:0CEA`.
fn address(word: &str) -> Option<SocketAddr> {
    let (ip, port) = word.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let ip = match ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')) {
        Some(ip) => ip.parse::<Ipv6Addr>().ok()?.into(),
        None => Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?).into(),
    };
    Some(SocketAddr::new(ip, port))
}

#[test]
fn a_table_is_understood() {
    let text = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  \
        -> RemoteAddress:Port Forward Weight ActiveConn InActConn\nTCP  C6120201:0CEA rr  \n  \
        -> C6120102:0CEA      Masq    3      0          0         \nTCP  [2001:0db8:0002:0000:0000:0000:0000:0001]:0CEA rr\n";
    let names = [("198.18.2.1:3306", "rw"), ("198.18.1.2:3306", "db2"), ("[2001:db8:2::1]:3306", "rw6")];
    let names = names.map(|(at, name)| (at.parse().expect("an address"), name.to_owned())).into();
    let services = parse(text, &names);
    assert_eq!(services.len(), 2);
    assert_eq!((services["rw"].to_string(), services["rw6"].to_string()), ("db2=3".into(), String::new()));
}
