//! Clients of a pool behind a proxy: who answers them.

use crate::sites::BOUND;
use crate::support::{Background, wait_until};
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long connecting and each statement may take.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// A connection through a proxy, as the account of `support::writer`.
pub fn connect(at: SocketAddr) -> mysql::Result<Conn> {
    let options = OptsBuilder::new().ip_or_hostname(Some(at.ip().to_string())).tcp_port(at.port());
    let options = options.prefer_socket(false).user(Some("app")).pass(Some("app-secret"));
    let options = options.tcp_connect_timeout(Some(PATIENCE)).read_timeout(Some(PATIENCE));
    Conn::new(options.write_timeout(Some(PATIENCE)))
}

/// The id of the server that a connection leads to.
pub fn who(conn: &mut Conn) -> mysql::Result<u32> {
    Ok(conn.query_first("SELECT @@server_id")?.expect("a row"))
}

/// The id of the server that answers a new connection, if one does.
pub fn answering(at: SocketAddr) -> Option<u32> {
    connect(at).and_then(|mut conn| who(&mut conn)).ok()
}

/// Connects all the time.
pub struct Clients {
    /// The id of the server that answered last; 0: none has.
    last: Arc<AtomicU32>,
    thread: Background<Vec<(Instant, Option<u32>)>>,
}

impl Clients {
    /// Through this proxy, until ended.
    pub fn start(at: SocketAddr) -> Clients {
        let last = Arc::new(AtomicU32::new(0));
        let latest = Arc::clone(&last);
        let thread = Background::start(move |stop| {
            let mut seen = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                let who = answering(at);
                seen.push((began, who));
                latest.store(who.unwrap_or(0), Ordering::Relaxed);
                thread::sleep(PAUSE);
            }
            seen
        });
        Clients { last, thread }
    }

    /// Waits until this server answers.
    #[track_caller]
    pub fn wait_for(&self, id: u32) {
        wait_until(&format!("clients reach server {id}"), BOUND, || self.last.load(Ordering::Relaxed) == id);
    }

    /// Ends it; fails if others answered than `from` and then `to`, or one after the other had. How long after `since` the
    /// last began whom `from` answered, and the first whom `to` did.
    #[track_caller]
    pub fn end(self, since: Instant, from: u32, to: u32) -> (Duration, Duration) {
        let seen = self.thread.end();
        let mut order: Vec<u32> = seen.iter().filter_map(|(_, who)| *who).collect();
        order.dedup();
        assert_eq!(order, [from, to], "in this order, and never back");
        let last = seen.iter().rev().find(|(_, who)| *who == Some(from)).expect("it answered").0;
        let first = seen.iter().find(|(_, who)| *who == Some(to)).expect("it answered").0;
        (last.saturating_duration_since(since), first.saturating_duration_since(since))
    }
}
