//! A verdict over HTTP, against a static answer of nginx, by turns.

use super::crowd::{Crowd, Servers, Shape};
use super::figures::{Figures, Table};
use super::load::{Load, Run, pinned};
use super::support::agent::program;
use super::support::processes::start;
use super::support::{MppWeb, OwnDir, wait_until};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

const ROUNDS: usize = 20;
const SECONDS: u32 = 1;
/// What is asked for.
const VERDICT: &str = "/v1/pools/p0/nodes/db0/rw";
const BOUND: Duration = Duration::from_secs(30);

/// The table, and the two ratios.
pub fn measure() -> String {
    let dir = OwnDir::private("web");
    let servers = Servers::start(100, &[]);
    let crowd = Crowd::start(&servers, Shape { pools: 5, nodes: 2 }, |address| address);
    let web = MppWeb::run(&crowd.agent, "", pinned(&program("mpp-web")));
    let (_nginx, address) = nginx(&dir);
    let load = Load::new(&dir, SECONDS);
    let mut table = Table::new(&[
        "answer",
        "connections",
        "requests a second: floor / median",
        "median, ms",
        "99 of 100 within, ms: median / worst run",
        "runs",
        "wanted",
    ]);
    for kept in [true, false] {
        let runs: Vec<[Run; 2]> = (0..ROUNDS)
            .map(|_| [load.run(address, "/", kept), load.run(web.address(), VERDICT, kept)])
            .collect();
        let rate = |of: usize| Figures::of(runs.iter().map(|r| r[of].rate).collect());
        let ratio = rate(1).median() / rate(0).median();
        let how = if kept { "kept" } else { "one a request" };
        let late = |of: usize| Figures::of(runs.iter().map(|r| r[of].p99).collect()).median();
        let (ours, nginx) = (late(1), late(0));
        let wanted = format!(
            "at least 0.5 x nginx: {ratio:.2} x; 99 of 100 within 2 ms: {ours:.2} ms, nginx's {nginx:.2}"
        );
        table.row(row("nginx, `return 200 \"UP\"`", how, &runs, 0, ""));
        table.row(row("`mpp-web`, a verdict", how, &runs, 1, &wanted));
    }
    table.markdown()
}

fn row(name: &str, how: &str, runs: &[[Run; 2]], of: usize, wanted: &str) -> [String; 7] {
    let figures = |value: fn(&Run) -> f64| Figures::of(runs.iter().map(|r| value(&r[of])).collect());
    let (rate, median, p99) = (figures(|r| r.rate), figures(|r| r.median), figures(|r| r.p99));
    [
        name.into(),
        how.into(),
        format!("{:.0} / {:.0}", rate.floor(), rate.median()),
        format!("{:.2}", median.median()),
        format!("{:.2} / {:.2}", p99.median(), p99.worst()),
        p99.count().to_string(),
        wanted.into(),
    ]
}

/// A process that is killed when this goes.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One process of nginx that says UP to everybody; and where.
fn nginx(dir: &Path) -> (Killed, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let at = dir.display();
    let text = format!(
        "daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/nginx.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {at}/b; proxy_temp_path {at}/p;\n\
         fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
         server {{ listen {address}; location / {{ return 200 \"UP\"; }} }} }}\n"
    );
    let conf = dir.join("nginx.conf");
    fs::write(&conf, text).expect("written");
    let mut command = pinned(Path::new("/usr/sbin/nginx"));
    command.arg("-c").arg(conf).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let nginx = Killed(start(command).expect("nginx"));
    wait_until("nginx listens", BOUND, || TcpStream::connect(address).is_ok());
    (nginx, address)
}
