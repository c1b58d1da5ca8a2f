//! How fast IPVS follows what is decided, and what a check costs keepalived: lines `measured NAME: VALUES`, for `make bench`.

use super::director::Setup;
use super::keepalived::Keepalived;
use super::pool::Pool;
use super::site::Way;
use super::table::Servers;
use crate::in_a_guest;
use crate::support::net::Net;
use crate::support::{Agent, wait_until};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

in_a_guest! {
    #[ignore = "by make bench"]
    how_fast_the_table_follows,
    #[ignore = "by make bench"]
    what_a_check_costs_keepalived,
}

const BOUND: Duration = Duration::from_secs(60);
const SWITCHOVERS: usize = 20;
const KILLS: usize = 5;
/// Real servers that keepalived checks, four times a second each, and how long that is watched; by turns.
const CHECKED: usize = 20;
const WATCHED: Duration = Duration::from_secs(8);
const TURNS: usize = 3;

fn how_fast_the_table_follows() {
    let setup = Setup { pool: "    failback: manual\n    max_failovers: 100\n", ..Setup::default() };
    let mut pool = Pool::start_as(Way::Nat4, setup);
    let mut out = Vec::new();
    let mut in_again = Vec::new();
    for n in 0..SWITCHOVERS {
        let (from, to) = [("db1", "db2"), ("db2", "db1")][n % 2];
        let before = Instant::now();
        pool.switch_over_to(to);
        pool.table().wait("rw", &format!("{to}=1"));
        let told = |event| told_after(pool.agent(), event, before);
        let history = pool.table().history("rw");
        let first = |is: &dyn Fn(&Servers) -> bool| {
            history.iter().find(|(at, servers)| *at > before && is(servers)).expect("a change").0
        };
        out.push(since(told("handover"), first(&|servers| !servers.0.contains_key(from))));
        in_again.push(since(told("handed_over"), first(&|servers| servers.0.contains_key(to))));
    }
    report("decided to the old writer out of the table, ms", &out);
    report("decided to the new writer in the table, ms", &in_again);
    report("from the kill to both, ms", &kills(&mut pool));
}

/// From the SIGKILL of the ACTIVE node until the other is in its place.
fn kills(pool: &mut Pool) -> Vec<f64> {
    let mut taken = Vec::new();
    for _ in 0..KILLS {
        let active = pool.agent().active().expect("an ACTIVE node");
        let (dead, other) = if active == "db1" { (0, "db2=1") } else { (1, "db1=1") };
        let killed = Instant::now();
        pool.servers[dead].kill9();
        taken.push(since(killed, pool.table().wait("rw", other)));
        pool.servers[dead].restart();
        // Refused until it answers again.
        wait_until("it is taken back", BOUND, || pool.agent().mpp(&["recover", "db"]).status.success());
        wait_until("both are well", BOUND, || {
            let good = |n: usize| {
                let node = pool.agent().node(n);
                node.req == 0 && (node.state == "STANDBY" || node.state == "ACTIVE")
            };
            good(0) && good(1)
        });
    }
    taken
}

/// When it was told, which is once it is published and pushed.
fn told_after(agent: &Agent, event: &str, moment: Instant) -> Instant {
    let (now, wall) = (Instant::now(), SystemTime::now());
    let text = agent.says(&["events", "--json", "--last", "10000"]);
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let times = lines.filter(|line| line["event"] == event).filter_map(|line| {
        let time: jiff::Timestamp = line["time"].as_str()?.parse().ok()?;
        Some(now - wall.duration_since(SystemTime::from(time)).unwrap_or_default())
    });
    // Times are told in whole milliseconds.
    times.filter(|at| *at + Duration::from_millis(1) > moment).min().expect("it was told")
}

/// Milliseconds; 0 if it was over before it was told.
fn since(begin: Instant, end: Instant) -> f64 {
    end.saturating_duration_since(begin).as_secs_f64() * 1e3
}

