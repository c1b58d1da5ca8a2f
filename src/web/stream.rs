//! `/v1/stream`: status as it changes, as server-sent events. `feed` says what, `readers` to whom.

use super::answer::failed;
use super::app::Shared;
use super::asked::Keys;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// What the stream may be asked for with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// `2s`: what moves all the time, too.
    full: Option<String>,
}

/// Begins a stream.
pub(super) async fn answer(
    State(app): State<Shared>,
    Keys(wanted): Keys<Wanted>,
    headers: HeaderMap,
) -> Response {
    if wanted.full.as_deref().is_some_and(|full| full != "2s") {
        return failed(&headers, StatusCode::BAD_REQUEST, "full is 2s, or not given");
    }
    match app.readers.join(wanted.full.is_some()) {
        Some(events) => ([(CONTENT_TYPE, EVENTS)], Body::new(events)).into_response(),
        None => failed(
            &headers,
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("{} streams are read already (web.max_streams)", app.settings.max_streams),
        ),
    }
}
