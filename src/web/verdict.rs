//! `/v1/pools/POOL/nodes/NODE/ROLE`: a verdict, as `mpp-check` would have it; `active` and `ok` besides.

use super::answer::{Said, failed};
use super::app::{App, Shared};
use super::asked::Names;
use super::published::Reading;
use crate::control::protocol::listed;
use crate::core::time::{Duration, Short};
use crate::core::verdict::Because;
use crate::core::words::{State as Word, Status, node_type};
use crate::state::reader::Found;
use crate::state::{Role, StalePolicy, StateFault};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::Response;

/// What is asked about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Whether it serves this role.
    Role(Role),
    /// Whether it is the ACTIVE node.
    Active,
    /// Whether it serves its pool, reads or writes.
    Ok,
}

impl Asked {
    fn of(word: &str) -> Option<Asked> {
        match word {
            "active" => Some(Asked::Active),
            "ok" => Some(Asked::Ok),
            role => Role::from_name(role.as_bytes()).map(Asked::Role),
        }
    }
}

/// Why there is no verdict.
pub(super) enum Fault {
    /// There is no such pool, node or question: what there is, in words.
    Absent(String),
    /// Nothing is known.
    State(String),
}

/// The answer for one role of one node.
pub(super) async fn answer(
    State(app): State<Shared>,
    Names((pool, node, asked)): Names<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(asked) = Asked::of(&asked) else {
        let why = format!("a node is asked for rw, ro, geo, active or ok, not for {asked}");
        return failed(&headers, StatusCode::NOT_FOUND, &why);
    };
    // Keys of others are nobody's fault; this one, misspelt, would send clients to a drained node.
    let mut keys = query.iter().flat_map(|query| query.split('&'));
    let drained = keys.find_map(|key| key.strip_prefix("drained="));
    if let Some(word) = drained.filter(|word| *word != "down") {
        let why = format!("drained is down, or not given; not {word}");
        return failed(&headers, StatusCode::BAD_REQUEST, &why);
    }
    let drained_is_down = drained.is_some();
    let verdict = |reading: &Reading<'_>| verdict(reading, &pool, &node, asked, drained_is_down);
    respond(&app, &headers, verdict)
}

