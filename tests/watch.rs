//! `mpp status --watch`: a screen in a real terminal, and what becomes of the terminal.

mod support;

use nix::sys::signal::{Signal, kill};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::agent::program;
use support::tmux::is_gone;
use support::{Agent, Play, Stage, Tmux, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// A pool of one node nobody listens at: the screen is what is tested.
fn lonely() -> Agent {
    Agent::start("      - { name: db1, address: \"127.0.0.2:1\" }\n", "")
}

fn watch(agent: &Agent) -> String {
    let (mpp, config) = (program("mpp"), agent.config());
    format!("{} --config {} status --watch", mpp.display(), config.display())
}

#[test]
fn a_failover_is_seen_and_the_daemons_death_and_its_return() {
    let mut stage = Stage::pair(Play::Plain, "");
    let terminal = Tmux::run(&watch(&stage.agent), (80, 24));
    terminal.wait("both nodes", |screen| {
        ["[ db ] OK  epoch 1  db1 ACTIVE for ", "rw geo", "STANDBY", "-- events --"]
            .iter()
            .all(|words| screen.contains(words))
    });

    stage.servers[0].kill9();
    terminal.wait_words("*db2 ACTIVE for ");
    terminal.wait("all of it", |screen| {
        [
            "was db1",
            "*FAIL_OFFLINE",
            "was STANDBY",
            "then mpp recover db/db1",
            " db/db2 failover: db2 promoted",
        ]
        .iter()
        .all(|words| screen.contains(words))
    });

    stage.agent.kill9();
    terminal.wait_words("this is what mppd");
    let screen = terminal.screen();
    assert!(
        screen.contains("STALE ") && screen.contains("is it running? (systemctl status mppd)"),
        "{screen}"
    );
    stage.agent.launch();
    terminal
        .wait("the next daemon", |screen| !screen.contains("STALE") && screen.contains("db2 ACTIVE for "));
    // And it is followed: what happened before has no room any more.
    terminal.wait_words(" started: mppd");

    terminal.resize(60, 10);
    terminal.wait("a smaller screen", |screen| screen.contains("lines above") && !screen.contains("RTT"));
    terminal.press(&["G"]);
    terminal.wait_words(" 0 below");
    terminal.press(&["q"]);
    terminal.wait_end(0);
}

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    let agent = lonely();
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130), (Signal::SIGHUP, 129)] {
        // The shell becomes the program, so that its process id is known.
        let line = format!("NO_COLOR=1 sh -c 'echo $$ >pid; exec {}'", watch(&agent));
        let terminal = Tmux::run(&line, (80, 24));
        terminal.wait_words("connection refused");
        let screen = terminal.screen_in_colour();
        assert!(screen.contains("\x1b[1m") && !screen.contains("\x1b[38"), "no colour, but bold: {screen:?}");
        let pid = fs::read_to_string(terminal.path("pid")).expect("its process id");
        kill(nix::unistd::Pid::from_raw(pid.trim().parse().expect("a number")), signal).expect("sent");
        terminal.wait_end(code);
    }
}

#[test]
fn a_daemon_that_hangs_freezes_nothing() {
    let agent = lonely();
    let terminal = Tmux::run(&watch(&agent), (80, 24));
    terminal.wait_words("connection refused");
    kill(agent.pid(), Signal::SIGSTOP).expect("stopped");
    terminal.wait_words("STALE ");
    let before = terminal.screen();
    terminal.wait("its age goes on", |screen| screen != before);
    kill(agent.pid(), Signal::SIGCONT).expect("continued");
    terminal.wait("it goes on by itself", |screen| !screen.contains("STALE"));
    terminal.press(&["C-c"]);
    terminal.wait_end(0);
}

#[test]
fn a_screen_whose_terminal_is_gone_ends_also_where_no_signal_tells_it() {
    let agent = lonely();
    let terminal = Tmux::run(&format!("setsid {} <$(tty) & echo $! >pid; wait", watch(&agent)), (80, 24));
    terminal.wait_words("connection refused");
    let pid = fs::read_to_string(terminal.path("pid")).expect("its process id");
    terminal.close();
    wait_until("it ends", BOUND, || is_gone(pid.trim()));
}

#[test]
fn a_pool_that_is_not_there_is_told_before_any_screen_is_shown() {
    let agent = lonely();
    let terminal = Tmux::run(&format!("{} nopool", watch(&agent)), (80, 24));
    terminal.wait_end(2);
    terminal.wait_words("mpp: no pool nopool; there are: db");
}

#[test]
fn where_there_is_no_terminal_the_plain_table_comes_again_and_again() {
    let agent = lonely();
    let mut mpp = Command::new(program("mpp"));
    mpp.arg("--config").arg(agent.config()).args(["status", "--watch"]).stdout(Stdio::piped());
    let mut mpp = mpp.spawn().expect("mpp started");
    let lines = BufReader::new(mpp.stdout.take().expect("its output")).lines();
    let lines: Vec<String> = lines.take(7).map(|line| line.expect("a line")).collect();
    mpp.kill().expect("killed");
    mpp.wait().expect("reaped");
    assert!(lines[0].starts_with("T  Server Name") && lines[1].starts_with("*  [ db ]"), "{lines:?}");
    assert!(lines[3].is_empty() && lines[4].starts_with("T  Server Name"), "{lines:?}");
    assert!(!lines.concat().contains('\x1b'), "{lines:?}");
}
