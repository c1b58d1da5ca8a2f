//! The hard deadline of a poll: when it passes, the connection is shut down from outside.
//!
//! The `mysql` crate's timeouts hold for one `read()` each, so a server that drips its bytes could keep a
//! poll for minutes. It also opens its sockets itself and shows them only after the login. Therefore each
//! connection gets a mark of its own, written on the socket in the one place the crate lets us choose freely
//! (TCP_USER_TIMEOUT); at the deadline the watchdog looks through the process's descriptors for it. Silence
//! is left to the read timeout, so it only comes to that with a dripping server.

use crate::clock::now;
use crate::core::time::{Duration, Moment};
use nix::libc;
use nix::sys::socket::{Shutdown, getsockopt, shutdown, sockopt::TcpUserTimeout};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How long after the deadline the watchdog comes: the read timeout, which costs nothing, is to be first.
const GRACE: Duration = Duration::from_millis(10);
/// How long until it looks again for a connection it did not find: one that was just being opened.
const AGAIN: Duration = Duration::from_millis(10);
/// How long after its deadline a connection is still looked for.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// Marks are TCP_USER_TIMEOUTs of 10 to 27 minutes, which no poll lives to see.
const MARKS: std::ops::Range<u32> = 600_000..1_600_000;

/// What tells one connection of this process from all others, milliseconds of TCP_USER_TIMEOUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(u32);

impl Mark {
    /// A mark no other living connection has: a million connections later it comes again.
    pub(super) fn fresh() -> Mark {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Mark(MARKS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (MARKS.end - MARKS.start))
    }

    /// As the socket option wants it.
    pub(super) fn millis(self) -> u32 {
        self.0
    }
}

/// Cuts connections at their deadline. One for the whole process: clones share one thread, the last ends it.
#[derive(Clone)]
pub struct Watchdog(Arc<Handle>);

struct Handle(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    watched: BTreeSet<(Moment, Mark)>,
    /// When the thread wakes up by itself; `None`: never.
    wakes: Option<Moment>,
    ended: bool,
}

/// A connection under watch, until dropped.
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    entry: (Moment, Mark),
}

impl Watchdog {
    /// Starts the thread. Errors: no thread to be had.
    pub fn start() -> io::Result<Watchdog> {
        let shared = Arc::new(Shared::default());
        let handle = Handle(Arc::clone(&shared));
        thread::Builder::new().name("poll-deadline".into()).spawn(move || run(&shared))?;
        Ok(Watchdog(Arc::new(handle)))
    }

    /// From `deadline` on, the connection with this mark is cut, open or being opened, until the watch is
    /// dropped.
    pub(crate) fn watch(&self, mark: Mark, deadline: Moment) -> Watch<'_> {
        let shared = &*self.0.0;
        let entry = (deadline + GRACE, mark);
        let mut state = shared.lock();
        state.watched.insert(entry);
        if state.wakes.is_none_or(|wakes| entry.0 < wakes) {
            shared.changed.notify_one();
        }
        Watch { shared, entry }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_one();
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.shared.lock().watched.remove(&self.entry);
    }
}

impl State {
    /// A poll whose connection was cut ends at once. Where it has not, its thread is lost: see `rescue`.
    fn forget(&mut self) {
        let old = now() - FORGOTTEN;
        self.watched.retain(|(deadline, _)| *deadline > old);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep<'a>(&self, mut state: MutexGuard<'a, State>, until: Option<Moment>) -> MutexGuard<'a, State> {
        state.wakes = until;
        match until {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let (state, _) = self
                    .changed
                    .wait_timeout(state, until.since(now()))
                    .unwrap_or_else(PoisonError::into_inner);
                state
            }
        }
    }
}

fn run(shared: &Shared) {
    let mut state = shared.lock();
    while !state.ended {
        let due = state.watched.range(..=(now(), Mark(u32::MAX)));
        let due: BTreeMap<Mark, Moment> = due.map(|(deadline, mark)| (*mark, *deadline)).collect();
        let until = if due.is_empty() {
            state.watched.first().map(|(deadline, _)| *deadline)
        } else {
            drop(state);
            // One at a time: where a whole network hangs, a descriptor more for each would be too many.
            find(&due).for_each(|(entry, socket)| cut(&shared.lock(), entry, &socket));
            state = shared.lock();
            state.forget();
            Some(now() + AGAIN)
        };
        state = shared.sleep(state, until);
    }
}

