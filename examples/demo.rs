//! `make demo`: the main job on real servers. Starts a MariaDB pair in master-master replication and `mppd`, shows
//! the table and the verdicts, kills the primary, shows the failover, brings the primary back.

#[path = "../tests/support/mod.rs"]
mod support;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use support::agent::{nodes, program};
use support::{Agent, Server, Use, pair_master_master, wait_until};

const ROWS: &str = "CREATE DATABASE demo; CREATE TABLE demo.t (n INT PRIMARY KEY) ENGINE=InnoDB;
    INSERT INTO demo.t SELECT seq FROM (WITH RECURSIVE s(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < 100)
    SELECT seq FROM s) AS numbers";

/// What must be cleaned up when the demo is interrupted.
static RUNNING: Mutex<Option<(Agent, Vec<Server>)>> = Mutex::new(None);

fn main() {
    clean_up_when_interrupted();
    step("Two MariaDB servers, each replicating from the other, and mppd polling both");
    let servers = Vec::from(pair_master_master(Use::Gtid));
    let agent = Agent::start(&nodes(&servers), "");
    with(|running| *running = Some((agent, servers)));
    show(&["status"]);
    step("Both are good, and the first one, the PRIMARY, is made ACTIVE");
    until("db1 is ACTIVE and quiet", |agent| {
        let status = agent.status();
        let nodes = &status["pools"][0]["nodes"];
        nodes[0]["state"] == "ACTIVE" && nodes[0]["req"] == 0 && nodes[1]["state"] == "STANDBY"
    });
    show(&["status"]);
    step("What keepalived is told: mpp-check ROLE POOL NODE");
    verdicts();

    step("A hundred rows are written to db1; then kill -9 of the primary");
    with_servers(|servers| servers[0].sql(ROWS));
    wait_until("db2 has the rows", Duration::from_secs(60), || rows_on(1) == 100);
    let killed = Instant::now();
    let took = fail_over();
    println!(
        "mpp-check rw db db2 said UP {} ms after the kill; db2 has {} rows",
        took.as_millis(),
        rows_on(1)
    );
    show(&["status"]);
    verdicts();
    events_since(killed);

    step("The primary is started again; it failed while ACTIVE, so it waits for the operator");
    with_servers(|servers| servers[0].restart());
    until("db1 answers, and its replication is good again", |agent| {
        let status = agent.status();
        let db1 = &status["pools"][0]["nodes"][0];
        db1["state"] == "FAIL_ONLINE" && db1["message"].as_str().is_some_and(|m| m.contains("mpp recover"))
    });
    let restarted = Instant::now();
    show(&["status"]);
    show(&["why", "db/db1"]);
    show(&["recover", "db/db1"]);
    step("Recovered, it is handed ACTIVE back: db2 steps down first, and db1 has executed all that db2 had");
    until("db1 is ACTIVE again", |agent| {
        let status = agent.status();
        let nodes = &status["pools"][0]["nodes"];
        nodes[0]["state"] == "ACTIVE" && nodes[0]["req"] == 0 && nodes[1]["message"] == "lag 0s"
    });
    show(&["status"]);
    verdicts();
    events_since(restarted);

    step("A planned change: what it would do, what it does; it returns when the new verdict is published");
    until("db2 could take over", |agent| agent.mpp(&["switchover", "db", "--dry-run"]).status.success());
    show(&["switchover", "db", "--dry-run"]);
    show(&["switchover", "db", "--to", "db2", "--reason", "kernel update on db1"]);
    show(&["why", "db"]);
    verdicts();
    finish();
}

fn step(words: &str) {
    println!("\n# {words}");
}

fn with<T>(act: impl FnOnce(&mut Option<(Agent, Vec<Server>)>) -> T) -> T {
    act(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

fn with_agent<T>(act: impl FnOnce(&Agent) -> T) -> T {
    with(|running| act(&running.as_ref().expect("the demo runs").0))
}

fn with_servers<T>(act: impl FnOnce(&mut Vec<Server>) -> T) -> T {
    with(|running| act(&mut running.as_mut().expect("the demo runs").1))
}

fn until(what: &str, mut condition: impl FnMut(&Agent) -> bool) {
    wait_until(what, Duration::from_secs(60), || with_agent(&mut condition));
}

fn show(args: &[&str]) {
    let quoted = |arg: &&str| if arg.contains(' ') { format!("\"{arg}\"") } else { (*arg).to_owned() };
    println!("$ mpp {}", args.iter().map(quoted).collect::<Vec<_>>().join(" "));
    let output = with_agent(|agent| agent.mpp(args));
    print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

fn verdicts() {
    println!("{:6}{:6}{:6}{:6}", "", "rw", "ro", "geo");
    for node in ["db1", "db2"] {
        let up = |role| if with_agent(|agent| agent.up(role, node)) { "UP" } else { "DOWN" };
        println!("{node:6}{:6}{:6}{:6}", up("rw"), up("ro"), up("geo"));
    }
}

fn rows_on(server: usize) -> usize {
    with_servers(|servers| servers[server].try_sql("SELECT n FROM demo.t").map_or(0, |rows| rows.len()))
}

fn events_since(moment: Instant) {
    let seconds = format!("{}s", moment.elapsed().as_secs() + 1);
    show(&["events", "--since", &seconds]);
}

/// Kills the primary; how long until the check says UP on the other node.
fn fail_over() -> Duration {
    let killed = Instant::now();
    with_servers(|servers| servers[0].kill9());
    until("mpp-check rw is UP on db2", |agent| agent.up("rw", "db2"));
    killed.elapsed()
}

fn finish() {
    let Some((agent, servers)) = with(Option::take) else { return };
    if std::env::var_os("KEEP").is_none() {
        step("Cleaned up. KEEP=1 make demo leaves it running.");
        return;
    }
    let config = agent.config();
    println!("\n# Left running until you press Ctrl-C. In another terminal:");
    println!("{} --config {} status --watch", program("mpp").display(), config.display());
    println!(
        "{} --state {} rw db db1; echo $?",
        program("mpp-check").display(),
        agent.state_file().display()
    );
    for (n, server) in servers.iter().enumerate() {
        println!("mariadb -uadmin -S {}    # db{}, pid {}", server.socket().display(), n + 1, server.pid());
    }
    with(|running| *running = Some((agent, servers)));
    loop {
        thread::park();
    }
}

/// Ctrl-C: stops the servers, removes the directories, ends.
fn clean_up_when_interrupted() {
    let mut signals = Signals::new([SIGINT, SIGTERM]).expect("signals");
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            drop(with(Option::take));
            println!("\n# Interrupted; cleaned up.");
            std::process::exit(130);
        }
    });
    // A panic ends the program without unwinding: what runs must be ended here. If it is the panicking thread that
    // holds it, the kernel kills the servers, and the next demo or test sweeps up their directories.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("\n# The demo failed: {panic}");
        if let Ok(mut running) = RUNNING.try_lock() {
            drop(running.take());
        }
    }));
    // Said here so that nobody waits for a build that is not there.
    let built = Command::new(program("mppd")).arg("--version").output().is_ok();
    assert!(built, "{} is not built; use `make demo`", program("mppd").display());
}
