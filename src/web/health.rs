//! `/health`: whether mppd is publishing.

use super::answer::Said;
use super::app::{App, Shared};
use crate::core::time::Short;
use axum::extract::State;
use axum::http::header::HeaderMap;
use axum::response::Response;

/// UP while mppd's last sign of life is younger than `stale.after`.
pub(super) async fn answer(State(app): State<Shared>, asked: HeaderMap) -> Response {
    health(&app).to(&asked)
}

fn health(app: &App) -> Said {
    let said = app.published.read(|reading| match reading.silent_for() {
        None => Said::new(true, "mppd is publishing"),
        Some(silent) => Said {
            stale_s: Some(silent.as_secs_f64()),
            ..Said::unknown(format!(
                "mppd has been silent for {} (stale.after {}); see: systemctl status mppd",
                Short(silent),
                Short(reading.stale_after())
            ))
        },
    });
    said.unwrap_or_else(Said::unknown)
}
