//! Every interleaving and every allowed reordering of the two-copy protocol, by loom:
//! `RUSTFLAGS="--cfg loom" cargo test --no-default-features --release --test state_loom`
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;

mod atomics {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
}

#[allow(unreachable_pub)]
#[path = "../src/state/two_copies.rs"]
mod two_copies;

use atomics::{AtomicU64, Ordering, fence};
use two_copies::NotRead;

/// A pool of two words: consistent when both are the same number.
struct Pool {
    generation: AtomicU64,
    copies: [[AtomicU64; 2]; 2],
}

impl Pool {
    fn new() -> Pool {
        Pool { generation: AtomicU64::new(0), copies: [0; 2].map(|_| [0; 2].map(AtomicU64::new)) }
    }

    fn publish(&self, number: u64) {
        let fill = |copy| {
            self.fill(copy, number);
            Ok::<(), ()>(())
        };
        two_copies::publish(&self.generation, fill).expect("filled");
    }

    fn fill(&self, copy: u64, number: u64) {
        for word in &self.copies[copy as usize] {
            word.store(number, Ordering::Relaxed);
        }
    }

    fn read(&self) -> Result<[u64; 2], NotRead> {
        two_copies::read(&self.generation, |copy| self.take(copy))
    }

    fn take(&self, copy: u64) -> [u64; 2] {
        let [first, second] = &self.copies[copy as usize];
        [first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)]
    }
}

/// Runs `write` against a reader that reads `reads` times and must see whole, never older numbers.
fn check(published: u64, reads: usize, write: fn(&Pool)) {
    loom::model(move || {
        let pool = Arc::new(Pool::new());
        for number in 1..=published {
            pool.publish(number);
        }
        let writer = thread::spawn({
            let pool = Arc::clone(&pool);
            move || write(&pool)
        });
        let mut last = published;
        for _ in 0..reads {
            match pool.read() {
                Ok([first, second]) => {
                    assert_eq!(first, second, "torn");
                    assert!(first >= last, "went back from {last} to {first}");
                    last = first;
                }
                Err(not_read) => assert_eq!((not_read, last), (NotRead::NeverPublished, 0)),
            }
        }
        writer.join().expect("the writer");
    });
}

#[test]
fn a_reader_never_sees_a_torn_copy_however_often_it_is_lapped() {
    check(1, 1, |pool| (2..=4).for_each(|number| pool.publish(number)));
}

#[test]
fn a_reader_never_goes_back_to_an_older_copy() {
    check(1, 2, |pool| (2..=3).for_each(|number| pool.publish(number)));
}

#[test]
fn before_the_first_publication_there_is_nothing_to_read() {
    check(0, 2, |pool| pool.publish(1));
}

#[test]
fn a_writer_killed_while_filling_leaves_the_last_copy_standing() {
    check(1, 2, |pool| {
        pool.publish(2);
        // What a third publication does up to its last instruction but one.
        fence(Ordering::Release);
        pool.fill(1, 3);
    });
}

/// The model would notice: the same protocol without the writer's fence is torn.
#[test]
#[should_panic(expected = "torn")]
fn without_the_writers_fence_a_copy_can_be_torn() {
    check(1, 1, |pool| {
        for number in 2..=3 {
            pool.fill(number & 1, number);
            pool.generation.store(number, Ordering::Release);
        }
    });
}
