//! What `mppd` says of being held up, and of what may hold it up.

mod support;

use nix::sys::signal::{Signal, kill};
use std::process::Command;
use std::thread;
use std::time::Duration;
use support::{Agent, wait_until};

const BOUND: Duration = Duration::from_secs(60);
const NOBODY: &str = "      - { name: db1, address: \"127.0.0.2:1\" }\n";

#[test]
fn a_daemon_that_stood_still_says_for_how_long_nothing_was_decided() {
    let agent = Agent::start(NOBODY, "");
    kill(agent.pid(), Signal::SIGSTOP).expect("stopped");
    thread::sleep(Duration::from_secs(3));
    kill(agent.pid(), Signal::SIGCONT).expect("it goes on");
    wait_until("it says so", BOUND, || !agent.told("late").is_empty());
    let told = agent.told("late").remove(0);
    assert!(told.starts_with("<4>") && told.contains("nothing was decided for "), "{told}");
}

#[test]
fn a_runtime_directory_on_a_disk_is_warned_of() {
    let mut agent = Agent::prepare(NOBODY, "", "");
    let config = std::fs::read_to_string(agent.config()).expect("the configuration");
    for dir in [agent.path("run"), agent.path("elsewhere")] {
        let lines = config.lines().skip_while(|line| line.starts_with("runtime_dir"));
        let config = lines.fold(format!("runtime_dir: {}\n", dir.display()), |all, line| all + line + "\n");
        std::fs::write(agent.config(), config).expect("the configuration written");
        agent.spawn();
        wait_until("it runs", BOUND, || agent.log().contains("event=started "));
        agent.kill9();
        let kind =
            Command::new("stat").args(["-f", "-c", "%T"]).arg(&dir).output().expect("stat, of coreutils");
        let is_warned = agent.log().contains(&format!("runtime_dir {} is not in memory", dir.display()));
        assert_eq!(is_warned, kind.stdout != b"tmpfs\n", "{}", agent.log());
        std::fs::write(agent.path("log"), "").expect("the log emptied");
    }
}
