//! What a monitor reads: one line, the figures, and lines below it; never more than it takes.

use crate::exit::Plugin;
use std::cmp::Reverse;
use std::fmt::Write;

/// A monitor takes 4 KiB (Nagios, NRPE 2 even less), and cuts without a word.
const LONGEST: usize = 4000;
/// The first line, the figures apart: it goes into messages to people.
const LONGEST_LINE: usize = 1000;

/// Something to tell.
pub(super) struct Finding {
    pub(super) grade: Plugin,
    pub(super) words: String,
    /// The command that helps.
    pub(super) help: Option<String>,
}

/// A pool, and what was found of it, the worst first.
pub(super) struct PoolReport {
    pub(super) name: String,
    pub(super) findings: Vec<Finding>,
    /// `db1 ACTIVE, 1 STANDBY, lag 0s`.
    pub(super) summary: String,
    /// A line a node.
    pub(super) nodes: Vec<String>,
}

/// All of it.
pub(super) struct Report {
    daemon: Vec<Finding>,
    /// The worst first.
    pools: Vec<PoolReport>,
    figures: Vec<String>,
}

impl Finding {
    /// One that nothing helps but what it says.
    pub(super) fn of(grade: Plugin, words: String) -> Finding {
        Finding { grade, words, help: None }
    }

    fn told(&self) -> String {
        let help = self.help.as_ref().map_or(String::new(), |help| format!(" -> {help}"));
        format!("{}{help}", self.words)
    }
}

impl PoolReport {
    fn grade(&self) -> Plugin {
        worst(&self.findings)
    }

    /// What was found, and how the pool stands.
    fn told(&self) -> String {
        let found = self.findings.iter().map(Finding::told);
        let all: Vec<String> = match self.grade() {
            Plugin::Ok => [self.summary.clone()].into_iter().chain(found).collect(),
            _ => found.chain([self.summary.clone()]).collect(),
        };
        format!("{}: {}", self.name, all.join("; "))
    }
}

fn worst(findings: &[Finding]) -> Plugin {
    findings.iter().map(|finding| finding.grade).max().unwrap_or(Plugin::Ok)
}

impl Report {
    /// Of what was found.
    pub(super) fn of(daemon: Vec<Finding>, mut pools: Vec<PoolReport>, figures: Vec<String>) -> Report {
        pools.sort_by_key(|pool| Reverse(pool.grade()));
        Report { daemon, pools, figures }
    }

    /// Nothing but this could be found.
    pub(super) fn bare(grade: Plugin, words: String) -> Report {
        Report::of(vec![Finding::of(grade, words)], Vec::new(), Vec::new())
    }

    /// As bad as the worst.
    pub(super) fn grade(&self) -> Plugin {
        self.pools.iter().map(PoolReport::grade).fold(worst(&self.daemon), Plugin::max)
    }

    /// Everything, at most 4000 bytes.
    pub(super) fn text(&self) -> String {
        let figures = match self.figures.is_empty() {
            true => String::new(),
            false => format!(" | {}", self.figures.join(" ")),
        };
        let line = format!("MPP {} - {}", self.grade().word(), self.line());
        let mut text = cut(&line, LONGEST_LINE) + &figures;
        let below = self.below();
        for (place, line) in below.iter().enumerate() {
            let line = plain(line);
            let left = format!("\n... {} lines more: mpp status", below.len() - place);
            if text.len() + line.len() + left.len() >= LONGEST {
                text.push_str(&left);
                break;
            }
            _ = write!(text, "\n{line}");
        }
        text
    }

    /// What matters first: mppd, then what is wrong; if nothing is, how it stands.
    fn line(&self) -> String {
        let daemon = self.daemon.iter().map(Finding::told);
        let pools = match self.pools.as_slice() {
            [] => None,
            [pool] => Some(pool.told()),
            pools => Some(all(pools)),
        };
        daemon.chain(pools).collect::<Vec<_>>().join("; ")
    }

    /// Of several pools a line each, the worst first; of one all its findings and nodes.
    fn below(&self) -> Vec<String> {
        match self.pools.as_slice() {
            [pool] => {
                let found = pool.findings.iter().map(|f| format!("{}: {}", f.grade.word(), f.told()));
                found.chain(pool.nodes.iter().cloned()).collect()
            }
            pools => pools.iter().map(|pool| format!("{}: {}", pool.grade().word(), pool.told())).collect(),
        }
    }
}

/// `1 of 40 pools CRITICAL, 2 WARNING: db: ...; shop: ...`.
fn all(pools: &[PoolReport]) -> String {
    let count = |grade: Plugin| (pools.iter().filter(|pool| pool.grade() == grade).count(), grade);
    let counts = [Plugin::Critical, Plugin::Warning, Plugin::Ok].map(count);
    let counts: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, grade)| format!("{n} {}", grade.word())).collect();
    let bad = pools.iter().filter(|pool| pool.grade() != Plugin::Ok).map(PoolReport::told);
    let heading = format!("{} pools, {}", pools.len(), counts.join(", "));
    [heading].into_iter().chain(bad).collect::<Vec<_>>().join("; ")
}

/// Servers say what they like: no line of its own, and nothing that would begin the figures.
fn plain(words: &str) -> String {
    words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .map(|c| if c == '|' { '/' } else { c })
        .collect()
}

fn cut(line: &str, longest: usize) -> String {
    let line = plain(line);
    match line.len() > longest {
        true => format!("{}...", &line[..line.floor_char_boundary(longest - 3)]),
        false => line,
    }
}
