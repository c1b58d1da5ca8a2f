//! Many jobs at a time, and not too many.

use crate::poll::{keep_panics_to_their_pollers, report_to};
use std::sync::Once;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Jobs at a time.
const MOST: usize = 32;

/// What one of them does.
pub(super) type Job<T> = Box<dyn FnOnce() -> T + Send>;
type Done<T> = (usize, Result<T, String>);

/// Does all jobs, each of which ends by itself, and gives their results in the same order. Errors: the words of a panic, or
/// no thread to be had.
pub(super) fn all<T: Send + 'static>(jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    static ONCE: Once = Once::new();
    ONCE.call_once(keep_panics_to_their_pollers);
    let (sender, done) = channel::<Done<T>>();
    let mut results: Vec<Option<Result<T, String>>> = jobs.iter().map(|_| None).collect();
    let mut jobs = jobs.into_iter().enumerate();
    jobs.by_ref().take(MOST).for_each(|(at, job)| start(at, job, &sender));
    for _ in 0..results.len() {
        let Ok((at, result)) = done.recv() else { break };
        results[at] = Some(result);
        if let Some((at, job)) = jobs.next() {
            start(at, job, &sender);
        }
    }
    results.into_iter().map(|result| result.unwrap_or(Err("nobody asked".into()))).collect()
}

/// A thread that reports once, whatever happens.
fn start<T: Send + 'static>(at: usize, job: Job<T>, sender: &Sender<Done<T>>) {
    let (reporter, crash) = (sender.clone(), sender.clone());
    let run = move || {
        report_to(Box::new(move |words| _ = crash.send((at, Err(words)))));
        let result = job();
        _ = reporter.send((at, Ok(result)));
    };
    if let Err(e) = thread::Builder::new().name(format!("doctor-{at}")).spawn(run) {
        _ = sender.send((at, Err(format!("can't start a thread: {e}"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn a_hundred_jobs_are_done_in_order_and_never_more_than_so_many_at_a_time() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let job = |n: usize| -> Job<usize> {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            Box::new(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
                now.fetch_sub(1, Ordering::SeqCst);
                n
            })
        };
        let results = all((0..100).map(job).collect());
        assert_eq!(results, (0..100).map(Ok).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= MOST);
    }
}
