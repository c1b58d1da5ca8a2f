//! `/metrics`: everything that `status` says, and what `mpp-web` counts of itself, as Prometheus takes it. Names, units and
//! labels are in docs/metrics.md.
//!
//! - `pages`: one page for all who ask at a time; `text`: its two formats
//! - `picture`: what there is to tell; `agent`, `pools`, `nodes`, `packets`, `sites`, `own`, `process`: its parts
//! - `sheet`: how families and series are written; `changes`: what is counted over time

mod agent;
mod changes;
mod nodes;
mod own;
mod packets;
mod pages;
mod picture;
mod pools;
mod process;
mod sheet;
mod sites;
mod text;

#[cfg(test)]
mod tests;

pub(super) use pages::Pages;

use super::answer::failed;
use super::app::Shared;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse, Response};
use text::Format;

/// The page, in the format that is asked for.
pub(super) async fn answer(State(app): State<Shared>, asked: HeaderMap) -> Response {
    let accept = asked.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::wanted(accept);
    match app.metrics.page(&app, format).await {
        Ok(page) => ([(CONTENT_TYPE, format.content_type())], Body::from(page)).into_response(),
        Err(why) => failed(&asked, StatusCode::SERVICE_UNAVAILABLE, why),
    }
}
