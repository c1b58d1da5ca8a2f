//! One request: who may ask, for how long, and what every answer has.

use super::answer::failed;
use super::app::Shared;
use super::kept::Kept;
use super::route::Route;
use super::seat::{Phase, Seat};
use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONNECTION, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tower_service::Service;

/// How long an answer may take to begin: longer than mppd is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A seat whose request is being answered; idle again when dropped.
pub(super) struct Answering(Arc<Seat>);

impl Answering {
    fn of(seat: &Arc<Seat>, phase: Phase) -> Answering {
        seat.enter(phase);
        Answering(Arc::clone(seat))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// Answers a request of this connection.
pub(super) async fn respond(
    app: Shared,
    mut router: Router,
    seat: Arc<Seat>,
    request: Request<Incoming>,
) -> Result<Response<Kept<Answering>>, Infallible> {
    let route = Route::of(request.uri().path());
    let phase = if route == Route::Stream { Phase::Streaming } else { Phase::Answering };
    let answering = Answering::of(&seat, phase);
    let mut response = match refusal(&app, route, &request) {
        Some(refusal) => refusal,
        None => {
            let asked = request.headers().clone();
            match timeout(PATIENCE, router.call(request)).await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => {
                    let why = format!("no answer within {PATIENCE:?}");
                    failed(&asked, StatusCode::SERVICE_UNAVAILABLE, &why)
                }
            }
        }
    };
    app.counts.answered(route, response.status().as_u16());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response.map(|body| Kept::new(body, answering)))
}

/// Why this request is not answered.
fn refusal(app: &Shared, route: Route, request: &Request<Incoming>) -> Option<Response<Body>> {
    let asked = request.headers();
    if !request.body().is_end_stream() {
        let mut response = failed(asked, StatusCode::PAYLOAD_TOO_LARGE, "no request here has a body");
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Some(response);
    }
    let is_open = route.area().is_some_and(|area| app.settings.open.contains(&area));
    if is_open || app.token.admits(asked) {
        return None;
    }
    let why = "a token is needed: Authorization: Bearer TOKEN (web.token_file)";
    let mut response = failed(asked, StatusCode::UNAUTHORIZED, why);
    let headers = response.headers_mut();
    headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mpp\""));
    // So that a browser asks for it: any name, and the token for a password.
    headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"mpp\", charset=\"UTF-8\""));
    Some(response)
}
