//! One real server: started, asked, frozen, killed, restarted, and gone with the test.

use super::accounts::ADMIN;
use super::flavour::Flavour;
use super::options::{Options, apply_place};
use super::place::Place;
use super::processes::{freeze, spawn};
use super::template;
use super::wait::wait_until;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, Row};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Server {
    options: Options,
    place: Place,
    child: Option<Child>,
}

impl Server {
    /// Starts one, and waits until it answers.
    pub fn start(options: &Options) -> Server {
        let mut place = Place::take();
        if let Some((_, address)) = &options.inside {
            place.address = *address;
        }
        template::copy_to(options.flavour, &place.dir.join("data"));
        let mut server = Server { options: options.clone(), place, child: None };
        server.launch();
        server
    }

    /// Starts several at the same time, in the order given.
    pub fn start_all(options: &[Options]) -> Vec<Server> {
        thread::scope(|scope| {
            let starting: Vec<_> = options.iter().map(|o| scope.spawn(|| Server::start(o))).collect();
            starting.into_iter().map(|s| s.join().expect("a server")).collect()
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        let port = self.options.everywhere.unwrap_or(self.place.address.port());
        SocketAddr::new((*self.place.address.ip()).into(), port)
    }

    /// Its server id.
    pub fn id(&self) -> u32 {
        self.options.server_id
    }

    /// Which server it is.
    pub fn flavour(&self) -> Flavour {
        self.options.flavour
    }

    /// Its process.
    ///
    /// # Panics
    /// If it does not run.
    pub fn pid(&self) -> Pid {
        let child = self.child.as_ref().expect("the server runs");
        Pid::from_raw(child.id().try_into().expect("a process id"))
    }

    /// Runs statements as the administrator and gives the rows of the first back.
    #[track_caller]
    pub fn sql(&self, statements: &str) -> Vec<Row> {
        self.try_sql(statements).unwrap_or_else(|e| panic!("{statements}: {e}"))
    }

    /// The same, where an error is no surprise.
    pub fn try_sql(&self, statements: &str) -> mysql::Result<Vec<Row>> {
        let mut conn = self.admin()?;
        let mut answer = conn.query_iter(statements)?;
        let mut first = None;
        while let Some(set) = answer.iter() {
            let rows = set.collect::<Result<Vec<_>, _>>()?;
            first.get_or_insert(rows);
        }
        Ok(first.unwrap_or_default())
    }

    /// The first column of the first row.
    #[track_caller]
    pub fn value(&self, query: &str) -> String {
        let row = self.sql(query).into_iter().next().unwrap_or_else(|| panic!("{query}: no row"));
        row.get::<Option<String>, _>(0).flatten().unwrap_or_default()
    }

    /// A connection as the administrator, over the unix socket.
    pub fn admin(&self) -> mysql::Result<Conn> {
        let socket = self.socket().display().to_string();
        let wait = Some(PATIENCE);
        Conn::new(
            OptsBuilder::new().socket(Some(socket)).user(Some(ADMIN)).read_timeout(wait).write_timeout(wait),
        )
    }

    /// A connection as anybody, over TCP.
    pub fn connect(&self, user: &str, password: &str) -> mysql::Result<Conn> {
        let host = self.place.address.ip().to_string();
        let options = OptsBuilder::new().ip_or_hostname(Some(host)).tcp_port(self.address().port());
        Conn::new(
            options.prefer_socket(false).user(Some(user)).pass(Some(password)).read_timeout(Some(PATIENCE)),
        )
    }

    /// SIGKILL; returns when it is gone.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            // SIGKILL ends a frozen process too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// A clean shutdown; returns when it is done.
    pub fn stop_clean(&mut self) {
        self.signal(Signal::SIGTERM);
        let mut child = self.child.take().expect("the server runs");
        let began = Instant::now();
        while child.try_wait().expect("our child").is_none() {
            if began.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("the server does not stop:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGSTOP: it stays connected and says nothing any more.
    pub fn freeze(&self) {
        freeze(self.pid());
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Starts it again on its own data, after a clean stop if it runs; waits until it answers.
    pub fn restart(&mut self) {
        if self.child.is_some() {
            self.stop_clean();
        }
        self.launch();
    }

    /// Restarts it with further arguments.
    pub fn restart_with(&mut self, args: &[String]) {
        self.options.extra.extend_from_slice(args);
        self.restart();
    }

    /// Its unix socket.
    pub fn socket(&self) -> std::path::PathBuf {
        self.place.dir.join("sock")
    }

    /// Its directory: `data`, `sock`, `error.log`.
    pub fn dir(&self) -> &std::path::Path {
        &self.place.dir
    }

    /// What it wrote to its error log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.dir.join("error.log")).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("our child can be signalled");
    }

    fn launch(&mut self) {
        let mut command = self.options.flavour.program();
        apply_place(&mut command, &self.place.dir);
        let everywhere = self.options.everywhere.is_some();
        let ip = if everywhere { Ipv4Addr::UNSPECIFIED } else { *self.place.address.ip() };
        command.arg(format!("--bind-address={ip}")).arg(format!("--port={}", self.address().port()));
        self.options.apply(&mut command);
        command.current_dir("/");
        let net = self.options.inside.as_ref().map(|(net, _)| &**net);
        self.child = Some(spawn(command, net).unwrap_or_else(|e| panic!("{}: {e}", self.flavour().origin())));
        self.wait_until_it_answers();
    }

    fn wait_until_it_answers(&mut self) {
        let began = Instant::now();
        while self.admin().is_err() {
            let child = self.child.as_mut().expect("just started");
            let died = child.try_wait().expect("our child").is_some();
            assert!(!died && began.elapsed() < PATIENCE, "the server does not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
        if thread::panicking() {
            eprintln!("--- error log of server {} ---\n{}", self.id(), self.log());
        }
    }
}
