//! What of a status matters how much.

use super::look::{Seen, Silence};
use super::options::NagiosOptions;
use super::output::{Finding, PoolReport, Report};
use super::perfdata;
use crate::control::status::{Node, Pool, Trouble};
use crate::core::event::Severity;
use crate::core::trouble::Kind;
use crate::core::words::{State, Status};
use crate::exit::Plugin;

/// Judges what was seen.
pub(super) fn judge(seen: &Seen, options: &NagiosOptions) -> Report {
    let daemon = seen.silence.as_ref().map(|silence| silent(silence, seen.status.daemon.pid));
    // What was so when mppd died is no measurement.
    let measured = seen.silence.as_ref().is_none_or(|silence| silence.life.is_fresh());
    let figures = match (measured, seen.status.pools.as_slice()) {
        (false, _) => Vec::new(),
        (true, [pool]) if !options.all => perfdata::of_pool(pool, options),
        (true, pools) => perfdata::of_all(pools, options),
    };
    let pools: Vec<PoolReport> = seen.status.pools.iter().map(|pool| of_pool(pool, options)).collect();
    Report::of(daemon.into_iter().collect(), pools, figures)
}

/// A daemon that goes on publishing decides. One that does not is an outage that waits for its moment.
fn silent(silence: &Silence, pid: u32) -> Finding {
    let Silence { reason, life } = silence;
    match life.is_fresh() {
        true => Finding {
            grade: Plugin::Warning,
            words: format!("{reason}; {life}: until that is older it is taken for alive"),
            help: Some("systemctl status mppd".into()),
        },
        false => Finding {
            grade: Plugin::Critical,
            words: format!("mppd (pid {pid}) is dead or stuck: {life}: {}; {reason}", life.consequence()),
            help: Some("systemctl restart mppd".into()),
        },
    }
}

fn of_pool(pool: &Pool, options: &NagiosOptions) -> PoolReport {
    let troubles = pool.troubles.iter().map(|t| trouble(t, options));
    let statuses = pool.nodes.iter().filter_map(|node| status(pool, node));
    let lags = pool.nodes.iter().filter_map(|node| lag(node, options));
    let mut faults: Vec<&String> = pool.virtual_servers.iter().flat_map(|v| &v.faults).collect();
    faults.sort();
    faults.dedup();
    let kernel = faults.into_iter().map(|fault| Finding::of(Plugin::Critical, fault.clone()));
    let mut findings: Vec<Finding> = troubles.chain(kernel).chain(statuses).chain(lags).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
    let nodes = pool.nodes.iter().map(node).collect();
    PoolReport { name: pool.name.clone(), findings, summary: summary(pool), nodes }
}

/// By its severity; what an operator did himself, as he likes.
fn trouble(trouble: &Trouble, options: &NagiosOptions) -> Finding {
    let is = |kind: Kind| trouble.kind == kind.word();
    let severe = |severity: Severity| trouble.severity == severity.word();
    let grade = match () {
        () if is(Kind::Paused) => options.paused.into(),
        () if is(Kind::Drained) => options.drained.into(),
        () if severe(Severity::Notice) || severe(Severity::Info) => Plugin::Ok,
        () if severe(Severity::Warning) => Plugin::Warning,
        () => Plugin::Critical,
    };
    Finding { grade, words: trouble.words.clone(), help: trouble.help.clone() }
}

/// A node whose STATUS is bad, and that no trouble speaks of yet.
fn status(pool: &Pool, node: &Node) -> Option<Finding> {
    let told = pool.troubles.iter().any(|t| t.node.as_ref() == Some(&node.name));
    let is = |status: Status| node.status == status.word();
    let grade = match () {
        () if told => return None,
        () if is(Status::Warn) => Plugin::Warning,
        () if is(Status::Critical) || is(Status::Fail) => Plugin::Critical,
        () => return None,
    };
    let Node { name, state, status, req, message, .. } = node;
    Some(Finding::of(grade, format!("{name} is {state}, {status}, req {req}: {message}")))
}

fn lag(node: &Node, options: &NagiosOptions) -> Option<Finding> {
    let lag = measured_lag(node).filter(|_| !node.state.starts_with("FAIL_"))?;
    let (grade, range) = match () {
        () if options.critical.alerts(lag) => (Plugin::Critical, format!("-c {}", options.critical)),
        () if options.warning.alerts(lag) => (Plugin::Warning, format!("-w {}", options.warning)),
        () => return None,
    };
    Some(Finding::of(grade, format!("{} lags {lag}s ({range})", node.name)))
}

/// The lag of a node that takes part, in seconds: what the ACTIVE node says of itself is nobody's lag, a drained one may,
/// and one that is gone said it long ago.
pub(super) fn measured_lag(node: &Node) -> Option<f64> {
    let gone = [State::Active, State::FailOffline].iter().any(|state| node.state == state.word());
    node.lag_s.filter(|_| !gone && !node.drained)
}

/// The worst lag of a pool.
pub(super) fn worst_lag(pool: &Pool) -> Option<f64> {
    pool.nodes.iter().filter_map(measured_lag).reduce(f64::max)
}

/// `db1 ACTIVE, 1 STANDBY, lag 0s`.
fn summary(pool: &Pool) -> String {
    let handover = pool.flags.iter().any(|flag| flag == "handover");
    let active = match &pool.active {
        Some(active) => format!("{active} ACTIVE"),
        None if handover => "a handover is under way".into(),
        None => "no ACTIVE node".into(),
    };
    let count = |state: &State| (pool.nodes.iter().filter(|n| n.state == state.word()).count(), *state);
    let others = State::ALL.iter().filter(|state| **state != State::Active).map(count);
    let others = others.filter(|(n, state)| *n > 0 || *state == State::Standby);
    let others: Vec<String> = others.map(|(n, state)| format!("{n} {state}")).collect();
    let lag = worst_lag(pool).map_or(String::new(), |lag| format!(", lag {lag}s"));
    format!("{active}, {}{lag}", others.join(", "))
}

fn node(node: &Node) -> String {
    let Node { name, address, kind, state, status, req, message, drained, .. } = node;
    let drained = if *drained { ", drained" } else { "" };
    format!("{name} {address} {kind}: {state}, {status}, req {req}{drained}: {message}")
}