fn what_a_check_costs_keepalived() {
    let pool = Pool::start(Way::Nat4);
    let folder = pool.agent().path("");
    let nothing = folder.join("nothing");
    fs::write(&nothing, exits_at_once()).expect("a program");
    fs::set_permissions(&nothing, fs::Permissions::from_mode(0o755)).expect("its mode");
    let state = pool.agent().state_file();
    let ours = format!("{} --state {} rw db db1", folder.join("mpp-check").display(), state.display());
    let programs = [("mpp-check", ours), ("nothing", nothing.display().to_string())];
    let net = Arc::new(Net::new(None));
    let mut costs = [Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        for ((name, program), costs) in programs.iter().zip(&mut costs) {
            costs.push(cost(&net, &folder.join(format!("{name}{turn}")), program));
        }
    }
    for ((name, _), costs) in programs.iter().zip(&costs) {
        report(&format!("processor time of keepalived and its children a check of {name}, us"), costs);
    }
}

/// Processor time of keepalived and of what it has run, for each run; microseconds.
fn cost(net: &Arc<Net>, folder: &Path, program: &str) -> f64 {
    let keepalived = Keepalived::start(net, folder, &conf(program));
    let checkers = || fs::read_to_string(folder.join("checkers.pid")).unwrap_or_default().trim().to_owned();
    wait_until("its checkers", BOUND, || !checkers().is_empty());
    thread::sleep(Duration::from_secs(2));
    let (ticks, forks) = (ticks(&checkers()), forked());
    thread::sleep(WATCHED);
    let (ticks, forks) = (self::ticks(&checkers()) - ticks, forked() - forks);
    drop(keepalived);
    // A hundred ticks a second, as proc(5) has them.
    ticks as f64 * 1e4 / forks as f64
}

fn conf(program: &str) -> String {
    let real = |n: usize| {
        format!(
            " real_server 127.0.1.{n} 3306 {{\n  MISC_CHECK {{\n   misc_path \"{program}\"\n   misc_timeout 30\n   \
             warmup 0\n  }}\n }}\n"
        )
    };
    let reals: String = (1..=CHECKED).map(real).collect();
    format!(
        "global_defs {{\n script_user root\n enable_script_security\n}}\nvirtual_server 127.0.2.1 3306 {{\n \
         delay_loop 0.25\n lvs_sched wlc\n lvs_method NAT\n protocol TCP\n alpha\n{reals}}}\n"
    )
}

/// utime, stime, cutime and cstime of a process.
fn ticks(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("its times");
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    rest.split(' ').skip(11).take(4).map(|n| n.parse::<u64>().expect("a number")).sum()
}

/// Processes made since the guest is there.
fn forked() -> u64 {
    let stat = fs::read_to_string("/proc/stat").expect("statistics");
    let line = stat.lines().find_map(|line| line.strip_prefix("processes ")).expect("a number of processes");
    line.parse().expect("a number")
}

/// The smallest program there is for x86_64: an ELF header, one segment, exit_group(0).
fn exits_at_once() -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const CODE: [u8; 9] = [0x31, 0xff, 0xb8, 231, 0, 0, 0, 0x0f, 0x05];
    let len = 64 + 56 + CODE.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    [2_u16, 62].iter().for_each(|n| file.extend(n.to_le_bytes()));
    file.extend(1_u32.to_le_bytes());
    [BASE + 120, 64, 0].iter().for_each(|n| file.extend(n.to_le_bytes()));
    file.extend(0_u32.to_le_bytes());
    [64_u16, 56, 1, 0, 0, 0].iter().for_each(|n| file.extend(n.to_le_bytes()));
    [1_u32, 5].iter().for_each(|n| file.extend(n.to_le_bytes()));
    [0, BASE, BASE, len, len, 0x1000].iter().for_each(|n| file.extend(n.to_le_bytes()));
    file.extend(CODE);
    file
}

fn report(name: &str, values: &[f64]) {
    let values: Vec<String> = values.iter().map(|v| format!("{v:.3}")).collect();
    println!("measured {name}: {}", values.join(" "));
}
