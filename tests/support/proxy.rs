//! A TCP proxy that breaks the network on demand.

use super::fickle::{Dice, Fate, Fickle, Talk};
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, setsockopt, sockopt::ReuseAddr,
};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// How often the proxy looks whether its mode has changed.
const TICK: Duration = Duration::from_millis(2);
/// How long the proxy may take to change its mode.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Pass,
    /// New connections get no answer at all, as if every packet were dropped; old ones stand still.
    Drop,
    /// New connections are refused; old ones go on.
    Refuse,
    /// New connections are accepted and hear nothing; old ones stand still.
    Silent,
    /// What the server says comes one byte at a time, this far apart.
    Drip(Duration),
    /// What the server says comes this much later.
    Delay(Duration),
    /// New connections are accepted, and closed at once.
    HangUp,
    /// Some polls are lost, some answers come late.
    Fickle(Fickle),
}

/// A proxy on an address of its own.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    obeyed: Condvar,
    accepted: AtomicUsize,
    dice: Dice,
}

struct State {
    mode: Mode,
    /// The mode the listener is in.
    in_force: Option<Mode>,
    /// Both ends of each connection that lasts, by its number.
    streams: HashMap<usize, Vec<TcpStream>>,
    ended: bool,
}

impl Proxy {
    /// A proxy in front of `target`, passing everything on.
    pub fn before(target: SocketAddr) -> Proxy {
        let listener = std::iter::repeat_with(random_address).find_map(|a| TcpListener::bind(a).ok());
        let address = listener.and_then(|l| l.local_addr().ok()).expect("an address");
        let state = State { mode: Mode::Pass, in_force: None, streams: HashMap::new(), ended: false };
        let shared = Shared {
            target,
            state: Mutex::new(state),
            obeyed: Condvar::new(),
            accepted: AtomicUsize::new(0),
            dice: Dice::default(),
        };
        let proxy = Proxy { address, shared: Arc::new(shared) };
        let shared = Arc::clone(&proxy.shared);
        thread::spawn(move || shared.listen(address));
        proxy.set(Mode::Pass);
        proxy
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what it does; when this returns, it does.
    pub fn set(&self, mode: Mode) {
        let mut state = self.shared.lock();
        state.mode = mode;
        while state.in_force != Some(mode) {
            let (waited, late) = self.shared.obeyed.wait_timeout(state, PATIENCE).expect("the proxy lives");
            assert!(!late.timed_out(), "the proxy does not obey: {mode:?}");
            state = waited;
        }
    }

    /// Cuts all connections there are.
    pub fn cut(&self) {
        for stream in self.shared.lock().streams.drain().flat_map(|(_, ends)| ends) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many connections it has accepted.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.shared.lock().ended = true;
    }
}

/// Where the listener is, as the mode wants it.
enum Door {
    Shut,
    Open(TcpListener),
    /// A full backlog: the kernel drops whoever else comes.
    Full {
        _socket: OwnedFd,
        _fillers: Vec<TcpStream>,
    },
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic in the proxy")
    }

    fn mode(&self) -> Mode {
        self.lock().mode
    }

    fn listen(self: Arc<Self>, address: SocketAddr) {
        let mut door = Door::Shut;
        loop {
            let mode = {
                let state = self.lock();
                if state.ended {
                    return;
                }
                state.mode
            };
            door = arrange(door, mode, address);
            self.lock().in_force = Some(mode);
            self.obeyed.notify_all();
            match &door {
                Door::Open(listener) => match listener.accept() {
                    Ok((client, _)) => self.serve(client, mode),
                    Err(_) => thread::sleep(TICK),
                },
                _ => thread::sleep(TICK),
            }
        }
    }

    fn serve(self: &Arc<Self>, client: TcpStream, mode: Mode) {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        match mode {
            Mode::HangUp => {}
            Mode::Silent => _ = self.lock().streams.insert(number, vec![client]),
            // The server is gone: so is the client, at once.
            _ => drop(TcpStream::connect(self.target).and_then(|server| self.join(number, &client, &server))),
        }
    }

