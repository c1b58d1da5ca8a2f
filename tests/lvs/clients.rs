//! Clients of virtual servers.

use crate::support::accounts::{MONITOR, MONITOR_PASSWORD};
use crate::support::net::Net;
use crate::support::{Background, wait_until};
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a visitor waits for anything.
const VISITORS_PATIENCE: Duration = Duration::from_secs(10);
/// How long somebody waits who has a session.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two visits.
const PAUSE: Duration = Duration::from_millis(5);
const BOUND: Duration = Duration::from_secs(60);

/// One connection, made and closed.
#[derive(Clone)]
pub struct Visit {
    pub began: Instant,
    pub ended: Instant,
    /// The server that answered, `db1`; or what the client was told.
    pub answer: Result<String, String>,
}

impl Visit {
    /// Whether nobody was there to take it.
    pub fn was_refused(&self) -> bool {
        self.answer.as_ref().is_err_and(|words| words.contains("refused"))
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} after {:?}", self.answer, self.ended - self.began)
    }
}

/// Somebody who connects to a virtual server again and again.
pub struct Client {
    visits: Arc<Mutex<Vec<Visit>>>,
    _visiting: Background<()>,
}

impl Client {
    /// Begins.
    pub fn start(net: &Arc<Net>, service: SocketAddr) -> Client {
        let visits = Arc::default();
        let (net, made) = (Arc::clone(net), Arc::clone(&visits));
        let visiting = Background::start(move |stop| net.within(|| keep_visiting(service, stop, &made)));
        Client { visits, _visiting: visiting }
    }

    /// What happened so far.
    pub fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What happened to visits that began after this moment.
    pub fn visits_since(&self, moment: Instant) -> Vec<Visit> {
        self.visits().into_iter().filter(|visit| visit.began > moment).collect()
    }

    /// Waits until so many visits that begin from now on were answered, all by this server.
    #[track_caller]
    pub fn wait_for_visits(&self, count: usize, server: &str) {
        let now = Instant::now();
        let mut visits = Vec::new();
        wait_until(&format!("{count} visits to {server}"), BOUND, || {
            visits = self.visits_since(now);
            visits.len() >= count
        });
        let others: Vec<_> = visits.iter().filter(|v| v.answer.as_deref() != Ok(server)).collect();
        assert!(others.is_empty(), "of {} visits not all came to {server}: {others:#?}", visits.len());
    }

    /// Waits until a visit that began after this moment is answered by this server. When it had its answer.
    #[track_caller]
    pub fn wait_for_answer(&self, moment: Instant, server: &str) -> Instant {
        let mut answered = None;
        wait_until(&format!("a visit to {server}"), BOUND, || {
            let visits = self.visits_since(moment);
            answered = visits.into_iter().find(|v| v.answer.as_deref() == Ok(server)).map(|v| v.ended);
            answered.is_some()
        });
        answered.expect("just seen")
    }
}

fn keep_visiting(service: SocketAddr, stop: &AtomicBool, visits: &Mutex<Vec<Visit>>) {
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = Session::open_here(service, VISITORS_PATIENCE).and_then(|mut session| session.ask());
        let visit = Visit { began, ended: Instant::now(), answer: answer.map_err(|e| e.to_string()) };
        visits.lock().unwrap_or_else(PoisonError::into_inner).push(visit);
        thread::sleep(PAUSE);
    }
}

/// A connection that is kept.
pub struct Session(Conn);

impl Session {
    /// From a client's network.
    pub fn open(net: &Net, service: SocketAddr) -> mysql::Result<Session> {
        net.within(|| Session::open_here(service, PATIENCE))
    }

    fn open_here(service: SocketAddr, patience: Duration) -> mysql::Result<Session> {
        let patience = Some(patience);
        let options =
            OptsBuilder::new().ip_or_hostname(Some(service.ip().to_string())).tcp_port(service.port());
        let options = options.prefer_socket(false).user(Some(MONITOR)).pass(Some(MONITOR_PASSWORD));
        let options = options.tcp_connect_timeout(patience).read_timeout(patience).write_timeout(patience);
        Ok(Session(Conn::new(options.max_allowed_packet(Some(1 << 20)))?))
    }

    /// The server at the other end, `db1`.
    pub fn ask(&mut self) -> mysql::Result<String> {
        let id: Option<u32> = self.0.query_first("SELECT @@server_id")?;
        Ok(format!("db{}", id.unwrap_or_default()))
    }

    /// Asks until it is told that the session is over. One that hangs is not told, and waits until its patience is at an end.
    #[track_caller]
    pub fn wait_until_it_is_reset(mut self) {
        let began = Instant::now();
        loop {
            let asked = Instant::now();
            if let Err(e) = self.ask() {
                assert!(asked.elapsed() < PATIENCE, "the session hung: {e}");
                return;
            }
            assert!(began.elapsed() < BOUND, "the session goes on");
            thread::sleep(PAUSE);
        }
    }
}
