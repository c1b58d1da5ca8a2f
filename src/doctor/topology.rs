//! Who replicates from whom: nodes left out, one-way streets, sources from elsewhere, chains that are cut.

use super::facts::PoolFacts;
use super::finding::{Judgement, Step};
use super::node::{Channel, Node, judge};
use super::rule::{AUTO_INCREMENT, CHAIN_CUT, FOREIGN_SOURCE, NO_CHANNEL, ONE_WAY};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Where a pool's channels lead.
pub(super) struct Topology<'a> {
    pub(super) pool: &'a PoolFacts,
    /// Of each node the nodes it replicates from, directly.
    sources: Vec<BTreeSet<usize>>,
}

impl<'a> Topology<'a> {
    pub(super) fn of(pool: &'a PoolFacts) -> Topology<'a> {
        let mut sources = vec![BTreeSet::new(); pool.nodes.len()];
        for node in pool.examined() {
            sources[node.at].extend(node.channels().filter_map(|channel| member(pool, &channel)));
        }
        Topology { pool, sources }
    }

    /// Those that replicate from a node, directly or through others.
    pub(super) fn behind(&self, at: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut new = vec![at];
        while let Some(source) = new.pop() {
            let replicas = (0..self.sources.len()).filter(|replica| self.sources[*replica].contains(&source));
            new.extend(replicas.filter(|replica| found.insert(*replica)));
        }
        found
    }

    fn names(&self, nodes: impl IntoIterator<Item = usize>) -> String {
        let names = nodes.into_iter().map(|at| self.pool.settings.nodes[at].name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Which node a channel comes from, by address, else by server id; a source that is away tells no id.
fn member(pool: &PoolFacts, channel: &Channel<'_>) -> Option<usize> {
    let (host, port) = (channel.row.get("source_host")?, channel.row.number("source_port")?);
    let ip = host.parse::<IpAddr>().ok();
    let by_address = pool.settings.nodes.iter().zip(&pool.nodes).position(|(settings, node)| {
        let same = settings.host == host
            || ip.is_some_and(|ip| ip.to_canonical() == node.address().ip().to_canonical());
        same && u64::from(node.address().port()) == port
    });
    let id = channel.row.number("source_server_id").filter(|id| *id != 0);
    by_address.or_else(|| {
        pool.examined().find(|node| id.is_some() && node.number("server_id") == id).map(|node| node.at)
    })
}

/// The node a channel comes from, if it could be looked at.
pub(super) fn source_of<'a>(channel: &Channel<'a>) -> Option<Node<'a>> {
    let at = member(channel.node.pool, channel)?;
    channel.node.pool.examined().find(|node| node.at == at)
}

/// A node that neither replicates nor is replicated from.
pub(super) fn left_out(topology: &Topology<'_>) -> Vec<Judgement> {
    let is_source = |at: usize| !topology.behind(at).is_empty();
    let judged = topology.pool.examined().map(|node| {
        let channels = node.server.channels.len();
        let words = match (channels, is_source(node.at)) {
            (0, false) => "has no replication channel, and nobody replicates from it".to_owned(),
            (0, true) => "is the source of others".to_owned(),
            (n, _) => format!("has {n} replication channel{}", if n == 1 { "" } else { "s" }),
        };
        node.judge(channels > 0 || is_source(node.at), &NO_CHANNEL, words, || connect(&node, topology))
    });
    judged.collect()
}

/// What would leave others without new rows, once it is ACTIVE.
pub(super) fn one_way(topology: &Topology<'_>) -> Vec<Judgement> {
    let promotable = topology.pool.examined().filter(|node| node.settings().promotable);
    let judged = promotable.filter(|node| !topology.sources[node.at].is_empty()).map(|node| {
        let fed = topology.behind(node.at);
        let dry: Vec<_> =
            topology.pool.examined().filter(|n| n.at != node.at && !fed.contains(&n.at)).collect();
        let words = match dry[..] {
            [] => "everybody replicates from it, directly or through others".to_owned(),
            _ => format!("{} would get nothing from it", topology.names(dry.iter().map(|n| n.at))),
        };
        let advice = || dry.iter().flat_map(|replica| channel_to(replica, &node)).collect();
        node.judge(dry.is_empty(), &ONE_WAY, words, advice)
    });
    judged.collect()
}

/// A channel to the first other node that could be looked at.
fn connect(node: &Node<'_>, topology: &Topology<'_>) -> Vec<Step> {
    let source = topology.pool.examined().find(|other| other.at != node.at);
    source.map(|source| channel_to(node, &source)).unwrap_or_default()
}

/// What makes `replica` replicate from `source`: it must hold the same data, up to its GTID position.
fn channel_to(replica: &Node<'_>, source: &Node<'_>) -> Vec<Step> {
    let address = source.pool.nodes[source.at].address();
    let (ip, port) = (address.ip(), address.port());
    let name = match replica.server.channels.is_empty() {
        true => String::new(),
        false => source.name().to_owned(),
    };
    let lines = match replica.is_mariadb() {
        true => [
            format!(
                "CHANGE MASTER '{name}' TO MASTER_HOST='{ip}', MASTER_PORT={port}, MASTER_USER='USER', \
                 MASTER_PASSWORD='PASSWORD', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1;"
            ),
            format!("START SLAVE '{name}';"),
        ],
        false => [
            format!(
                "CHANGE REPLICATION SOURCE TO SOURCE_HOST='{ip}', SOURCE_PORT={port}, SOURCE_USER='USER', \
                 SOURCE_PASSWORD='PASSWORD', SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, \
                 SOURCE_RETRY_COUNT=86400, GET_SOURCE_PUBLIC_KEY=1 FOR CHANNEL '{name}';"
            ),
            format!("START REPLICA FOR CHANNEL '{name}';"),
        ],
    };
    vec![Step::sql(&replica.place(), lines)]
}

/// A channel from a server that is no node of the pool.
pub(super) fn foreign(channel: &Channel<'_>) -> Option<Judgement> {
    let known = member(channel.node.pool, channel);
    let words = match known {
        Some(at) => format!("that is {}", channel.node.pool.settings.nodes[at].name),
        None => "that is no node of this pool".into(),
    };
    let advice = || {
        let nodes = "add it under nodes:, or replicate from a node of the pool";
        vec![Step::words("this machine", nodes)]
    };
    Some(channel.judge(known.is_some(), &FOREIGN_SOURCE, &words, advice))
}

/// A node that others get a third one's transactions through must log them.
pub(super) fn chain(topology: &Topology<'_>) -> Vec<Judgement> {
    let judged = topology.pool.examined().filter_map(|node| {
        let passes_on = topology.behind(node.at).into_iter().find(|replica| {
            let direct = &topology.sources[*replica];
            *replica != node.at
                && topology.sources[node.at]
                    .iter()
                    .any(|source| source != replica && !direct.contains(source))
        })?;
        let words = format!(
            "{}, and {} gets others' transactions through it",
            node.shown("log_replica_updates")?,
            topology.names([passes_on])
        );
        let advice = || node.configure(&[("log_replica_updates", "ON")]);
        Some(node.judge(node.on("log_replica_updates")?, &CHAIN_CUT, words, advice))
    });
    judged.collect()
}

/// Keys of nodes that replicate from each other.
pub(super) fn keys(topology: &Topology<'_>) -> Vec<Judgement> {
    let pool = topology.pool;
    let circle: Vec<Node<'_>> =
        pool.examined().filter(|node| topology.behind(node.at).contains(&node.at)).collect();
    let numbers = |node: &Node<'_>| {
        Some((node.number("auto_increment_increment")?, node.number("auto_increment_offset")?))
    };
    let told: Vec<(u64, u64)> = circle.iter().filter_map(numbers).collect();
    if circle.len() < 2 || told.len() < circle.len() {
        return Vec::new();
    }
    let offsets: BTreeSet<u64> = told.iter().map(|(step, offset)| offset % step.max(&1)).collect();
    let good = told.iter().all(|(step, _)| *step == told[0].0) && offsets.len() == told.len();
    let words = circle
        .iter()
        .zip(&told)
        .map(|(node, (step, offset))| format!("{}: every {step} from {offset}", node.name()));
    let words = format!("auto_increment {}", words.collect::<Vec<_>>().join(", "));
    let advice =
        || circle.iter().enumerate().flat_map(|(i, node)| offset(node, circle.len(), i + 1)).collect();
    vec![judge(&format!("pool {}", pool.settings.name), good, &AUTO_INCREMENT, words, advice)]
}

fn offset(node: &Node<'_>, step: usize, offset: usize) -> Vec<Step> {
    let values = [("auto_increment_increment", step), ("auto_increment_offset", offset)];
    values.iter().flat_map(|(variable, value)| node.set(variable, &value.to_string())).collect()
}
