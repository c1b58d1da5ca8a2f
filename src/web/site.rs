//! `/v1/pools/POOL/site`: whether this site is where the pool is served from; `/v1/pools/POOL/active`: by whom.

use super::answer::{Said, failed, json, mark_stale, text, wants_json};
use super::app::Shared;
use super::asked::Names;
use super::published::Reading;
use super::verdict::{Fault, absent, respond, silence, unknown};
use crate::control::published::{LOCAL, POOL_FLAGS};
use crate::core::words::Status;
use crate::state::{PoolSnapshot, StateFault};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::Response;

/// UP if a node marked `local` is ACTIVE and serves `geo`, and the pool is not isolated.
pub(super) async fn answer(
    State(app): State<Shared>,
    Names(pool): Names<String>,
    headers: HeaderMap,
) -> Response {
    respond(&app, &headers, |reading| snapshot(reading, &pool).map(|pool| site(&pool)))
}

/// The ACTIVE node: `NAME ADDRESS`; 503 when there is none.
pub(super) async fn active(
    State(app): State<Shared>,
    Names(pool): Names<String>,
    headers: HeaderMap,
) -> Response {
    let look = |reading: &Reading<'_>| Ok((active_node(&snapshot(reading, &pool)?), silence(reading)));
    match app.published.read(look).unwrap_or_else(|why| Err(Fault::State(why))) {
        Ok((_, Err(down))) => down.to(&headers),
        Ok((Some((name, address)), Ok(silent))) => {
            let mut response = if wants_json(&headers) {
                json(StatusCode::OK, serde_json::json!({ "name": name, "address": address }).to_string())
            } else {
                text(StatusCode::OK, format!("{name} {address}\n"))
            };
            mark_stale(&mut response, silent.map(|silent| silent.as_secs_f64()));
            response
        }
        Ok((None, Ok(_))) => Said::new(false, "no node is ACTIVE").to(&headers),
        Err(Fault::Absent(why)) => failed(&headers, StatusCode::NOT_FOUND, &why),
        Err(Fault::State(why)) => Said::unknown(why).to(&headers),
    }
}

fn active_node(pool: &PoolSnapshot) -> Option<(String, String)> {
    let active = usize::try_from(pool.record.active?).ok()?;
    pool.nodes.get(active).map(|node| (node.name.clone(), node.address.clone()))
}

fn snapshot(reading: &Reading<'_>, pool: &str) -> Result<PoolSnapshot, Fault> {
    let view = reading.view;
    for number in 0..view.pool_count() {
        let entry = view.pool(number).map_err(unknown)?;
        if entry.is_called(pool.as_bytes()).map_err(unknown)? {
            return view.pool_snapshot(&entry).map_err(unknown);
        }
    }
    Err(absent(reading, pool, "", StateFault::NoSuchPool))
}

fn site(pool: &PoolSnapshot) -> Said {
    let record = &pool.record;
    let flag = |word: &str| {
        POOL_FLAGS.iter().position(|flag| *flag == word).is_some_and(|bit| record.flags >> bit & 1 == 1)
    };
    let is_fail = Status::ALL.get(usize::from(record.status)) == Some(&Status::Fail);
    let local = |place: usize| record.nodes.get(place).is_some_and(|node| node.flags & LOCAL != 0);
    let active = record.active.and_then(|active| usize::try_from(active).ok());
    let name = |place: usize| pool.nodes.get(place).map_or("another", |node| node.name.as_str());
    if !(0..pool.nodes.len()).any(local) {
        return Said::new(false, "no node is marked local; give this site's node local: true in mpp.yaml");
    }
    if flag("isolated") || is_fail {
        return Said::new(false, "the pool is isolated: every checkpoint of it has failed");
    }
    match active {
        None => Said::new(false, "no node is ACTIVE"),
        Some(active) if !local(active) => {
            Said::new(false, format!("{} is ACTIVE, and not local", name(active)))
        }
        Some(active) if !record.nodes.get(active).is_some_and(|node| node.geo.up) => {
            Said::new(false, format!("{} is ACTIVE, local, and does not serve geo", name(active)))
        }
        // As after a reboot, until the peers have been heard.
        Some(active) if !record.nodes.get(active).is_some_and(|node| node.rw.up) => {
            Said::new(false, format!("{} is ACTIVE, local, and does not serve rw", name(active)))
        }
        Some(active) => Said::new(true, format!("{} is ACTIVE here", name(active))),
    }
}
