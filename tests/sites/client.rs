//! A client far away: asks the DNS where the database is, connects there, writes a row; five times a second.

use super::dns;
use crate::support::net::Net;
use crate::support::{Background, Server, writer};
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const PACE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(1);

/// One attempt to write.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The row.
    pub n: u64,
    /// When it was over.
    pub at: Instant,
    /// The server that has acknowledged it.
    pub server: Option<u32>,
}

/// Somebody who writes all the time.
pub struct Client {
    attempts: Arc<Mutex<Vec<Attempt>>>,
    _writes: Background<()>,
}

impl Client {
    /// Starts writing; on `server` the table must be there.
    pub fn start(net: &Arc<Net>) -> Client {
        let (net, attempts) = (Arc::clone(net), Arc::new(Mutex::new(Vec::new())));
        let told = Arc::clone(&attempts);
        let writes = Background::start(move |stop| {
            net.within(|| {
                for n in 1.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let began = Instant::now();
                    let address = dns::resolve(PATIENCE);
                    let server = address.and_then(|address| write(address, n).ok().flatten());
                    lock(&told).push(Attempt { n, at: Instant::now(), server });
                    thread::sleep(PACE.saturating_sub(began.elapsed()));
                }
            });
        });
        Client { attempts, _writes: writes }
    }

    /// What it has tried since a moment.
    pub fn since(&self, moment: Instant) -> Vec<Attempt> {
        lock(&self.attempts).iter().filter(|attempt| attempt.at >= moment).copied().collect()
    }
}

fn lock(attempts: &Mutex<Vec<Attempt>>) -> MutexGuard<'_, Vec<Attempt>> {
    attempts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The id of the server that has the row now.
fn write(address: Ipv4Addr, n: u64) -> mysql::Result<Option<u32>> {
    let options = OptsBuilder::new().ip_or_hostname(Some(address.to_string())).tcp_port(3306);
    let options = options.prefer_socket(false).user(Some(writer::USER)).pass(Some(writer::PASSWORD));
    let options = options.tcp_connect_timeout(Some(PATIENCE)).read_timeout(Some(PATIENCE));
    let mut conn = Conn::new(options.write_timeout(Some(PATIENCE)))?;
    let id = conn.query_first("SELECT @@server_id")?;
    conn.query_drop(format!("INSERT INTO w.t VALUES ({n}, @@server_id, 0)"))?;
    Ok(id)
}

/// The rows a server has.
pub fn rows(server: &Server) -> BTreeSet<u64> {
    writer::rows(server).into_iter().map(|(n, _)| n).collect()
}
