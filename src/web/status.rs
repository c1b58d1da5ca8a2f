//! `/v1/status`, `/v1/pools/POOL`, `/v1/events`: what mppd answers on its control socket, passed on as it is; while it is
//! silent, what it published last.

use super::agent::Trouble;
use super::answer::{self, failed, json};
use super::app::{App, Shared};
use super::asked::{Keys, Names};
use crate::control::events::Events;
use crate::control::protocol::{Code, Request, listed};
use crate::control::published;
use crate::control::status::Status;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

/// What `/v1/status` may be asked with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pool: Option<String>,
}

/// The JSON of `mpp status --json`.
pub(super) async fn all(
    State(app): State<Shared>,
    Keys(wanted): Keys<Wanted>,
    headers: HeaderMap,
) -> Response {
    status(&app, wanted.pool, &headers).await
}

/// The same of one pool.
pub(super) async fn pool(
    State(app): State<Shared>,
    Names(pool): Names<String>,
    headers: HeaderMap,
) -> Response {
    status(&app, Some(pool), &headers).await
}

/// The JSON of `mpp events --json`.
pub(super) async fn events(
    State(app): State<Shared>,
    Keys(wanted): Keys<Events>,
    headers: HeaderMap,
) -> Response {
    match app.agent.ask(&Request::Events(Events { follow: false, ..wanted })).await {
        Ok(told) => json(StatusCode::OK, Bytes::from_owner(told)),
        Err(trouble) => {
            app.counts.agent_failures.up();
            refused(&trouble, &headers)
        }
    }
}

async fn status(app: &App, pool: Option<String>, headers: &HeaderMap) -> Response {
    let look = match app.look().await {
        Ok(look) => look,
        Err(trouble) if trouble.is_silence() => return published(app, pool.as_deref(), &trouble, headers),
        Err(trouble) => return refused(&trouble, headers),
    };
    let Some(pool) = pool else { return json(StatusCode::OK, look.whole()) };
    match look.pool(&pool) {
        Some(text) => json(StatusCode::OK, text),
        None => no_pool(&pool, look.names(), headers),
    }
}

fn no_pool<'a>(pool: &str, names: impl Iterator<Item = &'a str>, headers: &HeaderMap) -> Response {
    failed(headers, StatusCode::NOT_FOUND, &format!("no pool {pool}; there are: {}", listed(names)))
}

fn published(app: &App, pool: Option<&str>, trouble: &Trouble, headers: &HeaderMap) -> Response {
    let mut status = match app.last_published() {
        Ok(status) => status,
        Err(why) => {
            return failed(headers, StatusCode::SERVICE_UNAVAILABLE, &format!("{trouble}, and {why}"));
        }
    };
    if let Some(wanted) = pool {
        if status.pool(wanted).is_none() {
            return no_pool(wanted, status.pools.iter().map(|pool| pool.name.as_str()), headers);
        }
        status.pools.retain(|pool| pool.name == wanted);
    }
    let mut response = json(StatusCode::OK, serde_json::to_string(&status).unwrap_or_default());
    answer::mark_stale(&mut response, status.daemon.stale_s);
    response
}

fn refused(trouble: &Trouble, headers: &HeaderMap) -> Response {
    let code = match trouble {
        Trouble::Silent(_) => StatusCode::SERVICE_UNAVAILABLE,
        Trouble::Refused(failure) => match failure.code {
            Code::NoSuchPool | Code::NoSuchNode => StatusCode::NOT_FOUND,
            Code::BadRequest | Code::TooLarge => StatusCode::BAD_REQUEST,
            Code::NotPermitted => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        },
    };
    failed(headers, code, &trouble.to_string())
}

impl App {
    /// What mppd published last, marked stale.
    ///
    /// # Errors
    /// In words, naming the file.
    pub(super) fn last_published(&self) -> Result<Status, String> {
        published::last(self.published.path()).map(|(status, _)| status).map_err(|e| e.to_string())
    }
}
