//! From a server's answer to the published verdict: a relay in front of one node notes when it has passed an answer on,
//! and watches the published state until that poll is in it.

use super::published::Published;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long an answer is watched for at most: most of a login's are followed by a question, not by a verdict.
const WATCH: Duration = Duration::from_millis(20);

/// When the last bytes of an answer were passed on.
type Passed = Arc<Mutex<Instant>>;

/// Passes on what one node and `mppd` say to each other.
pub struct Relay {
    address: SocketAddr,
    passed: Passed,
    bell: Receiver<()>,
}

impl Relay {
    /// In front of this server.
    pub fn before(server: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let address = listener.local_addr().expect("an address");
        let (ring, bell) = sync_channel(1);
        let passed: Passed = Arc::new(Mutex::new(Instant::now()));
        let last = Arc::clone(&passed);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // The server is gone, and so is the client.
                let _ = join(client, server, &last, &ring);
            }
        });
        Relay { address, passed, bell }
    }

    /// Where `mppd` asks.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Microseconds from answer to verdict, for each poll of the first node of the first pool until `end`.
    pub fn decisions(&self, state: &Path, end: Instant) -> Vec<f64> {
        let mut published = Published::open(state);
        let mut taken = Vec::new();
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if self.bell.recv_timeout(left).is_ok() {
                taken.extend(self.watch(&mut published));
            }
        }
        taken
    }

    fn watch(&self, published: &mut Published) -> Option<f64> {
        published.refresh();
        let (before, began) = (published.last_request(0, 0), Instant::now());
        while began.elapsed() < WATCH {
            if published.last_request(0, 0) != before {
                let passed = *self.passed.lock().unwrap_or_else(PoisonError::into_inner);
                return Some(passed.elapsed().as_secs_f64() * 1e6);
            }
            std::hint::spin_loop();
        }
        None
    }
}

fn join(client: TcpStream, server: SocketAddr, passed: &Passed, ring: &SyncSender<()>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (asks, answers) = ((client.try_clone()?, server.try_clone()?), (server, client));
    let (passed, ring) = (Arc::clone(passed), ring.clone());
    thread::spawn(move || pass_on(asks, || {}));
    thread::spawn(move || {
        pass_on(answers, || {
            *passed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            // It rings already: as good.
            let _ = ring.try_send(());
        });
    });
    Ok(())
}

fn pass_on((mut from, mut to): (TcpStream, TcpStream), before: impl Fn()) {
    let mut buffer = [0; 65536];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        before();
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    // The end of one direction is the end of both.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
