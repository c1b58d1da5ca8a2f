//! mppd's hand on real servers: orders to open and close, write probes, and what they lead to.

mod support;

use mpp::clock::now;
use mpp::core::event::Gate;
use mpp::core::gate::LIMIT;
use mpp::core::observation::Answer;
use mpp::hand::{Done, End, Plan, Probe, Watched, order};
use mpp::poll::Target;
use mysql::prelude::Queryable;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use support::accounts::{MONITOR, let_manage};
use support::monitor::{asker, facts, target};
use support::processes::freeze;
use support::writer;
use support::{Flavour, Options, Server, ambush, on_servers, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// Has the server at this address opened or closed, as the monitor; what came of it.
fn have(address: SocketAddr, gate: Gate) -> Result<(), String> {
    let (sender, ends) = channel();
    let done: Done = Arc::new(move |end| _ = sender.send(end));
    order(target(address), gate, now() + LIMIT, done).expect("a thread");
    let end = ends.recv_timeout(BOUND).expect("an end");
    assert!(ends.recv_timeout(Duration::from_millis(50)).is_err(), "one end");
    match end {
        End::Known(end) => end,
        End::Senseless(words) => panic!("it panicked: {words}"),
    }
}

/// The order is carried out; on a busy machine not at once.
#[track_caller]
fn has(server: &Server, gate: Gate) {
    wait_until(&format!("{gate:?}"), BOUND, || have(server.address(), gate) == Ok(()));
}

/// Whether ordinary users may write, as the administrator sees it.
fn open(server: &Server) -> bool {
    let strict = server.flavour().say("read_only", "super_read_only");
    let switches =
        format!("SELECT CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AND NOT @@global.{strict}");
    server.value(&switches) == "1"
}

fn an_order_opens_and_closes_a_server(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    let_manage(&server);
    for (gate, is_open) in
        [(Gate::Closed, false), (Gate::Closed, false), (Gate::Open, true), (Gate::Open, true)]
    {
        has(&server, gate);
        assert_eq!(open(&server), is_open, "{gate:?}");
        assert_eq!(facts(&mut asker(server.address())).read_only, !is_open);
    }
    // What is open to administrators alone is not open, and not closed.
    if flavour.is_mysql() {
        server.sql("SET GLOBAL read_only = ON");
        has(&server, Gate::Closed);
        assert_eq!(server.value("SELECT @@global.super_read_only"), "1");
    }
}

fn an_order_that_a_frozen_server_finds_when_it_thaws_is_not_carried_out(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    let_manage(&server);
    for (gate, words) in [(Gate::Open, "'OFF'"), (Gate::Closed, "'ON'")] {
        server.sql(if gate == Gate::Open {
            "SET GLOBAL read_only = ON"
        } else {
            "SET GLOBAL read_only = OFF"
        });
        let before = open(&server);
        let pid = server.pid();
        let address = ambush::before(server.address(), words, move || freeze(pid));
        let end = have(address, gate);
        assert!(end.as_ref().is_err_and(|why| why.starts_with("timeout after")), "{gate:?}: {end:?}");
        server.thaw();
        wait_until("what it found is done", BOUND, || {
            server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'mpp'") == "0"
        });
        assert_eq!(open(&server), before, "{gate:?}");
    }
}

fn a_server_on_which_something_holds_a_lock_is_not_closed_and_that_is_told_in_time(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    let_manage(&server);
    server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT)");
    let mut holder = server.admin().expect("a connection");
    holder.query_drop("LOCK TABLES d.t WRITE").expect("a lock");
    let mut asker = asker(server.address());
    let end = have(server.address(), Gate::Closed);
    assert!(
        end.as_ref().is_err_and(|why| why.starts_with("something holds a lock, or runs long: ")),
        "{end:?}"
    );
    assert!(open(&server) && !facts(&mut asker).read_only);
    holder.query_drop("UNLOCK TABLES").expect("unlocked");
    has(&server, Gate::Closed);
    // A transaction that is open does not keep it from being closed: its commit fails.
    has(&server, Gate::Open);
    writer::prepare(&server);
    let mut client = server.connect("app", "app-secret").expect("a client");
    client.query_drop("BEGIN; INSERT INTO w.t VALUES (1, 1, 1)").expect("a row");
    has(&server, Gate::Closed);
    let refused = client.query_drop("COMMIT").expect_err("no commit").to_string();
    assert!(refused.contains("1290"), "{refused}");
}

fn a_monitor_without_the_privilege_is_told_what_is_missing(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    let end = have(server.address(), Gate::Closed).expect_err("no privilege");
    let privilege = flavour.say("READ_ONLY ADMIN", "SYSTEM_VARIABLES_ADMIN");
    assert!(end.contains(privilege) && end.ends_with("(mpp config grants)"), "{end}");
    assert!(open(&server));
}

/// A probe of a server, what it means for the polls, and what it tells.
struct Probed {
    probe: Probe,
    watched: Arc<Watched>,
    told: Receiver<(&'static str, String)>,
}

impl Probed {
    fn of(address: SocketAddr, table: &str) -> Probed {
        let (second, half) = (Duration::from_secs(1), Duration::from_millis(500));
        let table = table.to_owned();
        let plan = Plan { table, every: half, again: half, limit: second, read_only_counts: true };
        let (sender, told) = channel();
        let tell = Arc::new(move |severity, words| _ = sender.send((severity, words)));
        let watched = Arc::<Watched>::default();
        let probe = Probe::start(target(address), plan, &watched, tell).expect("a thread");
        Probed { probe, watched, told }
    }

