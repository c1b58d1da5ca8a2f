//! The last published state of a daemon that does not answer, as `status` would show it.

use super::life::Life;
use super::status::{Daemon, Node, Pool, Status, Trouble, VERSION, Verdict};
use super::why::{Why, WhyNode};
use crate::clock::rfc3339;
use crate::core::event::Severity;
use crate::core::trouble::Kind;
use crate::core::verdict::Because;
use crate::core::words::{NodeId, State, Status as Word, node_type};
use crate::state::{NodeSpec, PoolSnapshot, ReadError, Snapshot};
use jiff::Timestamp;
use std::path::Path;

/// Node flag: out of service by an operator's word.
pub const DRAINED: u32 = 1;
/// Node flag: the server says it is read-only.
pub const READ_ONLY: u32 = 2;
/// Node flag: the server has said whether it is read-only.
pub const READ_ONLY_KNOWN: u32 = 4;
/// Node flag: it stands at this agent's site.
pub const LOCAL: u32 = 8;
/// Pool flags, in the order of their bits.
pub const POOL_FLAGS: [&str; 7] =
    ["paused", "flapping", "handover", "held", "failback_off", "isolated", "withdrawn"];

/// What was published last at this path, and whether its daemon lives.
///
/// # Errors
/// There is no state, or none that can be read.
pub fn last(state: &Path) -> Result<(Status, Life), ReadError> {
    let snapshot = Snapshot::read(state)?;
    let (mut status, life) = (from_snapshot(&snapshot), Life::of(&snapshot.header));
    status.daemon.stale_s = life.age().map(|age| age.as_secs_f64());
    Ok((status, life))
}

/// The last published state of a daemon that does not answer. What a server said of its version is not in it.
pub fn from_snapshot(snapshot: &Snapshot) -> Status {
    Status {
        version: VERSION,
        daemon: Daemon {
            version: snapshot.daemon_version.clone(),
            pid: u32::try_from(snapshot.header.pid).unwrap_or(0),
            since: time(snapshot.header.started_unix_ms).unwrap_or_default(),
            config: snapshot.config_path.clone(),
            stale: true,
            ..Daemon::default()
        },
        pools: snapshot.pools.iter().map(published_pool).collect(),
        peers: Vec::new(),
    }
}

fn published_pool(pool: &PoolSnapshot) -> Pool {
    let record = &pool.record;
    let flags = POOL_FLAGS.iter().enumerate().filter(|(bit, _)| record.flags >> bit & 1 == 1);
    let active = record.active.and_then(|n| pool.nodes.get(n as usize));
    let mut published = Pool {
        name: pool.name.clone(),
        logic: "failover".into(),
        status: word(&Word::ALL.map(Word::word), record.status),
        epoch: record.epoch,
        active: active.map(|n| n.name.clone()),
        flags: flags.map(|(_, word)| (*word).to_owned()).collect(),
        nodes: pool.nodes.iter().enumerate().map(|(n, spec)| published_node(pool, n, spec)).collect(),
        ..Pool::default()
    };
    published.troubles = troubles(&published);
    published
}

