//! Whether polls begin on time, as the published state shows it: the schedule is from start to start, so the polls of a
//! node that begins on time lie on a grid.

use super::crowd::Shape;
use super::figures::Figures;
use super::published::Published;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often every node is looked at: several times between two polls.
const LOOK: Duration = Duration::from_millis(200);
/// From start to start, ms.
const INTERVAL: u64 = 1000;

/// Watches all nodes from a thread of its own.
pub struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Vec<u64>>>,
}

impl Watcher {
    /// From now on.
    pub fn start(state: &Path, shape: Shape) -> Watcher {
        let stop = Arc::new(AtomicBool::new(false));
        let (ended, mut published) = (Arc::clone(&stop), Published::open(state));
        let thread = thread::spawn(move || {
            let mut seen: Vec<Vec<u64>> = shape.places().map(|_| Vec::new()).collect();
            while !ended.load(Ordering::Relaxed) {
                look(&mut published, shape, &mut seen);
                thread::sleep(LOOK);
            }
            seen
        });
        Watcher { stop, thread }
    }

    /// How late each poll began, ms.
    pub fn lateness(self) -> Figures {
        self.stop.store(true, Ordering::Relaxed);
        let seen = self.thread.join().expect("a watcher");
        Figures::of(seen.iter().flat_map(|begun| late(begun)).collect())
    }
}

fn look(published: &mut Published, shape: Shape, seen: &mut [Vec<u64>]) {
    published.refresh();
    for ((pool, node), seen) in shape.places().zip(seen) {
        let begun = published.last_request(pool, node);
        if begun != 0 && seen.last() != Some(&begun) {
            seen.push(begun);
        }
    }
}

/// The grid of a node lies where its most punctual poll was; a poll more than a tenth of the interval late starts it
/// anew, as the schedule does.
fn late(begun: &[u64]) -> Vec<f64> {
    let Some(&first) = begun.first() else { return Vec::new() };
    let mut due = first;
    let mut grids: Vec<Vec<i64>> = vec![vec![0]];
    let mut jumps = Vec::new();
    for &at in &begun[1..] {
        due += INTERVAL;
        let by = at as i64 - due as i64;
        if by > (INTERVAL / 10) as i64 {
            jumps.push(by as f64);
            due = at;
            grids.push(vec![0]);
        } else if let Some(grid) = grids.last_mut() {
            grid.push(by);
        }
    }
    let on_grid = grids.iter().flat_map(|grid| {
        let earliest = grid.iter().min().copied().unwrap_or(0);
        grid.iter().map(move |by| (by - earliest) as f64)
    });
    on_grid.chain(jumps).collect()
}
