//! What one poll costs, with and without TLS, on a kept and on a fresh connection, against a bare loop around the `mysql` crate
//! that asks for the replication status and throws it away.

use super::figures::{Figures, Table};
use super::support::accounts::{MONITOR, MONITOR_PASSWORD};
use super::support::certificate;
use super::support::monitor::{asker_of, target};
use super::support::{Server, Use, source_replica};
use mpp::poll::{Asker, Target, Tls};
use mysql::prelude::Queryable;
use mysql::{Conn, Opts, OptsBuilder, Row, SslOpts};
use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

const KEPT: usize = 2000;
const FRESH: usize = 300;

/// Wall time and this thread's processor time, us.
type Cost = (f64, f64);

/// The table.
pub fn measure() -> String {
    let mut servers = source_replica(Use::Gtid);
    let replica = &mut servers[1];
    let columns = [
        "poll",
        "wall, us: floor",
        "median",
        "worst",
        "client CPU, us: median",
        "the peer's: wall",
        "CPU",
        "ratio: wall",
        "CPU",
    ];
    let mut table = Table::new(&columns);
    let ip = replica.address().ip().to_string();
    certificate::install(replica, &ip);
    for (tls, name) in [(Tls::Disabled, "without TLS"), (Tls::Required, "with TLS")] {
        let kept = by_turns(KEPT, kept_poll(replica, &tls), kept_peer(replica, &tls));
        table.row(cells(&format!("kept connection, {name}"), kept));
        let fresh = by_turns(FRESH, fresh_poll(replica, &tls), fresh_peer(replica, &tls));
        table.row(cells(&format!("fresh connection, {name}"), fresh));
    }
    table.markdown()
}

fn cells(name: &str, (ours, peer): (Vec<Cost>, Vec<Cost>)) -> Vec<String> {
    let split = |costs: Vec<Cost>| {
        let (wall, cpu): (Vec<f64>, Vec<f64>) = costs.into_iter().unzip();
        (Figures::of(wall), Figures::of(cpu))
    };
    let ((wall, cpu), (peer_wall, peer_cpu)) = (split(ours), split(peer));
    let numbers =
        [wall.floor(), wall.median(), wall.worst(), cpu.median(), peer_wall.median(), peer_cpu.median()];
    let ratios = [wall.median() / peer_wall.median(), cpu.median() / peer_cpu.median()];
    let numbers = numbers.iter().map(|n| format!("{n:.0}"));
    [name.to_owned()].into_iter().chain(numbers).chain(ratios.iter().map(|r| format!("{r:.2}"))).collect()
}

/// Both, by turns, after a few rounds that do not count.
fn by_turns(rounds: usize, mut ours: impl FnMut(), mut peer: impl FnMut()) -> (Vec<Cost>, Vec<Cost>) {
    let mut both: Vec<(Cost, Cost)> = (0..rounds + 20).map(|_| (cost(&mut ours), cost(&mut peer))).collect();
    both.drain(..20);
    both.into_iter().unzip()
}

fn cost(act: &mut impl FnMut()) -> Cost {
    let cpu = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock"));
    let (began, before) = (Instant::now(), cpu());
    act();
    (began.elapsed().as_secs_f64() * 1e6, (cpu() - before).as_secs_f64() * 1e6)
}

fn asker(server: &Server, tls: &Tls, reconnect_every: Duration) -> Asker {
    asker_of(Target { tls: tls.clone(), reconnect_every, ..target(server.address()) })
}

fn kept_poll(server: &Server, tls: &Tls) -> impl FnMut() {
    polling(asker(server, tls, Duration::from_secs(3600)))
}

fn fresh_poll(server: &Server, tls: &Tls) -> impl FnMut() {
    polling(asker(server, tls, Duration::ZERO))
}

fn polling(mut asker: Asker) -> impl FnMut() {
    move || {
        let answer = asker.poll().answer;
        assert!(answer.facts().is_some_and(|f| f.channels.len() == 1), "{answer:?}");
    }
}

fn kept_peer(server: &Server, tls: &Tls) -> impl FnMut() {
    let mut conn = Conn::new(options(server, tls)).expect("a connection");
    move || ask(&mut conn)
}

fn fresh_peer(server: &Server, tls: &Tls) -> impl FnMut() {
    let options = options(server, tls);
    move || ask(&mut Conn::new(options.clone()).expect("a connection"))
}

fn options(server: &Server, tls: &Tls) -> Opts {
    let address = server.address();
    let encrypt = *tls != Tls::Disabled;
    OptsBuilder::new()
        .ip_or_hostname(Some(address.ip().to_string()))
        .tcp_port(address.port())
        .prefer_socket(false)
        .user(Some(MONITOR))
        .pass(Some(MONITOR_PASSWORD))
        // Else it would cost the peer a question more.
        .max_allowed_packet(Some(1 << 20))
        .ssl_opts(encrypt.then(|| SslOpts::default().with_danger_accept_invalid_certs(true)))
        .into()
}

fn ask(conn: &mut Conn) {
    let rows: Vec<Row> = conn.query("SHOW ALL SLAVES STATUS").expect("an answer");
    assert_eq!(rows.len(), 1);
}
