//! Writes to the probe table of one node, now and then, from a thread of their own.
//!
//! One row a server: its `server_id` and the time. A write that is out is waited for, not tried again beside it: each
//! try would leave one more stuck statement on a server that cannot write.

use super::STACK;
use super::client::Client;
use super::health::{Health, Watched};
use super::outcome::Outcome;
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use crate::poll::{Target, report_to};
use nix::sys::socket::{Shutdown, shutdown};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Between the end of a write and the next, at least.
const PAUSE: Duration = Duration::from_millis(50);

/// How a node is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `database.table`, of letters, digits, `_` and `$`.
    pub table: String,
    /// From start to start of two writes; above zero.
    pub every: Duration,
    /// The same while they fail.
    pub again: Duration,
    /// How long a write may take.
    pub limit: Duration,
    /// Whether a server that is read-only counts as one that cannot write.
    pub read_only_counts: bool,
}

/// Tells the operator something, with a severity.
pub type Tell = Arc<dyn Fn(&'static str, String) + Send + Sync>;

/// Probes a node. Dropped, it ends, and what it found no longer counts.
pub struct Probe {
    plan: Plan,
    watched: Arc<Watched>,
    desk: Arc<Desk>,
}

/// Where its thread hears that it is to end.
#[derive(Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    ended: bool,
    /// The connection on which a write is out.
    line: Option<OwnedFd>,
}

impl Probe {
    /// Starts the thread, and the first write at once; what it finds counts for the polls that `watched` judges. What is
    /// wrong with the probe itself goes to `tell`. `target.timeout` is the deadline of everything but the write itself.
    /// Errors: no thread to be had.
    pub fn start(target: Target, plan: Plan, watched: &Arc<Watched>, tell: Tell) -> io::Result<Probe> {
        let (desk, health) =
            (Arc::<Desk>::default(), Arc::new(Health::new(plan.limit, plan.read_only_counts)));
        let probe = Probe { plan: plan.clone(), watched: Arc::clone(watched), desk: Arc::clone(&desk) };
        let thread = thread::Builder::new().name(format!("probe-{}", target.name)).stack_size(STACK);
        let (client, judged) = (Client::new(target, plan), Arc::clone(&health));
        thread.spawn(move || {
            let (lost, teller) = (Arc::clone(&judged), Arc::clone(&tell));
            report_to(Box::new(move |words| {
                let blind = format!("what the server sends makes no sense: {words}; no more writes");
                lost.end(&Outcome::Blind(blind.clone()));
                teller("alert", blind);
            }));
            run(client, &judged, &desk, &*tell);
        })?;
        watched.set(Some(health));
        Ok(probe)
    }

    /// Whether it does this.
    pub fn follows(&self, plan: &Plan) -> bool {
        self.plan == *plan
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.watched.set(None);
        let mut state = self.desk.lock();
        state.ended = true;
        if let Some(line) = state.line.take() {
            // A write that is stuck is not waited for.
            _ = shutdown(line.as_raw_fd(), Shutdown::Both);
        }
        self.desk.bell.notify_one();
    }
}

impl Desk {
    /// A write goes out on this connection; false if it must not any more.
    pub(super) fn take(&self, line: OwnedFd) -> bool {
        let mut state = self.lock();
        state.line = Some(line);
        !state.ended
    }

    /// It is over; false if nobody wants to know.
    fn release(&self) -> bool {
        let mut state = self.lock();
        state.line = None;
        !state.ended
    }

    /// Sleeps until then; false if it is to end.
    fn sleep_until(&self, due: Moment) -> bool {
        let mut state = self.lock();
        while !state.ended {
            let left = due.since(now());
            if left.is_zero() {
                return true;
            }
            (state, _) = self.bell.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(mut client: Client, health: &Health, desk: &Desk, tell: &dyn Fn(&'static str, String)) {
    let (mut due, mut blind) = (now(), None);
    while desk.sleep_until(due) {
        let began = now();
        let outcome = client.write(health, desk);
        health.end(&outcome);
        if !desk.release() {
            return;
        }
        report(&outcome, &mut blind, tell);
        let plan = client.plan();
        let calm = matches!(outcome, Outcome::Written | Outcome::Blind(_));
        due = (began + if calm { plan.every } else { plan.again }).max(now() + PAUSE);
    }
}

/// The operator's mistakes are told once each, and their end.
fn report(outcome: &Outcome, blind: &mut Option<String>, tell: &dyn Fn(&'static str, String)) {
    match outcome {
        Outcome::Blind(why) if blind.as_ref() != Some(why) => {
            tell("alert", format!("it is not set up right, and tells nothing: {why} (mpp config grants)"));
            *blind = Some(why.clone());
        }
        Outcome::Written if blind.take().is_some() => tell("notice", "it writes now".into()),
        _ => {}
    }
}