    fn join(self: &Arc<Self>, number: usize, client: &TcpStream, server: &TcpStream) -> io::Result<()> {
        client.set_nonblocking(false)?;
        for stream in [client, server] {
            stream.set_nodelay(true)?;
        }
        let ends = vec![client.try_clone()?, server.try_clone()?];
        self.lock().streams.insert(number, ends);
        let talk = Arc::new(Talk::new(self.draw()));
        for (from, to, answers) in [(client, server, false), (server, client, true)] {
            let (from, to, shared) = (from.try_clone()?, to.try_clone()?, Arc::clone(self));
            let talk = Arc::clone(&talk);
            thread::spawn(move || {
                // The end of one direction, whatever its cause, is the end of both.
                let _ = shared.pump(&from, &to, answers, &talk);
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
                shared.lock().streams.remove(&number);
            });
        }
        Ok(())
    }

    /// What becomes of the next poll.
    fn draw(&self) -> Fate {
        match self.mode() {
            Mode::Fickle(fickle) => self.dice.throw(fickle),
            _ => Fate::Passed,
        }
    }

    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, answers: bool, talk: &Talk) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let n = from.read(&mut buffer)?;
            if n == 0 {
                return Ok(());
            }
            match talk.fate(answers, || self.draw()) {
                Fate::Passed => {}
                Fate::Late(by) => thread::sleep(by),
                Fate::Lost => continue,
            }
            let mut rest = &buffer[..n];
            while !rest.is_empty() {
                let (now, pause) = match self.mode() {
                    Mode::Silent | Mode::Drop => (0, TICK),
                    Mode::Drip(pause) if answers => (1, pause),
                    Mode::Delay(pause) if answers => (rest.len(), pause),
                    _ => (rest.len(), Duration::ZERO),
                };
                thread::sleep(pause);
                to.write_all(&rest[..now])?;
                rest = &rest[now..];
                if self.lock().ended {
                    return Ok(());
                }
            }
            talk.heard();
        }
    }
}

fn arrange(door: Door, mode: Mode, address: SocketAddr) -> Door {
    match (mode, door) {
        (Mode::Refuse, _) => Door::Shut,
        (Mode::Drop, full @ Door::Full { .. }) => full,
        (Mode::Drop, other) => {
            drop(other);
            fill(address)
        }
        (_, open @ Door::Open(_)) => open,
        (_, other) => {
            drop(other);
            let listener = patiently(|| TcpListener::bind(address));
            listener.set_nonblocking(true).expect("a listener");
            Door::Open(listener)
        }
    }
}

/// A listener that was closed lives on for a moment in a child that somebody has just forked.
fn patiently<T, E: std::fmt::Display>(bind: impl Fn() -> Result<T, E>) -> T {
    let began = Instant::now();
    loop {
        match bind() {
            Ok(bound) => return bound,
            Err(e) => assert!(began.elapsed() < PATIENCE, "the proxy's own address: {e}"),
        }
        thread::sleep(TICK);
    }
}

/// Listens, with a queue so short that it is full.
fn fill(address: SocketAddr) -> Door {
    let SocketAddr::V4(v4) = address else { panic!("the proxy's address is IPv4") };
    let socket = socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)
        .expect("a socket");
    setsockopt(&socket, ReuseAddr, &true).expect("an option");
    patiently(|| socket::bind(socket.as_raw_fd(), &SockaddrIn::from(v4)));
    socket::listen(&socket, Backlog::new(0).expect("a length")).expect("a listener");
    let mut fillers = Vec::new();
    while let Ok(filler) = TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
        fillers.push(filler);
    }
    Door::Full { _socket: socket, _fillers: fillers }
}

/// On 127.1.x.y, away from the servers.
fn random_address() -> SocketAddr {
    let random = RandomState::new().hash_one(0).to_ne_bytes();
    SocketAddrV4::new(Ipv4Addr::new(127, 1, 1 + random[0] % 254, 1 + random[1] % 254), 3306).into()
}
