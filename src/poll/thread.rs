//! One thread for each node and each checkpoint: it asks, hands the answer on, and waits: for the next poll, for word, for a hang-up.

use super::asker::Asker;
use super::rescue::{self, Crashed};
use super::schedule::Schedule;
use super::target::Target;
use crate::clock::now;
use crate::core::observation::Observation;
use crate::core::time::Duration;
use nix::libc;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Stack of a thread, bytes. A login with TLS in a debug build takes half of it.
const STACK: usize = 256 << 10;

/// What is asked, again and again.
pub(super) trait Ask: Send + 'static {
    /// What comes of it.
    type Answer: 'static;

    /// Asks once, within a deadline of its own.
    fn ask(&mut self) -> Self::Answer;

    /// The connection kept for the next time, if any.
    fn kept(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// The kept connection is of no more use.
    fn hang_up(&mut self) {}
}

/// Where answers go, each with whether it was asked for; false: nobody wants them any more.
pub type Deliver<Answer> = Box<dyn FnMut(Answer, bool) -> bool + Send>;

/// Asks from a thread of its own. Dropped, it ends the thread but does not wait for it.
pub struct Poller(Arc<Desk>);

/// Where the thread finds its orders.
struct Desk {
    orders: Mutex<Orders>,
    bell: EventFd,
}

#[derive(Clone, Copy)]
struct Orders {
    every: Duration,
    asked: bool,
    ended: bool,
}

impl Poller {
    /// Starts the thread; its first poll begins after `first`, the next ones `every` from start to start. `deliver`
    /// gets each answer on that thread, with whether it was asked for, and says false when nobody wants them any more. If it panics,
    /// `crashed` gets its words and the thread is lost: start another one. Errors: no thread or no descriptor to be had.
    pub fn start(
        target: Target,
        first: Duration,
        every: Duration,
        deliver: Deliver<Observation>,
        crashed: Crashed,
    ) -> io::Result<Poller> {
        let name = format!("poll-{}", target.name);
        Poller::of(&name, Asker::new(target), first, every, deliver, crashed)
    }

    /// The same for whatever is asked.
    pub(super) fn of<A: Ask>(
        name: &str,
        asker: A,
        first: Duration,
        every: Duration,
        deliver: Deliver<A::Answer>,
        crashed: Crashed,
    ) -> io::Result<Poller> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let orders = Mutex::new(Orders { every, asked: false, ended: false });
        let desk = Arc::new(Desk { orders, bell });
        let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK);
        let schedule = Schedule::from(now() + first);
        let orders = Arc::clone(&desk);
        thread.spawn(move || {
            rescue::report_to(crashed);
            run(asker, schedule, &orders, deliver);
        })?;
        Ok(Poller(desk))
    }

    /// The pace from now on. If the last poll began longer than `every` ago, the next begins at once.
    pub fn pace(&self, every: Duration) {
        self.0.change(|orders| orders.every = every);
    }

    /// Asks for a poll that begins after this call, at once. One that is under way does not count.
    pub fn ask(&self) {
        self.0.change(|orders| orders.asked = true);
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.0.change(|orders| orders.ended = true);
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.lock());
        // It can only fail because the bell has been rung 2^64 times unheard: then it rings.
        let _ = self.bell.write(1);
    }

    /// The orders. A poll asked for is asked for no more.
    fn take(&self) -> Orders {
        let mut orders = self.lock();
        let taken = *orders;
        orders.asked = false;
        taken
    }
}

fn run<A: Ask>(mut asker: A, mut schedule: Schedule, desk: &Desk, mut deliver: Deliver<A::Answer>) {
    while let Some(Orders { every, asked, .. }) = wait(&mut asker, desk, &mut schedule) {
        schedule.begin(now(), every);
        let answer = asker.ask();
        schedule.end(now());
        if desk.lock().ended || !deliver(answer, asked) {
            return;
        }
    }
}

/// Waits until a poll is to begin, and gives the orders for it; `None`: no more.
fn wait<A: Ask>(asker: &mut A, desk: &Desk, schedule: &mut Schedule) -> Option<Orders> {
    loop {
        let orders = desk.take();
        if orders.ended {
            return None;
        }
        let (now_is, due) = (now(), schedule.due(orders.every));
        if orders.asked || due <= now_is {
            return Some(orders);
        }
        if idle(&desk.bell, asker.kept(), due.since(now_is)) {
            asker.hang_up();
            if schedule.hang_up(now(), orders.every) {
                return Some(orders);
            }
        }
    }
}

/// Sleeps, at most `longest`, until the bell rings or the connection dies; says whether it did.
fn idle(bell: &EventFd, connection: Option<BorrowedFd<'_>>, longest: Duration) -> bool {
    // Not POLLIN: a server may send TLS tickets at any time.
    let hang_up = PollFlags::from_bits_retain(libc::POLLRDHUP);
    let connected = connection.is_some();
    let connection = PollFd::new(connection.unwrap_or(bell.as_fd()), hang_up);
    let mut both = [PollFd::new(bell.as_fd(), PollFlags::POLLIN), connection];
    let events = &mut both[..1 + usize::from(connected)];
    if ppoll(events, Some(TimeSpec::from_duration(longest)), None).is_err() {
        // A signal: the caller looks at the time and comes back.
        return false;
    }
    // `None` is an event nix has no name for, which is what POLLRDHUP is.
    let happened = |event: &PollFd<'_>| event.any() != Some(false);
    if happened(&events[0]) {
        // Empty if it rang between two looks at the orders.
        let _ = bell.read();
    }
    events.get(1).is_some_and(happened)
}
