//! What stands around the daemon: systemd's notifications, and a real syslog that comes and goes.

mod support;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;
use support::agent::program;
use support::{Agent, Rsyslog, wait_until};

const BOUND: Duration = Duration::from_secs(60);
const NOBODY_THERE: &str = "      - { name: db1, address: \"127.0.0.2:1\" }\n";

#[test]
fn systemd_is_told_ready_once_the_state_exists_and_then_the_watchdog() {
    let agent = Agent::prepare(NOBODY_THERE, "", "");
    let path = agent.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(BOUND)).expect("a bound");
    let mut command = Command::new(program("mppd"));
    command.arg("--config").arg(agent.config());
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    let mut child =
        command.stderr(fs::File::create(agent.path("log")).expect("a log")).spawn().expect("started");
    let mut told = [0; 256];
    let mut next = || {
        let count = socket.recv(&mut told).expect("a notification");
        String::from_utf8_lossy(&told[..count]).trim().to_owned()
    };
    assert_eq!(next(), "READY=1");
    assert!(agent.state_file().exists());
    for _ in 0..3 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("asked to stop");
    wait_until("it says STOPPING", BOUND, || next() == "STOPPING=1");
    assert!(child.wait().expect("its end").success());
}

#[test]
fn alerts_reach_a_real_syslog_also_one_that_was_away() {
    let mut agent = Agent::prepare(NOBODY_THERE, "", "");
    let syslog = Rsyslog::start(&agent.path(""), "log");
    agent.launch();
    syslog.wait(
        "pool=db node=db1 event=state from=UNKNOWN to=FAIL_OFFLINE req=4 epoch=0 reason=\"connection refused\"",
    );
    assert!(syslog.text().contains("mppd["), "the lines are mppd's");
    syslog.stop();
    agent.says(&["pause", "db", "--reason", "while syslog is away"]);
    Rsyslog::start(&agent.path(""), "log").wait("while syslog is away");
}
