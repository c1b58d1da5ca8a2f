//! Clients that mean no good to `mpp-web`: what others still get, and what `mppd` notices.

use super::crowd::{Crowd, Servers, Shape};
use super::enemies::{Enemies, Kind};
use super::figures::{Figures, Table};
use super::punctual::Watcher;
use super::support::MppWeb;
use super::usage;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const SHAPE: Shape = Shape { pools: 50, nodes: 2 };
/// Verdicts asked for, half of them on a connection of its own.
const ASKED: usize = 2000;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(10);
const VERDICT: &str = "GET /v1/pools/p0/nodes/db0/rw HTTP/1.1\r\nHost: x\r\n\r\n";

/// The table: a row a kind of enemy.
pub fn measure() -> String {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("our own limit");
    let servers = Servers::start(300, &[]);
    let crowd = Crowd::start(&servers, SHAPE, |address| address);
    let mut table = Table::new(&[
        "clients",
        "connected",
        "verdicts, ms: median / 99 of 100 / worst",
        "not answered",
        "`mpp-web`: CPU, % of a core; resident, MB",
        "`mppd`: CPU, % of a core",
        "its polls begun within 50 ms, %",
        "wanted",
    ]);
    for kind in Kind::ALL {
        let keys = if kind.wants_room() { "max_connections: 10000, max_per_address: 5000" } else { "" };
        let web = MppWeb::beside(&crowd.agent, keys);
        table.row(row(kind, &crowd, &web));
    }
    table.markdown()
}

fn row(kind: Kind, crowd: &Crowd, web: &MppWeb) -> [String; 8] {
    let enemies = Enemies::start(kind, web.address());
    let watcher = Watcher::start(&crowd.agent.state_file(), SHAPE);
    let (began, mppd, own) = (Instant::now(), usage::cpu(crowd.agent.pid()), usage::cpu(web.pid()));
    let (times, unanswered) = verdicts(web.address());
    let took = began.elapsed().as_secs_f64();
    let share = |pid, before: Duration| (usage::cpu(pid) - before).as_secs_f64() / took * 100.0;
    let (mppd, own) = (share(crowd.agent.pid(), mppd), share(web.pid(), own));
    let (connected, late) = (enemies.connected(), watcher.lateness());
    [
        kind.words().into(),
        connected.to_string(),
        format!("{:.2} / {:.2} / {:.1}", times.median(), times.at(0.99), times.worst()),
        unanswered.to_string(),
        format!("{own:.1}; {:.1}", usage::resident(web.pid()).1),
        format!("{mppd:.2}"),
        format!("{:.2}", late.within(50.0) * 100.0),
        "within 10 ms, all answered".into(),
    ]
}

/// How long each verdict took, ms; and how many were not answered.
fn verdicts(address: SocketAddr) -> (Figures, usize) {
    let (mut times, mut unanswered, mut kept) = (Vec::new(), 0, None);
    for number in 0..ASKED {
        let began = Instant::now();
        let mut stream = if number % 2 == 0 { None } else { kept.take() };
        match ask(address, &mut stream) {
            Some(()) => times.push(began.elapsed().as_secs_f64() * 1e3),
            None => unanswered += 1,
        }
        if number % 2 == 1 || kept.is_none() {
            kept = stream;
        }
        thread::sleep(PAUSE);
    }
    (Figures::of(times), unanswered)
}

fn ask(address: SocketAddr, stream: &mut Option<TcpStream>) -> Option<()> {
    if stream.is_none() {
        let fresh = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        fresh.set_read_timeout(Some(PATIENCE)).ok()?;
        *stream = Some(fresh);
    }
    let answered = exchange(stream.as_mut()?);
    if answered.is_none() {
        *stream = None;
    }
    answered
}

fn exchange(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(VERDICT.as_bytes()).ok()?;
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).ok()?;
    answer.get(..length)?.starts_with(b"HTTP/1.1 200 ").then_some(())
}
