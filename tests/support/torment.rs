//! SIGKILL for the daemon at random moments, and a witness of all that is published meanwhile.

use super::agent::Agent;
use super::chance::Chance;
use super::published::Published;
use mpp::core::words::{State, Status};
use mpp::state::{PoolRecord, Role, Snapshot, Verdict};
use nix::sys::signal::Signal;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const ROLES: [Role; 3] = [Role::Rw, Role::Ro, Role::Geo];
/// How long a daemon lives, ms.
const LIFE: Range<u64> = 20..1200;
/// How long one lives at most that is killed while it starts, ms.
const BIRTH: u64 = 40;
/// How often the witness looks.
const LOOK: Duration = Duration::from_millis(3);
const BOUND: Duration = Duration::from_secs(60);
/// A thread that says what it saw when it is ended.
struct Helper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<u32, String>>>,
}

impl Helper {
    fn start(run: impl FnOnce(&AtomicBool) -> Result<u32, String> + Send + 'static) -> Helper {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        Helper { stop, thread: Some(thread::spawn(move || run(&told))) }
    }

    /// Ends it. What it found is this test's failure, unless it has failed already.
    fn end(&mut self, what: &str) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        let found = thread.join().unwrap_or_else(|_| Err("it panicked".into()));
        match found {
            Ok(times) if !thread::panicking() => assert!(times > 0, "{what}: it never came to it"),
            Err(fault) if !thread::panicking() => panic!("{what}: {fault}"),
            found => eprintln!("{what}: {found:?}"),
        }
    }
}

/// Looks at what is published all the time: never two `rw` UP, never an epoch that goes back.
pub struct Witness(Helper);

impl Witness {
    /// Of this daemon.
    pub fn of(agent: &Agent) -> Witness {
        let mut state = Published::at(agent.state_file());
        Witness(Helper::start(move |stop| {
            let (mut looks, mut epoch) = (0, 0);
            while !stop.load(Ordering::Relaxed) {
                // There is none in the moment of a reboot.
                if let Some(pool) = state.pool("db") {
                    epoch = look(&pool.record, epoch)?;
                    looks += 1;
                }
                thread::sleep(LOOK);
            }
            Ok(looks)
        }))
    }

    /// Fails the test if it saw what must not be.
    pub fn end(&mut self) {
        self.0.end("the witness");
    }
}

fn look(record: &PoolRecord, before: u64) -> Result<u64, String> {
    let writers = record.nodes.iter().filter(|n| n.rw.up).count();
    if writers > 1 {
        return Err(format!("{writers} nodes are UP for rw: {:?}", record.nodes));
    }
    if record.epoch < before {
        return Err(format!("the epoch went back from {before} to {}", record.epoch));
    }
    Ok(record.epoch)
}

/// Kills the daemon at random moments and starts it again: no verdict changes by that.
pub struct Tormentor {
    agent: Agent,
    helper: Helper,
}

impl Tormentor {
    /// Of this daemon.
    pub fn of(agent: &Agent) -> Tormentor {
        agent.set_tormented(true);
        let victim = agent.clone();
        let helper = Helper::start(move |stop| {
            let (mut chance, mut kills) = (Chance::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                let life = relaunch(&victim)?;
                thread::sleep(Duration::from_millis(LIFE.start + chance.below(LIFE.end - LIFE.start)));
                victim.end(Signal::SIGKILL);
                life.goes_on_from_before(&victim)?;
                stillborn(&victim, Duration::from_millis(chance.below(BIRTH)));
                kills += 2;
            }
            victim.spawn();
            victim.wait_until_it_answers();
            Ok(kills)
        });
        Tormentor { agent: agent.clone(), helper }
    }

    /// Leaves the daemon alone, alive; fails the test if a restart changed a verdict.
    pub fn end(mut self) {
        self.helper.end("the tormentor");
        self.agent.set_tormented(false);
    }
}

/// One life of the daemon.
struct Life {
    /// What the one before it left behind.
    before: Snapshot,
    /// How much had been told by then, bytes.
    told: usize,
}

