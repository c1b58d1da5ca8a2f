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
const INTERVAL: i64 = 1000;

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

/// The grid of a node lies where its most punctual poll was. A poll more than a tenth of the interval off it starts it
/// anew, as the schedule does; it counts as late if it came later, and not if it was asked for earlier.
fn late(begun: &[u64]) -> Vec<f64> {
    let Some((&first, rest)) = begun.split_first() else { return Vec::new() };
    let (mut due, mut grids, mut late) = (first as i64, vec![vec![0]], Vec::new());
    for at in rest.iter().map(|at| *at as i64) {
        due += INTERVAL;
        let off = at - due;
        if off.abs() > INTERVAL / 10 {
            late.extend((off > 0).then_some(off as f64));
            due = at;
            grids.push(vec![0]);
        } else if let Some(grid) = grids.last_mut() {
            grid.push(off);
        }
    }
    late.extend(grids.iter().flat_map(|grid| off_grid(grid)));
    late
}

fn off_grid(grid: &[i64]) -> impl Iterator<Item = f64> {
    let earliest = grid.iter().min().copied().unwrap_or(0);
    grid.iter().map(move |off| (off - earliest) as f64)
}