/// What was not as it should be, as far as the published state has it.
fn troubles(pool: &Pool) -> Vec<Trouble> {
    let flag = |word: &str| pool.flags.iter().any(|flag| flag == word);
    let (name, mut found) = (&pool.name, Vec::new());
    let mut add =
        |kind: Kind, severity: Severity, node: Option<&Node>, words: String, help: Option<String>| {
            let (kind, severity) = (kind.word().into(), severity.word().into());
            found.push(Trouble { kind, node: node.map(|n| n.name.clone()), severity, words, help });
        };
    if pool.active.is_none() && !flag("handover") {
        add(Kind::NoActive, Severity::Alert, None, "no node is ACTIVE".into(), None);
    }
    if let Some(active) = pool.active.as_ref().and_then(|active| pool.node(active)).filter(|_| flag("held")) {
        let words = format!("{} has failed and is not replaced: {}", active.name, active.message);
        add(Kind::Held, Severity::Alert, Some(active), words, None);
    }
    if flag("flapping") {
        let help = Some(format!("mpp ack {name}"));
        add(Kind::Flapping, Severity::Alert, None, "flapping: no more changes by itself".into(), help);
    }
    if flag("paused") {
        let help = Some(format!("mpp resume {name}"));
        add(Kind::Paused, Severity::Warning, None, "paused: no failover".into(), help);
    }
    for node in &pool.nodes {
        if node.state.starts_with("FAIL_") {
            let words = format!("{} is {}: {}", node.name, node.state, node.message);
            add(Kind::Failed, Severity::Alert, Some(node), words, None);
        }
        if node.drained {
            let help = Some(format!("mpp undrain {name}/{}", node.name));
            add(Kind::Drained, Severity::Info, Some(node), format!("{} is drained", node.name), help);
        }
    }
    found
}

/// What the published state has to say of why; `only`: of one node.
pub fn why(pool: &Pool, only: Option<&str>) -> Why {
    let wanted = |node: &&Node| only.is_none_or(|only| node.name == only || node.address == only);
    let active = match &pool.active {
        Some(active) => format!("{active} was ACTIVE, epoch {}", pool.epoch),
        None => format!("no node was ACTIVE, epoch {}", pool.epoch),
    };
    Why {
        pool: pool.name.clone(),
        about: vec![active],
        nodes: pool.nodes.iter().filter(wanted).map(why_node).collect(),
        troubles: pool.troubles.clone(),
        conditions: Vec::new(),
        stale: true,
    }
}

fn why_node(node: &Node) -> WhyNode {
    let verdict = |(role, v): (&String, &Verdict)| {
        let up = if v.up { format!("UP, weight {}", v.weight) } else { "DOWN".into() };
        format!("{role:3} {up}: {}", v.reason)
    };
    // In the order of a living daemon's answer, not by the alphabet.
    let roles = crate::core::words::Role::ALL.map(|role| role.word());
    let verdicts = roles.iter().filter_map(|role| node.verdicts.get_key_value(*role));
    WhyNode {
        name: node.name.clone(),
        kind: node.kind.clone(),
        address: node.address.clone(),
        about: vec![format!("{}, {}, req {}: {}", node.state, node.status, node.req, node.message)],
        verdicts: verdicts.map(verdict).collect(),
    }
}

fn published_node(pool: &PoolSnapshot, node: NodeId, spec: &NodeSpec) -> Node {
    let record = &pool.record.nodes[node];
    let verdicts = crate::state::Role::ALL.map(|role| {
        let v = record.verdict(role);
        let reason = Because::from_code(v.reason).map_or("of a later version", Because::words);
        (role.name().to_owned(), Verdict { up: v.up, weight: v.weight, reason: reason.into() })
    });
    Node {
        name: spec.name.clone(),
        address: spec.address.clone(),
        kind: node_type(node).into(),
        req: record.req,
        status: word(&Word::ALL.map(Word::word), record.status),
        state: word(&State::ALL.map(State::word), record.state),
        last_request: time(record.last_request_unix_ms),
        message: record.message.clone(),
        lag_s: record.lag_ms.map(|ms| std::time::Duration::from_millis(ms).as_secs_f64()),
        read_only: (record.flags & READ_ONLY_KNOWN != 0).then_some(record.flags & READ_ONLY != 0),
        drained: record.flags & DRAINED != 0,
        local: record.flags & LOCAL != 0,
        verdicts: verdicts.into(),
        ..Node::default()
    }
}

fn word(all: &[&str], place: u8) -> String {
    all.get(usize::from(place)).copied().unwrap_or("UNKNOWN").to_owned()
}

fn time(unix_ms: u64) -> Option<String> {
    let ms = i64::try_from(unix_ms).ok().filter(|ms| *ms != 0)?;
    Timestamp::from_millisecond(ms).ok().map(rfc3339)
}
