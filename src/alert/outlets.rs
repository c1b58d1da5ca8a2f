//! Every way out: standard error, syslog, hooks. Handing a line over never waits.

use super::hook::{self, Hook, Report};
use super::line::Line;
use super::queue::Outlet;
use super::strays::Mark;
use super::{stderr, syslog};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many lines may wait for standard error, and for syslog: a few failovers of a thousand pools.
const WAITING: usize = 8192;
/// How many for one hook. At the default timeout it takes 40 minutes for them; later an alert is none.
const WAITING_FOR_HOOK: usize = 256;
/// How long the end of the daemon waits for what is still to be told, and in how many steps.
const LAST_MOMENT: Duration = Duration::from_secs(1);
const LAST_LOOKS: u32 = 50;

/// Where alerts go beside standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// Syslog.
    pub syslog: syslog::Target,
    /// Programs.
    pub hooks: Vec<Hook>,
}

/// The way out for everything that is to be told.
pub struct Alerts {
    stderr: Outlet,
    syslog: Outlet,
    /// Both go to the journal of systemd: one of them is enough.
    doubled: bool,
    target: Arc<Mutex<syslog::Target>>,
    hooks: Vec<Running>,
    report: Report,
}

/// A hook with its queue.
struct Running {
    hook: Hook,
    mark: Mark,
    outlet: Outlet,
}

/// Hooks whose threads are started, and that nobody is told by yet.
pub struct Fresh(Vec<Running>);

impl Alerts {
    /// Starts the threads that tell. How hooks fare goes to `report`.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(ways: Ways, report: Report) -> io::Result<Alerts> {
        let doubled = doubled(&ways.syslog);
        let target = Arc::new(Mutex::new(ways.syslog));
        let shared = Arc::clone(&target);
        Ok(Alerts {
            stderr: Outlet::start("stderr", WAITING, stderr::run)?,
            syslog: Outlet::start("syslog", WAITING, move |inbox| syslog::run(&shared, &inbox))?,
            doubled,
            target,
            hooks: ways
                .hooks
                .into_iter()
                .map(|hook| Running::start(hook, &report))
                .collect::<Result<_, _>>()?,
            report,
        })
    }

    /// Starts what runs the hooks of `ways` that are not run already.
    ///
    /// # Errors
    /// If there is no thread to be had; then nothing has changed.
    pub fn start_missing(&self, ways: &Ways) -> io::Result<Fresh> {
        let missing = ways.hooks.iter().filter(|hook| !self.hooks.iter().any(|known| known.hook == **hook));
        missing.map(|hook| Running::start(hook.clone(), &self.report)).collect::<Result<_, _>>().map(Fresh)
    }

    /// From now on tells these ways: `fresh` was started for them. Cannot fail. What waits for a syslog that is away goes
    /// to the new one; what waits for a hook that is gone goes nowhere.
    pub fn adopt(&mut self, ways: Ways, fresh: Fresh) {
        self.doubled = doubled(&ways.syslog);
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = ways.syslog;
        self.hooks.extend(fresh.0);
        let (kept, gone) = std::mem::take(&mut self.hooks)
            .into_iter()
            .partition(|running| ways.hooks.contains(&running.hook));
        self.hooks = kept;
        let gone: Vec<Running> = gone;
        gone.iter().for_each(|running| running.outlet.close());
    }

    /// Hands a line to everybody who wants it. Whose queue is full counts it instead, and says so later.
    pub fn tell(&self, line: &Arc<Line>) {
        if !self.doubled {
            self.stderr.tell(line);
        }
        self.syslog.tell(line);
        self.hooks
            .iter()
            .filter(|running| running.hook.wants(line))
            .for_each(|running| running.outlet.tell(line));
    }

    /// Waits until everything is told, a moment at most: the end of the daemon does not wait for a dead syslog. A hook
    /// that still runs then is killed: nobody would do it at its timeout.
    pub fn finish(self) {
        let (marks, hooks): (Vec<Mark>, Vec<Outlet>) =
            self.hooks.into_iter().map(|running| (running.mark, running.outlet)).unzip();
        let outlets = [self.stderr, self.syslog].into_iter().chain(hooks);
        let threads: Vec<JoinHandle<()>> = outlets.map(Outlet::end).collect();
        for _ in 0..LAST_LOOKS {
            if threads.iter().all(JoinHandle::is_finished) {
                return;
            }
            thread::sleep(LAST_MOMENT / LAST_LOOKS);
        }
        marks.iter().for_each(Mark::kill);
    }
}

fn doubled(syslog: &syslog::Target) -> bool {
    syslog.is_the_journal() && stderr::is_the_journal()
}

impl Running {
    fn start(hook: Hook, report: &Report) -> io::Result<Running> {
        let mark = Mark::fresh();
        let (own, marked, report) = (hook.clone(), mark.clone(), Arc::clone(report));
        let outlet =
            Outlet::start("hook", WAITING_FOR_HOOK, move |inbox| hook::run(&own, &marked, &inbox, &report))?;
        Ok(Running { hook, mark, outlet })
    }
}
