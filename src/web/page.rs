//! `/` and `/dashboard/FILE`: the dashboard. It knows nothing by itself: what it shows it asks for, like anybody else.

use super::answer;
use super::asked::Names;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};

/// Nothing from elsewhere, nothing to elsewhere, no script or style in the page itself, and no way from text to markup.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files of `/dashboard/`: name, type, content.
const FILES: &[(&str, &str, &str)] = &[
    ("app.css", "text/css; charset=utf-8", include_str!("dashboard/app.css")),
    ("app.js", SCRIPT, include_str!("dashboard/app.js")),
    ("card.js", SCRIPT, include_str!("dashboard/card.js")),
    ("dom.js", SCRIPT, include_str!("dashboard/dom.js")),
    ("icon.svg", "image/svg+xml", include_str!("dashboard/icon.svg")),
    ("model.js", SCRIPT, include_str!("dashboard/model.js")),
    ("nodes.js", SCRIPT, include_str!("dashboard/nodes.js")),
    ("parts.js", SCRIPT, include_str!("dashboard/parts.js")),
    ("services.js", SCRIPT, include_str!("dashboard/services.js")),
    ("stream.js", SCRIPT, include_str!("dashboard/stream.js")),
    ("view.js", SCRIPT, include_str!("dashboard/view.js")),
    ("words.js", SCRIPT, include_str!("dashboard/words.js")),
];

/// The page.
pub(super) async fn answer() -> Response {
    file("text/html; charset=utf-8", include_str!("dashboard/index.html"))
}

/// What belongs to it.
pub(super) async fn part(Names(name): Names<String>, asked: HeaderMap) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, content)) => file(kind, content),
        None => answer::failed(&asked, StatusCode::NOT_FOUND, "the dashboard has no such file; it is at /"),
    }
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 4] = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, Body::from(content)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_dashboard_is_in_the_program() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/dashboard");
        let there = std::fs::read_dir(folder).expect("the folder").flatten();
        let there: BTreeSet<String> =
            there.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let built_in = FILES.iter().map(|(name, ..)| (*name).to_owned()).chain(["index.html".to_owned()]);
        assert_eq!(built_in.collect::<BTreeSet<_>>(), there);
    }
}