/// Kills the daemon, if it lives, and starts it again: what it publishes first is what was published last.
fn relaunch(agent: &Agent) -> Result<Life, String> {
    agent.end(Signal::SIGKILL);
    let before = published(agent)?;
    said_by_the_check(agent, &before)?;
    let life = Life { told: agent.log().len(), before };
    agent.spawn();
    let after = first_of_the_new_one(agent, life.before.header.pid)?;
    agent.wait_until_it_answers();
    let (was, is) = (verdicts(&life.before), verdicts(&after));
    if was == is || life.explains_a_change(agent) {
        return Ok(life);
    }
    Err(format!("a restart changed verdicts without a word: from {was:?} to {is:?}\n{}", agent.log()))
}

/// Starts the dead daemon, and kills it so soon that it may be reading, listening, or publishing for the first time. What it
/// leaves behind the next one goes on from.
fn stillborn(agent: &Agent, lives: Duration) {
    agent.spawn();
    thread::sleep(lives);
    agent.end(Signal::SIGKILL);
}

impl Life {
    /// What was told of a node in this life, first of all, as to this (`state`, `status`): from what.
    fn first_from(&self, agent: &Agent, node: &str, what: &str) -> Option<String> {
        let log = agent.log();
        let begins = format!("node={node} event={what} from=");
        let line = log[self.told..].lines().find_map(|line| line.split(&begins).nth(1).map(str::to_owned))?;
        line.split(" to=").next().map(|word| word.trim_matches('"').to_owned())
    }

    /// What was told first of each node, beside what was published of it before.
    fn firsts(&self, agent: &Agent) -> Vec<(String, &'static str)> {
        let pool = &self.before.pools[0];
        let nodes = pool.nodes.iter().zip(&pool.record.nodes);
        let both = nodes.flat_map(|(node, record)| {
            let state = State::ALL[usize::from(record.state)].word();
            let status = Status::ALL[usize::from(record.status)].word();
            [("state", state), ("status", status)]
                .map(|(what, was)| (self.first_from(agent, &node.name, what), was))
        });
        both.filter_map(|(from, was)| from.map(|from| (from, was))).collect()
    }

    /// Every change of a STATE or STATUS begins where the life before ended.
    fn goes_on_from_before(&self, agent: &Agent) -> Result<(), String> {
        let firsts = self.firsts(agent);
        match firsts.iter().find(|(from, was)| from != was) {
            Some((from, was)) => Err(format!("a restart made {from} of what was {was}\n{}", agent.log())),
            None => Ok(()),
        }
    }

    /// The new daemon goes on deciding at once: what it decides it tells.
    fn explains_a_change(&self, agent: &Agent) -> bool {
        let explained = || self.firsts(agent).iter().any(|(from, was)| from == was);
        let began = Instant::now();
        while !explained() && began.elapsed() < Duration::from_secs(5) {
            thread::sleep(LOOK);
        }
        explained()
    }
}

fn published(agent: &Agent) -> Result<Snapshot, String> {
    Snapshot::read(&agent.state_file()).map_err(|e| format!("what a dead daemon left behind: {e}"))
}

/// With the daemon dead the check says what was published last.
fn said_by_the_check(agent: &Agent, published: &Snapshot) -> Result<(), String> {
    let pool = &published.pools[0];
    for (node, record) in pool.nodes.iter().zip(&pool.record.nodes) {
        for role in ROLES {
            let said = agent.up(role.name(), &node.name);
            if said != record.verdict(role).up {
                return Err(format!("mpp-check {} db {} says {said}", role.name(), node.name));
            }
        }
    }
    Ok(())
}

/// The first that can be seen of what a daemon publishes that is not `dead`.
fn first_of_the_new_one(agent: &Agent, dead: u64) -> Result<Snapshot, String> {
    let began = Instant::now();
    loop {
        let snapshot = published(agent)?;
        if snapshot.header.pid != dead {
            return Ok(snapshot);
        }
        if began.elapsed() > BOUND {
            return Err(format!("the new daemon publishes nothing\n{}", agent.log()));
        }
        thread::sleep(Duration::from_micros(200));
    }
}

fn verdicts(snapshot: &Snapshot) -> Vec<[Verdict; 3]> {
    snapshot.pools[0].record.nodes.iter().map(|node| ROLES.map(|role| node.verdict(role))).collect()
}