    /// What a good answer to a poll counts as.
    fn judge(&self, server: &Server) -> Answer {
        self.watched.judge(Answer::Online(Box::new(facts(&mut asker(server.address())))))
    }

    fn wait_for_fault(&self, server: &Server, words: &str) {
        wait_until(
            words,
            BOUND,
            || matches!(self.judge(server), Answer::Saturated(why) if why.starts_with(words)),
        );
    }

    fn wait_well(&self, server: &Server) {
        wait_until("all is well", BOUND, || matches!(self.judge(server), Answer::Online(_)));
    }
}

/// When the probe has last written.
fn sign(server: &Server) -> String {
    server.value("SELECT MAX(at) FROM mpp.probe")
}

fn wait_for_a_sign(server: &Server) {
    let before = sign(server);
    wait_until("another write", BOUND, || sign(server) > before);
}

/// The monitor's connections, as the administrator sees them.
fn connections(server: &Server) -> String {
    server.value(&format!("SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{MONITOR}'"))
}

fn a_probe_tells_whether_a_server_can_be_written(flavour: Flavour) {
    let server = Server::start(&Options::id(7).on(flavour));
    let_manage(&server);
    let probed = Probed::of(server.address(), "mpp.probe");
    wait_for_a_sign(&server);
    wait_for_a_sign(&server);
    assert_eq!(server.value("SELECT GROUP_CONCAT(id) FROM mpp.probe"), "7", "a row a server");
    probed.wait_well(&server);

    let mut backup = server.admin().expect("a connection");
    backup.query_drop("FLUSH TABLES WITH READ LOCK").expect("a lock");
    probed.wait_for_fault(&server, "write probe: ");
    backup.query_drop("UNLOCK TABLES").expect("unlocked");
    probed.wait_well(&server);

    server.sql(flavour.say("SET GLOBAL read_only = ON", "SET GLOBAL super_read_only = ON"));
    probed.wait_for_fault(&server, "write probe: the server is read-only");
    let last = sign(&server);
    has(&server, Gate::Open);
    probed.wait_well(&server);
    assert!(sign(&server) > last);

    // Its connection is killed, and it is soon back.
    let killed = format!("SELECT MIN(id) FROM information_schema.processlist WHERE user = '{MONITOR}'");
    server.sql(&format!("KILL {}", server.value(&killed)));
    wait_for_a_sign(&server);
    assert!(probed.told.try_recv().is_err(), "nothing is wrong with the probe itself");
    drop(probed.probe);
    wait_until("it is gone", BOUND, || connections(&server) == "0");
}

fn a_probe_that_is_not_set_up_right_says_so_and_fails_nobody(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    let probed = Probed::of(server.address(), "mpp.probe");
    let told = || probed.told.recv_timeout(BOUND).expect("words");
    let (severity, words) = told();
    assert!(severity == "alert" && words.contains("not set up right") && words.contains("1142"), "{words}");
    probed.wait_well(&server);
    let_manage(&server);
    assert_eq!(told(), ("notice", "it writes now".to_owned()));
    server.sql("DROP TABLE mpp.probe");
    assert!(told().1.contains("1146"));
    server.sql("CREATE TABLE mpp.probe (id INT PRIMARY KEY)");
    assert!(told().1.contains("1054"));
    assert!(matches!(probed.judge(&server), Answer::Online(_)));
}

fn a_write_that_a_frozen_server_finds_when_it_thaws_is_not_done(flavour: Flavour) {
    let server = Server::start(&Options::id(1).on(flavour));
    let_manage(&server);
    let pid = server.pid();
    let address = ambush::before(server.address(), "INSERT INTO", move || freeze(pid));
    let probed = Probed::of(address, "mpp.probe");
    // Not judged by a poll, which a frozen server does not answer.
    let online = mpp::core::observation::Facts {
        server_id: 1,
        version: String::new(),
        read_only: false,
        position: mpp::core::position::Position::default(),
        channels: Vec::new(),
        round_trip: Duration::ZERO,
    };
    let judged = || probed.watched.judge(Answer::Online(Box::new(online.clone())));
    wait_until(
        "it counts",
        BOUND,
        || matches!(judged(), Answer::Saturated(why) if why.contains("no answer for")),
    );
    std::thread::sleep(target(address).timeout);
    drop(probed.probe);
    server.thaw();
    wait_until("what it found is done", BOUND, || connections(&server) == "0");
    assert_eq!(sign(&server), "", "no row");
}

#[test]
fn a_server_that_cannot_be_reached_is_not_opened_and_that_is_told_in_time() {
    let mut server = Server::start(&Options::id(1));
    let wrong = Target { user: "nobody".into(), ..target(server.address()) };
    assert_ne!(wrong.user, MONITOR);
    server.freeze();
    let end = have(server.address(), Gate::Open).expect_err("frozen");
    assert!(end.contains("no greeting within"), "{end}");
    server.thaw();
    server.kill9();
    assert_eq!(have(server.address(), Gate::Open), Err("connection refused".into()));
}

on_servers! { installed, mysql_9, mariadb_10_5, mariadb_11_8: {
        an_order_opens_and_closes_a_server,
        an_order_that_a_frozen_server_finds_when_it_thaws_is_not_carried_out,
        a_server_on_which_something_holds_a_lock_is_not_closed_and_that_is_told_in_time,
        a_monitor_without_the_privilege_is_told_what_is_missing,
        a_probe_tells_whether_a_server_can_be_written,
        a_probe_that_is_not_set_up_right_says_so_and_fails_nobody,
        a_write_that_a_frozen_server_finds_when_it_thaws_is_not_done,
    }
}
