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

    step("kill -9 of the primary");
    let took = fail_over();
    println!("mpp-check rw db db2 said UP {} ms after the kill", took.as_millis());
    show(&["status"]);
    verdicts();
    show(&["events", "--since", "10s"]);

    step("The primary is started again; it failed while ACTIVE, so it waits for the operator");
    with_servers(|servers| servers[0].restart());
    until("db1 answers, and its replication is good again", |agent| {
        let said = agent.says(&["why", "db/db1"]);
        said.contains("mpp recover")
    });
    show(&["why", "db/db1"]);
    show(&["recover", "db/db1"]);
    step("Recovered, it is handed ACTIVE back: db2 steps down first, and db1 has executed all that db2 had");
    until("db1 is ACTIVE again", |agent| {
        let status = agent.status();
        status["pools"][0]["active"] == "db1" && status["pools"][0]["nodes"][0]["req"] == 0
    });
    show(&["status"]);
    verdicts();
    show(&["events", "--since", "10s"]);
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
    println!("$ mpp {}", args.join(" "));
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
        println!(
            "mariadb -uadmin -S {}    # db{}, pid {}",
            server.dir().join("socket").display(),
            n + 1,
            server.pid()
        );
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
    // Said here so that nobody waits for a build that is not there.
    let built = Command::new(program("mppd")).arg("--version").output().is_ok();
    assert!(built, "{} is not built; use `make demo`", program("mppd").display());
}
