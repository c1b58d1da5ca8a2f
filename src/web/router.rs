//! Who answers what. `route` has the same paths, for whoever counts and guards them.

use super::app::Shared;
use super::{answer, health, metrics, page, site, status, stream, verdict};
use axum::Router;
use axum::http::header::HeaderMap;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// What a wrong path is answered with.
const PATHS: &str = "there are: /health, /v1/pools/POOL/nodes/NODE/rw (ro, geo, active, ok), /v1/pools/POOL/site, \
     /v1/pools/POOL/active, /v1/pools/POOL, /v1/status, /v1/events, /v1/stream, /metrics, /";

/// Every path.
pub(super) fn router(app: Shared) -> Router {
    Router::new()
        .route("/health", get(health::answer))
        .route("/v1/pools/{pool}/nodes/{node}/{asked}", get(verdict::answer))
        .route("/v1/pools/{pool}/site", get(site::answer))
        .route("/v1/pools/{pool}/active", get(site::active))
        .route("/v1/pools/{pool}", get(status::pool))
        .route("/v1/status", get(status::all))
        .route("/v1/events", get(status::events))
        .route("/v1/stream", get(stream::answer))
        .route("/metrics", get(metrics::answer))
        .route("/", get(page::answer))
        .route("/dashboard/{file}", get(page::part))
        .fallback(nowhere)
        .method_not_allowed_fallback(only_get)
        .with_state(app)
}

async fn nowhere(uri: Uri, asked: HeaderMap) -> Response {
    answer::failed(&asked, StatusCode::NOT_FOUND, &format!("nothing at {}; {PATHS}", uri.path()))
}

async fn only_get(asked: HeaderMap) -> Response {
    answer::failed(
        &asked,
        StatusCode::METHOD_NOT_ALLOWED,
        "mpp-web only answers GET and HEAD; mpp changes things",
    )
}
