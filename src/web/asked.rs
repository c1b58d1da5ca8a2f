//! What stands in a request's path and query; what is wrong with them is answered as all that is wrong.

use super::answer::failed;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

/// The names in the path.
pub(super) struct Names<T>(pub(super) T);

/// The keys of the query.
pub(super) struct Keys<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Names<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Names<T>, Response> {
        let found = Path::from_request_parts(parts, state).await;
        found.map(|Path(names)| Names(names)).map_err(|fault| wrong(parts, &fault.body_text()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Keys<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Keys<T>, Response> {
        let found = Query::from_request_parts(parts, state).await;
        found.map(|Query(keys)| Keys(keys)).map_err(|fault| wrong(parts, &fault.body_text()))
    }
}

fn wrong(parts: &Parts, why: &str) -> Response {
    failed(&parts.headers, StatusCode::BAD_REQUEST, why)
}
