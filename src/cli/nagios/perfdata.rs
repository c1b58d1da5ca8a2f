//! The figures behind the line: the same ones each time, for a graph follows them by their names.

use super::judge::{measured_lag, worst_lag};
use super::options::NagiosOptions;
use crate::control::status::Pool;
use crate::core::words::State;

/// Pools of more nodes have no figure a node: what a monitor takes is bounded.
const NODES: usize = 16;

/// Of one pool.
pub(super) fn of_pool(pool: &Pool, options: &NagiosOptions) -> Vec<String> {
    let (name, nodes) = (&pool.name, pool.nodes.len());
    let req = pool.nodes.iter().map(|n| n.req).max().unwrap_or(0);
    let mut figures = vec![
        lag(&format!("{name}_lag"), worst_lag(pool), options),
        format!("{}={req};;;0", label(&format!("{name}_req"))),
        format!("{}={};;;0;{nodes}", label(&format!("{name}_standby")), standing(pool, State::Standby)),
        format!("{}={};;;0;{nodes}", label(&format!("{name}_failed")), failed(pool)),
        format!("{}={}c", label(&format!("{name}_epoch")), pool.epoch),
    ];
    let each = pool.nodes.iter().filter(|_| nodes <= NODES);
    figures.extend(each.map(|node| lag(&format!("{name}/{}_lag", node.name), measured_lag(node), options)));
    figures
}

/// Of all pools together.
pub(super) fn of_all(pools: &[Pool], options: &NagiosOptions) -> Vec<String> {
    let total = pools.len();
    let without = pools.iter().filter(|pool| pool.active.is_none()).count();
    let alone = pools.iter().filter(|pool| standing(pool, State::Standby) == 0).count();
    let failed: usize = pools.iter().map(failed).sum();
    vec![
        lag("lag", pools.iter().filter_map(worst_lag).reduce(f64::max), options),
        format!("'pools'={total};;;0"),
        format!("'without_active'={without};;;0;{total}"),
        format!("'without_standby'={alone};;;0;{total}"),
        format!("'failed'={failed};;;0"),
    ]
}

fn standing(pool: &Pool, state: State) -> usize {
    pool.nodes.iter().filter(|node| node.state == state.word()).count()
}

fn failed(pool: &Pool) -> usize {
    standing(pool, State::FailOnline) + standing(pool, State::FailOffline)
}

/// Seconds; `U` where nobody can tell.
fn lag(name: &str, lag: Option<f64>, options: &NagiosOptions) -> String {
    let value = lag.map_or("U".into(), |lag| format!("{lag}s"));
    format!("{}={value};{};{};0", label(name), options.warning, options.critical)
}

/// In quotes; the names that the configuration allows hold neither quotes nor equals signs.
fn label(name: &str) -> String {
    format!("'{name}'")
}
