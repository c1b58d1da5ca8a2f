//! What there is to ask for, by path: for counting, and for who may ask without a token.

use crate::config::Area;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/health`.
    Health,
    /// `/v1/pools/POOL/nodes/NODE/ROLE`.
    Verdict,
    /// `/v1/pools/POOL/site`.
    Site,
    /// `/v1/pools/POOL/active`.
    Active,
    /// `/v1/status`, `/v1/pools/POOL`.
    Status,
    /// `/v1/events`.
    Events,
    /// `/v1/stream`.
    Stream,
    /// `/metrics`.
    Metrics,
    /// `/`, `/dashboard/FILE`.
    Page,
    /// What there is not.
    Other,
}

impl Route {
    /// Every route.
    pub(super) const ALL: [Route; 10] = [
        Route::Health,
        Route::Verdict,
        Route::Site,
        Route::Active,
        Route::Status,
        Route::Events,
        Route::Stream,
        Route::Metrics,
        Route::Page,
        Route::Other,
    ];

    /// Of a path.
    pub(super) fn of(path: &str) -> Route {
        let Some(below) = path.strip_prefix("/v1/") else {
            return match path {
                "/" => Route::Page,
                "/health" => Route::Health,
                "/metrics" => Route::Metrics,
                _ if path.starts_with("/dashboard/") => Route::Page,
                _ => Route::Other,
            };
        };
        let mut parts = below.splitn(5, '/');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("pools"), Some(_), Some("nodes"), Some(_), Some(_)) => Route::Verdict,
            (Some("pools"), Some(_), Some("site"), None, _) => Route::Site,
            (Some("pools"), Some(_), Some("active"), None, _) => Route::Active,
            (Some("status"), None, ..) | (Some("pools"), Some(_), None, ..) => Route::Status,
            (Some("events"), None, ..) => Route::Events,
            (Some("stream"), None, ..) => Route::Stream,
            _ => Route::Other,
        }
    }

    /// As it is called in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Route::Health => "health",
            Route::Verdict => "verdict",
            Route::Site => "site",
            Route::Active => "active",
            Route::Status => "status",
            Route::Events => "events",
            Route::Stream => "stream",
            Route::Metrics => "metrics",
            Route::Page => "page",
            Route::Other => "other",
        }
    }

    /// The area whose being `open` makes a token needless; `None`: a token is always needed.
    pub(super) fn area(self) -> Option<Area> {
        match self {
            Route::Health => Some(Area::Health),
            Route::Verdict | Route::Site | Route::Active => Some(Area::Verdicts),
            Route::Status | Route::Events | Route::Stream => Some(Area::Status),
            Route::Metrics => Some(Area::Metrics),
            Route::Page => Some(Area::Dashboard),
            Route::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_route() {
        for (path, route) in [
            ("/", Route::Page),
            ("/dashboard/app.js", Route::Page),
            ("/dashboard", Route::Other),
            ("/health", Route::Health),
            ("/health/", Route::Other),
            ("/metrics", Route::Metrics),
            ("/v1/status", Route::Status),
            ("/v1/stream", Route::Stream),
            ("/v1/events", Route::Events),
            ("/v1/pools/db", Route::Status),
            ("/v1/pools/db/active", Route::Active),
            ("/v1/pools/db/site", Route::Site),
            ("/v1/pools/db/nodes/db1/rw", Route::Verdict),
            ("/v1/pools/db/nodes/db1", Route::Other),
            ("/v1/", Route::Other),
            ("/v1/pools/db/site/x", Route::Other),
            ("/v2/status", Route::Other),
            ("*", Route::Other),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn every_route_has_its_place_and_a_name_of_its_own() {
        for (place, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, place);
            assert_eq!(Route::ALL.iter().filter(|r| r.name() == route.name()).count(), 1);
        }
    }
}