/// Shuts it down if it is still watched. Under the lock, so that no poll that has just ended loses its
/// connection.
fn cut(state: &State, entry: (Moment, Mark), socket: &OwnedFd) {
    if state.watched.contains(&entry) {
        // It may be gone already, by the other end's doing: as good.
        let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
    }
}

/// The sockets of this process that bear one of these marks.
fn find(due: &BTreeMap<Mark, Moment>) -> impl Iterator<Item = ((Moment, Mark), OwnedFd)> {
    let numbers = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok()).filter_map(|fd| {
        let mark = mark_on(fd)?;
        Some(((*due.get(&mark)?, mark), pin(fd, mark)?))
    })
}

/// The mark on a descriptor; `None` if it is no TCP socket, or closed by now.
fn mark_on(fd: RawFd) -> Option<Mark> {
    let mut value: libc::c_uint = 0;
    let mut size = size_of::<libc::c_uint>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `size` bytes to `value`, which both live here. It only reads from
    // whatever the number stands for by now, and a number that stands for nothing is an error.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::IPPROTO_TCP,
            libc::TCP_USER_TIMEOUT,
            (&raw mut value).cast(),
            &raw mut size,
        )
    };
    (result == 0 && MARKS.contains(&value)).then_some(Mark(value))
}

/// A descriptor of our own for the marked socket: between two calls the number may have come to mean another
/// one.
fn pin(fd: RawFd, mark: Mark) -> Option<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC touches no memory, and leaves the descriptor it is given as it was.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) };
    if copy < 0 {
        return None;
    }
    // SAFETY: the call above has just made this descriptor; nobody else knows it.
    let copy = unsafe { OwnedFd::from_raw_fd(copy) };
    (getsockopt(&copy, TcpUserTimeout) == Ok(mark.0)).then_some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::setsockopt;
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    /// Both ends of a connection, and the mark on the first.
    fn marked() -> (TcpStream, TcpStream, Mark) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let near = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let mark = Mark::fresh();
        setsockopt(&near, TcpUserTimeout, &mark.millis()).expect("a mark");
        (near, listener.accept().expect("its other end").0, mark)
    }

    #[test]
    fn a_read_ends_at_the_deadline_and_other_connections_live_on() {
        let watchdog = Watchdog::start().expect("a watchdog");
        let (mut doomed, _far, mark) = marked();
        let (mut spared, mut other_end, _) = marked();
        let watch = watchdog.watch(mark, now() + Duration::from_millis(50));
        assert_eq!(doomed.read(&mut [0; 8]).expect("an end, no error"), 0);
        drop(watch);
        io::Write::write_all(&mut other_end, b"x").expect("a byte sent");
        assert_eq!(spared.read(&mut [0; 8]).expect("the byte"), 1);
    }

    #[test]
    fn a_connection_opened_after_the_deadline_is_cut_too() {
        let watchdog = Watchdog::start().expect("a watchdog");
        let mark = Mark::fresh();
        let _watch = watchdog.watch(mark, now());
        thread::sleep(Duration::from_millis(50));
        let (mut late, _far, _) = marked();
        setsockopt(&late, TcpUserTimeout, &mark.millis()).expect("a mark");
        assert_eq!(late.read(&mut [0; 8]).expect("an end, no error"), 0);
    }

    #[test]
    fn a_connection_no_longer_watched_is_left_alone() {
        let watchdog = Watchdog::start().expect("a watchdog");
        let (mut near, mut far, mark) = marked();
        drop(watchdog.watch(mark, now() + Duration::from_millis(20)));
        thread::sleep(Duration::from_millis(100));
        io::Write::write_all(&mut far, b"x").expect("a byte sent");
        assert_eq!(near.read(&mut [0; 8]).expect("the byte"), 1);
    }
}
