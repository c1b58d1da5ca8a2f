//! The decider's bounded queue. What is urgent wakes it at once; what is not may wait a few milliseconds for more of its kind,
//! so that a thousand good answers a second are decided and published some at a time, not each with a waking of its own.

use crate::clock::now;
use crate::core::time::{Duration, Moment};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How long after a look into the queue the reader rests, if nothing is urgent. Of the shortest pace, 250 ms, a fiftieth.
const REST: Duration = Duration::from_millis(5);

/// What became of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is in the queue.
    Queued,
    /// The queue is full: it was dropped.
    Dropped,
    /// The reader is gone.
    Gone,
}

/// Whether the reader is to be woken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// At once.
    Urgent,
    /// When it has rested.
    Routine,
}

/// The sending end.
pub(super) struct Sender<T>(Arc<Queue<T>>);

/// The receiving end: one.
pub(super) struct Receiver<T> {
    queue: Arc<Queue<T>>,
    rested: Moment,
}

struct Queue<T> {
    inner: Mutex<Inner<T>>,
    news: Condvar,
}

struct Inner<T> {
    waiting: VecDeque<(Haste, T)>,
    room: usize,
    /// How many of those that wait are urgent.
    urgent: usize,
    sleep: Sleep,
    gone: bool,
}

/// What the reader is to be woken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sleep {
    Awake,
    UntilUrgent,
    UntilAnything,
}

/// A queue with room for so many.
pub(super) fn with_room_for<T>(room: usize) -> (Sender<T>, Receiver<T>) {
    let inner = Inner { waiting: VecDeque::new(), room, urgent: 0, sleep: Sleep::Awake, gone: false };
    let queue = Arc::new(Queue { inner: Mutex::new(inner), news: Condvar::new() });
    (Sender(Arc::clone(&queue)), Receiver { queue, rested: Moment::default() })
}

impl<T> Sender<T> {
    /// Never waits.
    pub(super) fn send(&self, item: T, haste: Haste) -> Sent {
        let mut inner = self.0.lock();
        if inner.gone {
            return Sent::Gone;
        }
        if inner.waiting.len() >= inner.room {
            return Sent::Dropped;
        }
        inner.waiting.push_back((haste, item));
        inner.urgent += usize::from(haste == Haste::Urgent);
        let wakes = match inner.sleep {
            Sleep::Awake => false,
            Sleep::UntilUrgent => haste == Haste::Urgent,
            Sleep::UntilAnything => true,
        };
        if wakes {
            inner.sleep = Sleep::Awake;
            drop(inner);
            self.0.news.notify_one();
        }
        Sent::Queued
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender(Arc::clone(&self.0))
    }
}

impl<T> Receiver<T> {
    /// The next, once the reader has rested or something is urgent; `None`: nothing came within this time.
    pub(super) fn wait(&mut self, patience: Duration) -> Option<T> {
        let end = now() + patience;
        let rested = self.rested.min(end);
        let queue = Arc::clone(&self.queue);
        let mut inner = queue.sleep(queue.lock(), Sleep::UntilUrgent, rested, |inner| inner.urgent > 0);
        if inner.waiting.is_empty() {
            inner = queue.sleep(inner, Sleep::UntilAnything, end, |inner| !inner.waiting.is_empty());
        }
        let next = inner.take();
        drop(inner);
        self.rested = now() + REST;
        next
    }

    /// The next, if there is one.
    pub(super) fn next(&self) -> Option<T> {
        self.queue.lock().take()
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        inner.gone = true;
        inner.waiting.clear();
    }
}

impl<T> Inner<T> {
    fn take(&mut self) -> Option<T> {
        let (haste, item) = self.waiting.pop_front()?;
        self.urgent -= usize::from(haste == Haste::Urgent);
        Some(item)
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until there is what is wanted, at most until `end`.
    fn sleep<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner<T>>,
        how: Sleep,
        end: Moment,
        wanted: impl Fn(&Inner<T>) -> bool,
    ) -> MutexGuard<'a, Inner<T>> {
        loop {
            let left = end.since(now());
            if wanted(&inner) || left.is_zero() {
                inner.sleep = Sleep::Awake;
                return inner;
            }
            inner.sleep = how;
            (inner, _) = self.news.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_was_sent_comes_in_its_order_and_what_finds_no_room_is_dropped() {
        let (sender, mut receiver) = with_room_for(3);
        for (n, haste) in [(1, Haste::Routine), (2, Haste::Urgent), (3, Haste::Routine)] {
            assert_eq!(sender.send(n, haste), Sent::Queued);
        }
        assert_eq!(sender.send(4, Haste::Urgent), Sent::Dropped);
        assert_eq!(receiver.wait(LONG), Some(1));
        assert_eq!((receiver.next(), receiver.next(), receiver.next()), (Some(2), Some(3), None));
        drop(receiver);
        assert_eq!(sender.send(5, Haste::Urgent), Sent::Gone);
    }

    #[test]
    fn who_waits_is_woken_by_either_and_gives_up_in_time() {
        let (sender, mut receiver) = with_room_for(3);
        assert_eq!(receiver.wait(Duration::from_millis(20)), None::<u32>);
        for haste in [Haste::Routine, Haste::Urgent] {
            let sender = sender.clone();
            let sends = thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                sender.send(7, haste)
            });
            assert_eq!(receiver.wait(LONG), Some(7));
            assert_eq!(sends.join().expect("its end"), Sent::Queued);
        }
    }

    #[test]
    fn a_reader_that_has_just_looked_rests_unless_something_is_urgent() {
        let (sender, mut receiver) = with_room_for(3);
        receiver.rested = now() + LONG;
        sender.send(1, Haste::Routine);
        let urgent = sender.clone();
        let sends = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            urgent.send(2, Haste::Urgent)
        });
        let began = now();
        assert_eq!(receiver.wait(LONG), Some(1));
        assert!(now().since(began) >= Duration::from_millis(50), "it rested");
        assert_eq!(receiver.next(), Some(2));
        assert_eq!(sends.join().expect("its end"), Sent::Queued);
        sender.send(3, Haste::Routine);
        assert_eq!(receiver.wait(LONG), Some(3), "it rests for a moment only");
    }
}
