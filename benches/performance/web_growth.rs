//! `mpp-web` for a thousand pools: its memory, and how long `/metrics` takes.

use super::crowd::{Crowd, Servers, Shape};
use super::figures::{Figures, Table};
use super::support::MppWeb;
use super::usage;
use std::thread;
use std::time::{Duration, Instant};

const SHAPES: [usize; 3] = [10, 100, 1000];
const ROUNDS: usize = 20;
/// A page of metrics is given to whoever comes within a second.
const REMEMBERED: Duration = Duration::from_millis(1050);
const FORMATS: [&str; 2] = ["text/plain", "application/openmetrics-text"];

/// The table.
pub fn measure() -> String {
    let servers = Servers::start(1200, &[]);
    let mut table = Table::new(&[
        "pools of 2",
        "memory when it has started: own / resident, MB",
        "after verdicts of all nodes",
        "after 20 of `/v1/status`",
        "after 40 of `/metrics`",
        "`/v1/status`, ms: floor / median / worst",
        "`/metrics`, ms: floor / median / worst",
        "series",
        "wanted",
    ]);
    for pools in SHAPES {
        let shape = Shape { pools, nodes: 2 };
        let crowd = Crowd::start(&servers, shape, |address| address);
        table.row(of(&crowd, &MppWeb::beside(&crowd.agent, "")));
    }
    table.markdown()
}

fn of(crowd: &Crowd, web: &MppWeb) -> [String; 9] {
    let memory = || {
        let (own, all) = usage::resident(web.pid());
        format!("{own:.1} / {all:.1}")
    };
    let times = |figures: Figures| figures.cells(0)[..3].join(" / ");
    let started = memory();
    for (pool, node) in crowd.shape.places() {
        web.get(&format!("/v1/pools/p{pool}/nodes/db{node}/geo"), "*/*");
    }
    let asked = memory();
    let status = Figures::of((0..ROUNDS).map(|_| took(web, "/v1/status", "*/*")).collect());
    let shown = memory();
    let scrape = |accept| (0..ROUNDS).map(move |_| fresh(web, accept));
    let metrics = Figures::of(FORMATS.into_iter().flat_map(scrape).collect());
    let scraped = memory();
    let text = web.get("/metrics", FORMATS[0]).body;
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    let wanted = match crowd.shape.pools {
        1000 => "20 MB, 50 ms",
        _ => "",
    };
    let cells =
        [started, asked, shown, scraped, times(status), times(metrics), series.to_string(), wanted.into()];
    let [a, b, c, d, e, f, g, h] = cells;
    [crowd.shape.pools.to_string(), a, b, c, d, e, f, g, h]
}

/// How long `/metrics` takes when it is not the answer of a moment ago.
fn fresh(web: &MppWeb, accept: &str) -> f64 {
    thread::sleep(REMEMBERED);
    took(web, "/metrics", accept)
}

/// From connecting to the end of the answer, ms.
fn took(web: &MppWeb, path: &str, accept: &str) -> f64 {
    let began = Instant::now();
    let answer = web.get(path, accept);
    assert_eq!(answer.code, 200, "{path}: {}", answer.head);
    began.elapsed().as_secs_f64() * 1e3
}
