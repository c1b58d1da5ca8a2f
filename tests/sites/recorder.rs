//! Watches what both sites say of themselves: whether their own server is the one to write to.

use super::network::{Network, VIP, at_site};
use super::site::WEB;
use crate::support::Background;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const PACE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);

/// One look at one site.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    claims: bool,
}

/// Asks `/v1/pools/db/site` of a site all the time, from the director itself: no cut is between them.
pub struct Recorder {
    looks: Arc<Mutex<Vec<Look>>>,
    _asks: Background<()>,
}

impl Recorder {
    /// Starts it.
    pub fn start(network: &Network, site: u8) -> Recorder {
        let net = Arc::clone(network.host(&format!("director{site}")));
        let looks = Arc::new(Mutex::new(Vec::new()));
        let (told, address) = (Arc::clone(&looks), SocketAddr::from((at_site(site, VIP), WEB)));
        let asks = Background::start(move |stop| {
            net.within(|| {
                while !stop.load(Ordering::Relaxed) {
                    let claims = says_up(address).unwrap_or(false);
                    lock(&told).push(Look { at: Instant::now(), claims });
                    thread::sleep(PACE);
                }
            });
        });
        Recorder { looks, _asks: asks }
    }

    /// What the site said last.
    pub fn claims(&self) -> bool {
        lock(&self.looks).last().is_some_and(|look| look.claims)
    }

    /// The spans since a moment in which the site claimed to be active.
    fn spans(&self, since: Instant) -> Vec<(Instant, Instant)> {
        let looks = lock(&self.looks);
        let pairs = looks.windows(2).filter(|pair| pair[0].claims && pair[1].at > since);
        pairs.map(|pair| (pair[0].at.max(since), pair[1].at)).collect()
    }

    /// How long both have claimed it since a moment.
    pub fn both(&self, other: &Recorder, since: Instant) -> Duration {
        let others = other.spans(since);
        let shared = |(from, to): (Instant, Instant)| -> Duration {
            others.iter().map(|(a, b)| (to.min(*b)).saturating_duration_since(from.max(*a))).sum()
        };
        self.spans(since).into_iter().map(shared).sum()
    }
}

fn lock(looks: &Mutex<Vec<Look>>) -> MutexGuard<'_, Vec<Look>> {
    looks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As gdnsd's http_status asks it: the status line decides.
fn says_up(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /v1/pools/db/site HTTP/1.0\r\n\r\n")?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    Ok(start.ends_with(b" 200"))
}
