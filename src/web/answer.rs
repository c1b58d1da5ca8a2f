//! How an answer looks: one line of text, or JSON where that is wanted.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// How long mppd has been silent, where that is longer than `stale.after`: `12s`.
const STALE: HeaderName = HeaderName::from_static("x-mpp-stale");
/// A verdict's weight, 0 to 253.
const WEIGHT: HeaderName = HeaderName::from_static("x-mpp-weight");

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// UP or DOWN, and why: `UP: ACTIVE`.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Said {
    /// 200 or 503.
    pub(super) up: bool,
    /// In words.
    pub(super) reason: String,
    /// How much, 0..=253; `None`: it is about no weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u8>,
    /// For how long mppd has been silent, seconds; `None`: it is not.
    pub(super) stale_s: Option<f64>,
}

impl Said {
    /// UP or DOWN, while mppd lives.
    pub(super) fn new(up: bool, reason: impl Into<String>) -> Said {
        Said { up, reason: reason.into(), weight: None, stale_s: None }
    }

    /// DOWN: nothing is known.
    pub(super) fn unknown(why: impl Into<String>) -> Said {
        Said::new(false, why)
    }

    /// The answer, as the client wants it.
    pub(super) fn to(&self, asked: &HeaderMap) -> Response {
        let code = if self.up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let mut response = if wants_json(asked) {
            json(code, serde_json::to_string(self).unwrap_or_default())
        } else {
            text(code, format!("{}: {}\n", if self.up { "UP" } else { "DOWN" }, self.reason))
        };
        let weight = self.weight.map(|weight| (WEIGHT, HeaderValue::from(u16::from(weight))));
        response.headers_mut().extend(weight);
        mark_stale(&mut response, self.stale_s);
        response
    }
}

/// Says for how long mppd has been silent, if it has.
pub(super) fn mark_stale(response: &mut Response, seconds: Option<f64>) {
    let stale = seconds.and_then(|s| HeaderValue::try_from(format!("{}s", s.floor())).ok());
    response.headers_mut().extend(stale.map(|stale| (STALE, stale)));
}

/// A line of text.
pub(super) fn text(code: StatusCode, line: String) -> Response {
    (code, [(CONTENT_TYPE, TEXT)], Body::from(line)).into_response()
}

/// JSON.
pub(super) fn json(code: StatusCode, text: impl Into<Body>) -> Response {
    (code, [(CONTENT_TYPE, JSON)], text.into()).into_response()
}

/// What is wrong with the request, or with us: a line of text, or `{"error": ...}`.
pub(super) fn failed(asked: &HeaderMap, code: StatusCode, why: &str) -> Response {
    // Words of the request stand in it; one line it stays, and none of a terminal's.
    let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if wants_json(asked) {
        return json(code, serde_json::json!({ "error": why }).to_string());
    }
    text(code, format!("{why}\n"))
}

/// Whether `Accept` names JSON.
pub(super) fn wants_json(asked: &HeaderMap) -> bool {
    let accept = asked.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}
