//! `/`: the dashboard.

use super::answer::text;
use super::app::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// The page.
pub(super) async fn answer(State(_app): State<Shared>) -> Response {
    text(StatusCode::OK, "mpp-web: see /v1/status\n".into())
}
