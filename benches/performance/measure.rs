//! One crowd, measured in its steady state.

use super::crowd::{Crowd, Servers, Shape};
use super::figures::Figures;
use super::programs::{Program, by_turns};
use super::punctual::Watcher;
use super::relay::Relay;
use super::support::agent::program;
use super::usage;
use std::thread;
use std::time::{Duration, Instant};

/// Windows of processor time, and how long each is: four times all connections are made anew.
const WINDOWS: u32 = 20;
const WINDOW: Duration = Duration::from_secs(1);
/// Until the polls have found their rhythm.
const SETTLE: Duration = Duration::from_secs(6);

/// What was measured of it.
pub struct Measured {
    pub shape: Shape,
    /// Percent of one core, second by second.
    pub cpu: Figures,
    /// Own memory and all resident memory, MB.
    pub resident: (f64, f64),
    pub threads: f64,
    /// How late polls began, ms.
    pub lateness: Figures,
    /// From an answer to its verdict, us; none where there were none.
    pub decision: Option<Figures>,
    /// Size of the published state, bytes.
    pub state: u64,
    /// `mpp-check` on it, us.
    pub check: Figures,
}

/// Starts a crowd of this shape on these servers and measures it; it goes on running.
pub fn crowd(servers: &Servers, shape: Shape) -> (Crowd, Measured) {
    let relay = Relay::before(servers.address(shape, (0, 0)));
    let crowd = Crowd::start(servers, shape, |_| relay.address());
    thread::sleep(SETTLE);
    let (pid, state) = (crowd.agent.pid(), crowd.agent.state_file());
    let watcher = Watcher::start(&state, shape);
    let end = Instant::now() + WINDOW * WINDOWS;
    let (cpu, decisions) = thread::scope(|scope| {
        let cpu = scope.spawn(|| (0..WINDOWS).map(|_| window(pid)).collect());
        let decisions = relay.decisions(&state, end);
        (cpu.join().expect("a clock"), decisions)
    });
    let measured = Measured {
        shape,
        cpu: Figures::of(cpu),
        resident: usage::resident(pid),
        threads: usage::status(pid, "Threads"),
        lateness: watcher.lateness(),
        decision: (!decisions.is_empty()).then(|| Figures::of(decisions)),
        state: state.metadata().expect("the state").len(),
        check: check(&crowd),
    };
    (crowd, measured)
}

fn window(pid: nix::unistd::Pid) -> f64 {
    let (began, before) = (Instant::now(), usage::cpu(pid));
    thread::sleep(WINDOW);
    (usage::cpu(pid) - before).as_secs_f64() / began.elapsed().as_secs_f64() * 100.0
}

fn check(crowd: &Crowd) -> Figures {
    let (check, state) = (program("mpp-check"), crowd.agent.state_file());
    let last = format!("p{}", crowd.shape.pools - 1);
    let words = [check.display().to_string(), "--state".into(), state.display().to_string()];
    let words: Vec<String> = words.into_iter().chain(["rw".into(), last, "db0".into()]).collect();
    by_turns(&[&Program::new(&words)], 300).remove(0)
}
