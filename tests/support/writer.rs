//! An application behind LVS: writes all the time to the node that is UP for `rw`, and knows what was acknowledged.

use super::published::Published;
use super::server::Server;
use super::wait::wait_until;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// The application.
pub const USER: &str = "app";
/// Its password.
pub const PASSWORD: &str = "app-secret";
/// How long a connection outlives the DOWN of its node: keepalived looks four times a second.
pub const LINGER: Duration = Duration::from_millis(250);
/// Generous: a busy machine is no fault.
const BOUND: Duration = Duration::from_secs(60);
/// How long one statement may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client in a thread of its own.
pub struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Written>,
}

/// What a writer did.
#[derive(Default)]
struct Written {
    /// The rows the server said it had.
    acknowledged: Vec<u64>,
    /// The states in which more than one node was UP for `rw`.
    two_up: Vec<String>,
}

/// Makes the table and the account, on a server that the others replicate from.
pub fn prepare(server: &Server) {
    server.sql(&format!(
        "CREATE DATABASE w; CREATE TABLE w.t (n BIGINT PRIMARY KEY, server INT, at BIGINT) ENGINE=InnoDB; \
         CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON w.* TO {USER}@'%'"
    ));
}

/// Waits until writers have written more to this server itself.
#[track_caller]
pub fn goes_on_at(server: &Server) {
    let of = format!("SELECT n FROM w.t WHERE server = {}", server.id());
    let written = || server.try_sql(&of).map_or(0, |rows| rows.len());
    let before = written();
    wait_until("writes go on", BOUND, || written() > before + 20);
}

/// Waits until all of them have the same rows.
#[track_caller]
pub fn have_the_same(at: &[Server]) {
    wait_until("all have the same rows", BOUND, || {
        at.windows(2).all(|pair| rows(&pair[0]).len() == rows(&pair[1]).len())
    });
}

/// The rows of a server, in the order in which their writers decided to write them, with the id of the server that wrote each.
pub fn rows(server: &Server) -> Vec<(u64, u32)> {
    let row = |row: mysql::Row| (row.get(0).expect("n"), row.get(1).expect("server"));
    server.sql("SELECT n, server FROM w.t ORDER BY at, n").into_iter().map(row).collect()
}

impl Writer {
    /// Starts writing to whichever node of pool `pool` is UP for `rw` in the published state, rows `first`, `first` + 1, ...
    pub fn start(state: &Path, pool: &str, first: u64) -> Writer {
        let stop = Arc::new(AtomicBool::new(false));
        let mut client = Client {
            state: Published::at(state.to_owned()),
            pool: pool.to_owned(),
            stop: Arc::clone(&stop),
            next: first,
            written: Written::default(),
        };
        let run = move || {
            client.run();
            client.written
        };
        Writer { stop, thread: thread::spawn(run) }
    }

    /// Starts three of them.
    pub fn start_three(state: &Path, pool: &str) -> Vec<Writer> {
        (0..3).map(|w| Writer::start(state, pool, 1 + w * 1_000_000)).collect()
    }

    fn finish(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer")
    }
}

/// Ends them, and waits until these servers have the same rows. None of them has ever seen two nodes to write to, and
/// each row that they were told is written is there: as many as are returned.
#[track_caller]
pub fn finish_without_loss(writers: Vec<Writer>, at: &[Server]) -> usize {
    let written: Vec<Written> = writers.into_iter().map(Writer::finish).collect();
    let two_up: Vec<&String> = written.iter().flat_map(|w| &w.two_up).collect();
    assert!(two_up.is_empty(), "{two_up:?}");
    have_the_same(at);
    let known: HashSet<u64> = rows(&at[0]).into_iter().map(|(n, _)| n).collect();
    let acknowledged: Vec<u64> = written.into_iter().flat_map(|w| w.acknowledged).collect();
    let lost: Vec<u64> = acknowledged.iter().copied().filter(|n| !known.contains(n)).collect();
    assert_eq!(lost, [0; 0], "of {} acknowledged rows", acknowledged.len());
    acknowledged.len()
}

struct Client {
    state: Published,
    pool: String,
    stop: Arc<AtomicBool>,
    next: u64,
    written: Written,
}

impl Client {
    fn run(&mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            match self.up().and_then(|address| connect(&address)) {
                Some((conn, address)) => self.write_to(conn, &address),
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Writes until the node may have been DOWN for a while, or the connection breaks. A row bears the time of the look
    /// after which it was sent: how long it takes to the server, on a busy machine, is nobody's doing.
    fn write_to(&mut self, mut conn: Conn, address: &str) {
        let mut last_up = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let (look, at) = (Instant::now(), UNIX_EPOCH.elapsed().expect("a clock").as_micros());
            if self.up().as_deref() == Some(address) {
                last_up = look;
            } else if last_up.elapsed() >= LINGER {
                return;
            }
            let n = self.next;
            self.next += 1;
            let insert = format!("INSERT INTO w.t VALUES ({n}, @@server_id, {at})");
            if conn.query_drop(insert).is_err() {
                return;
            }
            self.written.acknowledged.push(n);
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The address of the node that is UP for `rw`, from one consistent look at the published state.
    fn up(&mut self) -> Option<String> {
        let pool = self.state.pool(&self.pool)?;
        let all = pool.nodes.iter().zip(&pool.record.nodes);
        let up: Vec<&str> = all.filter(|(_, r)| r.rw.up).map(|(n, _)| n.address.as_str()).collect();
        if up.len() > 1 {
            self.written.two_up.push(format!("{up:?}"));
        }
        up.first().map(|address| (*address).to_owned())
    }
}

fn connect(address: &str) -> Option<(Conn, String)> {
    let at: SocketAddr = address.parse().ok()?;
    let options = OptsBuilder::new().ip_or_hostname(Some(at.ip().to_string())).tcp_port(at.port());
    let options = options.prefer_socket(false).user(Some(USER)).pass(Some(PASSWORD));
    let options = options.tcp_connect_timeout(Some(PATIENCE)).read_timeout(Some(PATIENCE));
    Some((Conn::new(options.write_timeout(Some(PATIENCE))).ok()?, address.to_owned()))
}