/// Has `judge` look at the state, and answers what it says.
pub(super) fn respond(
    app: &App,
    headers: &HeaderMap,
    judge: impl FnOnce(&Reading<'_>) -> Result<Said, Fault>,
) -> Response {
    let said = app.published.read(|reading| judge(reading).map(|said| aged(reading, said)));
    match said.unwrap_or_else(|why| Err(Fault::State(why))) {
        Ok(said) => said.to(headers),
        Err(Fault::Absent(why)) => failed(headers, StatusCode::NOT_FOUND, &why),
        Err(Fault::State(why)) => Said::unknown(why).to(headers),
    }
}

/// What a verdict is worth while mppd is silent: `stale.policy` says.
fn aged(reading: &Reading<'_>, said: Said) -> Said {
    match silence(reading) {
        Ok(None) => said,
        Ok(Some(silent)) => {
            let short = Short(silent);
            let reason = format!("{}; as last published: mppd has been silent for {short}", said.reason);
            Said { reason, stale_s: Some(silent.as_secs_f64()), ..said }
        }
        Err(down) => down,
    }
}

/// For how long mppd has been silent, where what it said last stands all the same.
///
/// # Errors
/// What is said instead: it stands no more.
pub(super) fn silence(reading: &Reading<'_>) -> Result<Option<Duration>, Said> {
    let Some(silent) = reading.silent_for() else { return Ok(None) };
    match reading.header.stale_policy {
        StalePolicy::Hold => Ok(Some(silent)),
        StalePolicy::Down => {
            let reason = format!("mppd has been silent for {}, stale.policy is down", Short(silent));
            Err(Said { stale_s: Some(silent.as_secs_f64()), ..Said::unknown(reason) })
        }
    }
}

fn verdict(
    reading: &Reading<'_>,
    pool: &str,
    node: &str,
    asked: Asked,
    drained_is_down: bool,
) -> Result<Said, Fault> {
    let found = reading.view.find(pool.as_bytes(), node.as_bytes());
    let found = found.map_err(|fault| absent(reading, pool, node, fault))?;
    match asked {
        Asked::Role(role) => role_verdict(reading, &found, role, drained_is_down),
        Asked::Active => active(reading, &found),
        Asked::Ok => ok(reading, &found),
    }
}

fn role_verdict(
    reading: &Reading<'_>,
    found: &Found<'_>,
    role: Role,
    drained_is_down: bool,
) -> Result<Said, Fault> {
    let verdict = reading.view.verdict(found, role).map_err(unknown)?;
    let reason = Because::from_code(verdict.reason).map_or("of a later version", Because::words);
    let up = verdict.up && !(drained_is_down && verdict.weight == 0);
    Ok(Said { weight: Some(verdict.weight), ..Said::new(up, reason) })
}

fn active(reading: &Reading<'_>, found: &Found<'_>) -> Result<Said, Fault> {
    let snapshot = reading.view.pool_snapshot(&found.pool).map_err(unknown)?;
    let name = |n: u64| snapshot.nodes.get(usize::try_from(n).ok()?).map(|node| node.name.as_str());
    let active = snapshot.record.active.map(u64::from);
    Ok(match active {
        Some(active) if active == found.position => {
            Said::new(true, format!("ACTIVE, epoch {}", snapshot.record.epoch))
        }
        Some(active) => Said::new(false, format!("{} is ACTIVE", name(active).unwrap_or("another"))),
        None => Said::new(false, "no node is ACTIVE"),
    })
}

/// As `mpp report` has it.
fn ok(reading: &Reading<'_>, found: &Found<'_>) -> Result<Said, Fault> {
    let record = reading.view.record(&found.pool).map_err(unknown)?;
    let place = usize::try_from(found.position).unwrap_or(usize::MAX);
    let node = record.nodes.get(place).ok_or_else(|| unknown(StateFault::NoSuchNode))?;
    let status = Status::ALL.get(usize::from(node.status)).map_or("UNKNOWN", |status| status.word());
    let state = Word::ALL.get(usize::from(node.state)).map_or("UNKNOWN", |state| state.word());
    Ok(Said::new(node.rw.up || node.ro.up, format!("{status}/{state} ({})", node_type(place))))
}

/// What a fault of the state comes to.
pub(super) fn unknown(fault: StateFault) -> Fault {
    Fault::State(fault.to_string())
}

/// The names there are, where one was not found.
pub(super) fn absent(reading: &Reading<'_>, pool: &str, node: &str, fault: StateFault) -> Fault {
    match fault {
        StateFault::NoSuchPool => {
            let names = pools(reading);
            Fault::Absent(format!("no pool {pool}; there are: {}", listed(names.iter().map(String::as_str))))
        }
        StateFault::NoSuchNode => {
            let names = nodes(reading, pool);
            let names = listed(names.iter().map(String::as_str));
            Fault::Absent(format!("no node {node} in pool {pool}; there are: {names}"))
        }
        other => unknown(other),
    }
}

/// The names of all pools.
fn pools(reading: &Reading<'_>) -> Vec<String> {
    (0..reading.view.pool_count()).filter_map(|n| reading.view.pool(n).ok()?.name().ok()).collect()
}

/// The names of a pool's nodes.
fn nodes(reading: &Reading<'_>, pool: &str) -> Vec<String> {
    let view = reading.view;
    let found = (0..view.pool_count()).filter_map(|n| view.pool(n).ok());
    let found = found.filter(|entry| entry.is_called(pool.as_bytes()) == Ok(true));
    let specs = found.filter_map(|entry| view.pool_snapshot(&entry).ok());
    specs.flat_map(|snapshot| snapshot.nodes).map(|node| node.name).collect()
}
