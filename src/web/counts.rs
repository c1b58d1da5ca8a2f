//! What `mpp-web` counts of itself, since it started.

use super::route::Route;
use std::sync::atomic::{AtomicU64, Ordering};

/// The codes it answers with; what has another is counted as the last.
pub(super) const CODES: [u16; 12] = [200, 304, 400, 401, 403, 404, 405, 408, 413, 429, 503, 500];

/// A number that others read.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// One more.
    pub(super) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less; never below 0 as long as each was counted up before.
    pub(super) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    requests: [[Count; CODES.len()]; Route::ALL.len()],
    /// Connections open now.
    pub(super) connections: Count,
    /// Connections accepted.
    pub(super) accepted: Count,
    /// Connections cut: nothing was asked for `idle_timeout`.
    pub(super) cut_idle: Count,
    /// Connections cut: a request, or a handshake, did not come in time.
    pub(super) cut_slow: Count,
    /// Connections cut: an answer was not taken in time.
    pub(super) cut_stalled: Count,
    /// Connections cut, the oldest idle ones, to make room for new ones.
    pub(super) cut_for_room: Count,
    /// Connections refused: no room, and nobody idle.
    pub(super) refused: Count,
    /// TLS handshakes that failed.
    pub(super) tls_failures: Count,
    /// Readers of `/v1/stream` now.
    pub(super) streams: Count,
    /// Readers of `/v1/stream` dropped because they did not keep up.
    pub(super) streams_dropped: Count,
    /// Exchanges with mppd's control socket that failed.
    pub(super) agent_failures: Count,
}

impl Counts {
    /// A request of this route was answered with this code.
    pub(super) fn answered(&self, route: Route, code: u16) {
        let place = CODES.iter().position(|known| *known == code).unwrap_or(CODES.len() - 1);
        if let Some(count) = self.requests.get(route as usize).and_then(|codes| codes.get(place)) {
            count.up();
        }
    }

    /// Requests by route and code, those that have come.
    pub(super) fn requests(&self) -> impl Iterator<Item = (Route, u16, u64)> + '_ {
        let routes = Route::ALL.into_iter().zip(&self.requests);
        let all =
            routes.flat_map(|(route, codes)| CODES.iter().zip(codes).map(move |(c, n)| (route, *c, n.get())));
        all.filter(|(_, _, count)| *count > 0)
    }
}
