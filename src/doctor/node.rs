//! A server as the rules see it: where it stands, its variables, and how to write what changes them.

use super::facts::{Named, PoolFacts, Server};
use super::finding::{Finding, Good, Judgement, Kind, Step};
use super::rule::Rule;
use crate::core::settings::NodeSettings;
use crate::poll::Dialect;

/// A node that could be looked at.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) pool: &'a PoolFacts,
    /// Its place in the pool.
    pub(super) at: usize,
    pub(super) server: &'a Server,
}

/// One of its replication channels.
#[derive(Clone, Copy)]
pub(super) struct Channel<'a> {
    pub(super) node: Node<'a>,
    pub(super) row: &'a Named,
}

impl PoolFacts {
    /// `db/db2`.
    pub(super) fn place(&self, at: usize) -> String {
        format!("{}/{}", self.settings.name, self.settings.nodes[at].name)
    }

    /// Those of its nodes that could be looked at.
    pub(super) fn examined(&self) -> impl Iterator<Item = Node<'_>> {
        self.nodes.iter().enumerate().filter_map(|(at, facts)| {
            facts.server.as_ref().ok().map(|server| Node { pool: self, at, server })
        })
    }

    /// Whether what its nodes say of replication counts.
    pub(super) fn replicates(&self) -> bool {
        self.settings.max_lag.is_some() && self.nodes.len() > 1
    }
}

impl<'a> Node<'a> {
    /// `db/db2`.
    pub(super) fn place(&self) -> String {
        self.pool.place(self.at)
    }

    /// `db2`.
    pub(super) fn name(&self) -> &'a str {
        &self.settings().name
    }

    pub(super) fn settings(&self) -> &'a NodeSettings {
        &self.pool.settings.nodes[self.at]
    }

    pub(super) fn is_mariadb(&self) -> bool {
        self.server.dialect == Dialect::MariaDb
    }

    /// Either of two wordings.
    pub(super) fn say<T>(&self, mariadb: T, mysql: T) -> T {
        if self.is_mariadb() { mariadb } else { mysql }
    }

    pub(super) fn text(&self, variable: &str) -> Option<&'a str> {
        self.server.variables.get(variable)
    }

    pub(super) fn number(&self, variable: &str) -> Option<u64> {
        self.server.variables.number(variable)
    }

    pub(super) fn on(&self, variable: &str) -> Option<bool> {
        self.server.variables.on(variable)
    }

    pub(super) fn channels(self) -> impl Iterator<Item = Channel<'a>> {
        self.server.channels.iter().map(move |row| Channel { node: self, row })
    }

    /// `words` are good, or what `rule` finds.
    pub(super) fn judge(
        &self,
        good: bool,
        rule: &'static Rule,
        words: impl Into<String>,
        advice: impl FnOnce() -> Vec<Step>,
    ) -> Judgement {
        judge(&self.place(), good, rule, words, advice)
    }

    /// The variable must have this value; a server that does not know it is not judged. It can be set while it runs.
    pub(super) fn wants(
        &self,
        variable: &str,
        good: bool,
        rule: &'static Rule,
        value: &str,
    ) -> Option<Judgement> {
        Some(self.judge(good, rule, self.shown(variable)?, || self.set(variable, value)))
    }

    /// The same of a variable that is read at the start.
    pub(super) fn wants_at_start(
        &self,
        variable: &str,
        good: bool,
        rule: &'static Rule,
        value: &str,
    ) -> Option<Judgement> {
        Some(self.judge(good, rule, self.shown(variable)?, || self.configure(&[(variable, value)])))
    }

    /// `sync_binlog is 0`.
    pub(super) fn shown(&self, variable: &str) -> Option<String> {
        let value = self.text(variable)?;
        Some(format!("{} is {}", self.own(variable), if value.is_empty() { "empty" } else { value }))
    }

    /// What changes a variable, now and for the next start.
    pub(super) fn set(&self, variable: &str, value: &str) -> Vec<Step> {
        let own = self.own(variable);
        let place = self.place();
        if self.is_mariadb() {
            let line = format!("{own} = {value}");
            vec![
                Step::sql(&place, [format!("SET GLOBAL {own} = {value};")]),
                Step::new(&place, Kind::MyCnfLater, [line]),
            ]
        } else {
            vec![Step::sql(&place, [format!("SET PERSIST {own} = {value};")])]
        }
    }

    /// What changes variables that are read at the start.
    pub(super) fn configure(&self, values: &[(&str, &str)]) -> Vec<Step> {
        let lines = values.iter().map(|(variable, value)| format!("{} = {value}", self.own(variable)));
        vec![Step::new(&self.place(), Kind::MyCnf, lines)]
    }

    /// What the server itself calls a variable.
    fn own<'b>(&self, variable: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.server.variables.own(variable).unwrap_or(variable)
    }
}

impl Channel<'_> {
    /// `replication from 10.0.0.1:3306`, with its name if it has one.
    pub(super) fn title(&self) -> String {
        let text = |name| self.row.get(name).unwrap_or("?");
        let channel = match self.name() {
            "" => String::new(),
            name => format!(" (channel `{name}`)"),
        };
        format!("replication from {}:{}{channel}", text("source_host"), text("source_port"))
    }

    /// Empty for the default one.
    pub(super) fn name(&self) -> &str {
        self.row.get(self.node.say("connection_name", "channel_name")).unwrap_or_default()
    }

    pub(super) fn judge(
        &self,
        good: bool,
        rule: &'static Rule,
        words: &str,
        advice: impl FnOnce() -> Vec<Step>,
    ) -> Judgement {
        self.node.judge(good, rule, format!("{}: {words}", self.title()), advice)
    }

    /// Statements that change options of the channel, named without `MASTER_` or `SOURCE_`.
    pub(super) fn change(&self, options: &[(&str, &str)]) -> Vec<Step> {
        let prefix = self.node.say("MASTER", "SOURCE");
        let options: Vec<_> =
            options.iter().map(|(name, value)| format!("{prefix}_{name}={value}")).collect();
        let options = options.join(", ");
        let name = self.name();
        let lines = match (self.node.is_mariadb(), name.is_empty()) {
            (true, true) => {
                ["STOP SLAVE;".into(), format!("CHANGE MASTER TO {options};"), "START SLAVE;".into()]
            }
            (true, false) => [
                format!("STOP SLAVE '{name}';"),
                format!("CHANGE MASTER '{name}' TO {options};"),
                format!("START SLAVE '{name}';"),
            ],
            (false, _) => [
                format!("STOP REPLICA FOR CHANNEL '{name}';"),
                format!("CHANGE REPLICATION SOURCE TO {options} FOR CHANNEL '{name}';"),
                format!("START REPLICA FOR CHANNEL '{name}';"),
            ],
        };
        vec![Step::sql(&self.node.place(), lines)]
    }
}

/// `words` of `place` are good, or what `rule` finds.
pub(super) fn judge(
    place: &str,
    good: bool,
    rule: &'static Rule,
    words: impl Into<String>,
    advice: impl FnOnce() -> Vec<Step>,
) -> Judgement {
    let (place, words) = (place.to_owned(), words.into());
    if good {
        return Ok(Good { place, text: words });
    }
    Err(Finding { rule, place, found: words, advice: advice() })
}
