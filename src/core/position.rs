//! How far a server has come: GTIDs where there are any, else a place in a binary log.
//!
//! GTIDs come in two kinds, [`Domains`] and [`GtidSet`]. What is decided with them asks a [`Position`], and need not know
//! which; those of two kinds do not compare.

use super::domains;
pub use super::domains::{Domains, Gtid, Written, parse_written};
pub use super::gtid_set::GtidSet;
pub use super::gtids::{BadGtid, Gtids};
pub use super::uuid::Uuid;
use std::fmt;

/// What a server has executed, in the two ways servers say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Executed transactions by GTID; empty if the server says none.
    pub gtid: Gtids,
    /// End of the server's own binary log; `None` without one.
    pub binlog: Option<Coordinate>,
    /// What its binary log holds of each writer, by domain and server id (`gtid_binlog_state`); of [`Domains`] only.
    pub written: Written,
    /// By which UUID its own transactions go in a [`GtidSet`]; `None` where there are none.
    #[cfg_attr(feature = "daemon", serde(default, skip_serializing_if = "Option::is_none"))]
    pub uuid: Option<Uuid>,
}

impl Position {
    /// Whether all of `other` has been executed, or is in one of these relay logs; `None` if nothing compares. Nothing
    /// in one's own kind of GTIDs is a position too, that of a server which has executed nothing.
    pub fn covers(&self, other: &Gtids, relay_logs: &[&Gtids]) -> Option<bool> {
        let mut received = std::iter::once(&self.gtid).chain(relay_logs.iter().copied());
        let kind = received.find(|gtids| !gtids.is_empty()).unwrap_or(&self.gtid);
        match (kind, other) {
            _ if other.is_empty() => None,
            (Gtids::Set(_), Gtids::Set(other)) => Some(self.covers_set(other, relay_logs)),
            (Gtids::Domains(_), Gtids::Domains(other)) => Some(self.covers_domains(other, relay_logs)),
            _ => None,
        }
    }

    fn covers_set(&self, other: &GtidSet, relay_logs: &[&Gtids]) -> bool {
        match relay_logs.iter().fold(self.gtid.clone(), |all, log| all.union(log)) {
            Gtids::Set(received) => received.contains(other),
            Gtids::Domains(_) => false,
        }
    }

    fn covers_domains(&self, other: &Domains, relay_logs: &[&Gtids]) -> bool {
        let executed = |domain, gtid| match &self.gtid {
            Gtids::Domains(mine) => mine.executed(&self.written, domain, gtid),
            Gtids::Set(_) => false,
        };
        let relay_logs = domains_of(relay_logs);
        let logged = |domain, gtid| relay_logs.iter().any(|log| log.ends_behind(domain, gtid));
        other.0.iter().all(|(&domain, &gtid)| logged(domain, gtid) || executed(domain, gtid))
    }

    /// Whether something of `other` is certainly neither here, on server `id`, nor in its relay logs, whatever the last
    /// transaction of a domain or a place in a log say. Of two who wrote at the same time, [`Domains`] show but one: the
    /// binary logs know each. What a server wrote itself, and lost in a crash, replication never brings back: a
    /// [`GtidSet`] knows.
    pub(super) fn certainly_lacks(&self, id: u32, other: &Position, relay_logs: &[&Gtids]) -> bool {
        match (&self.gtid, &other.gtid) {
            (Gtids::Set(mine), Gtids::Set(theirs)) => {
                self.uuid.is_some_and(|own| !theirs.clone().only(own).minus(mine).is_empty())
            }
            _ => domains::lacks_of_a_writer(&self.written, id, &other.written, &domains_of(relay_logs)),
        }
    }

    /// Whether all that server `id`, at `other`, has logged of its own is known to be here, or in these relay logs.
    /// Numbers of two who wrote at the same time say nothing of each other: it must be known as a writer, or be the last
    /// one.
    pub(super) fn has_all_of(&self, id: u32, other: &Position, relay_logs: &[&Gtids]) -> bool {
        let Gtids::Domains(mine) = &self.gtid else { return true };
        let relay_logs = domains_of(relay_logs);
        of_writer(&other.written, id).all(|(domain, gtid)| {
            let logged = self.written.get(&domain).and_then(|writers| writers.get(&id));
            logged.is_some_and(|&number| number >= gtid.number)
                || [mine].iter().chain(&relay_logs).any(|last| last.ends_behind(domain, gtid))
        })
    }

    /// Whether this server's binary log was begun anew since it was at `before`.
    pub(super) fn is_rewound_since(&self, before: &Position) -> bool {
        self.binlog
            .as_ref()
            .zip(before.binlog.as_ref())
            .is_some_and(|(now, then)| now.covers(then) == Some(false))
    }

    /// What is here and the pool, whose ACTIVE node `id` is at `pool`, is known to lack, in words. What the ACTIVE node
    /// writes itself, it may have written after it was asked. Within [`Domains`], a writer that it has never heard of
    /// proves nothing: its binary log may have been reset, or never kept. A [`GtidSet`] knows.
    pub fn errant(&self, id: u32, pool: &Position) -> Option<String> {
        match (&self.gtid, &pool.gtid) {
            (Gtids::Set(mine), Gtids::Set(theirs)) => {
                let missing = mine.minus(theirs).but(pool.uuid);
                Some(errant_words(missing.count(), &missing.last()?))
            }
            _ => domains::errant(&self.written, id, &pool.written),
        }
    }
}

/// What has been logged of one writer, by its server id, in each domain.
fn of_writer(written: &Written, id: u32) -> impl Iterator<Item = (u32, Gtid)> {
    let one = move |(&domain, writers): (&u32, &std::collections::BTreeMap<u32, u64>)| {
        Some((domain, Gtid { server: id, number: *writers.get(&id)? }))
    };
    written.iter().filter_map(one)
}

fn domains_of<'a>(logs: &[&'a Gtids]) -> Vec<&'a Domains> {
    let domains = |log: &&'a Gtids| match *log {
        Gtids::Domains(domains) => Some(domains),
        Gtids::Set(_) => None,
    };
    logs.iter().filter_map(domains).collect()
}

/// What a server holds and should not, in words.
pub(super) fn errant_words(missing: u64, last: &str) -> String {
    let word = if missing == 1 { "transaction" } else { "transactions" };
    format!("{missing} {word} (up to {last})")
}

/// A place in one server's binary log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Coordinate {
    /// File name, such as `mariadb-bin.000012`.
    pub file: String,
    /// Offset in the file, bytes.
    pub offset: u64,
}

impl Coordinate {
    /// The number behind the last dot of the file name; `None` if there is none.
    fn sequence(&self) -> Option<(&str, u64)> {
        let (base, number) = self.file.rsplit_once('.')?;
        Some((base, number.parse().ok()?))
    }

    /// Whether this place is at or behind `other` in the same log; `None` where the names do not compare.
    pub fn covers(&self, other: &Coordinate) -> Option<bool> {
        let (base, mine) = self.sequence()?;
        let (other_base, theirs) = other.sequence()?;
        (base == other_base).then_some((mine, self.offset) >= (theirs, other.offset))
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::gtid_set::letters::{short, spelt};

    fn gtids(text: &str) -> Gtids {
        Gtids::parse(&spelt(text)).expect("GTIDs")
    }

    fn at(text: &str) -> Position {
        Position { gtid: gtids(text), ..Position::default() }
    }

    /// What MariaDB says: the last of the domain, and what its log holds of each writer.
    fn mariadb(last: &str, written: &str) -> Position {
        let gtid = Gtids::parse(last).expect("a position");
        Position { gtid, written: parse_written(written).expect("a state"), ..Position::default() }
    }

    #[test]
    fn of_two_who_wrote_at_the_same_time_neither_hides_the_other() {
        // Server 3 is ACTIVE and has written 77; server 2 wrote as well, with higher numbers, which hide that.
        let shown = mariadb("0-2-1193", "0-1-322,0-2-1193,0-3-1180");
        let lacks = mariadb("0-2-1193", "0-1-322,0-2-1193,0-3-1103");
        assert_eq!(lacks.covers(&shown.gtid, &[]), Some(true), "that says nothing of server 3");
        assert!(lacks.certainly_lacks(2, &shown, &[]));
        let relay = Gtids::parse("0-3-1180").expect("a position");
        assert!(!lacks.certainly_lacks(2, &shown, &[&relay]), "it has received it");
        let never_heard = mariadb("0-2-1193", "0-1-322,0-2-1193");
        assert!(!never_heard.certainly_lacks(2, &shown, &[]) && !never_heard.has_all_of(3, &shown, &[]));
        assert!(never_heard.has_all_of(3, &shown, &[&relay]), "it has received it");
        assert!(mariadb("0-3-1180", "0-1-322").has_all_of(3, &shown, &[]), "the last one it executed");
        assert!(shown.has_all_of(3, &shown, &[]) && !shown.certainly_lacks(2, &shown, &[]));
    }

    #[test]
    fn a_later_binlog_file_is_later_whatever_the_offset() {
        let at = |file: &str, offset| Coordinate { file: file.into(), offset };
        assert_eq!(at("bin.000010", 4).covers(&at("bin.000009", 900)), Some(true));
        assert_eq!(at("bin.1000000", 4).covers(&at("bin.999999", 900)), Some(true));
        assert_eq!(at("bin.000009", 4).covers(&at("bin.000009", 5)), Some(false));
        assert_eq!(at("bin.000009", 4).covers(&at("other.000009", 4)), None);
        assert_eq!(at("", 0).covers(&at("bin.000009", 4)), None);
    }

    #[test]
    fn a_server_diverged_only_if_the_pool_knows_it_as_a_writer_and_knows_less() {
        let of = |text| Position { written: parse_written(text).expect("a state"), ..Position::default() };
        let back = of("0-1-110,0-2-90");
        assert_eq!(back.errant(2, &of("0-1-108,0-2-140")).as_deref(), Some("2 transactions (up to 0-1-110)"));
        assert_eq!(back.errant(2, &of("0-1-110,0-2-140")), None);
        assert_eq!(back.errant(3, &of("0-1-110,0-2-80")).as_deref(), Some("10 transactions (up to 0-2-90)"));
        assert_eq!(back.errant(2, &of("0-2-80,0-1-110")), None, "it may have written that since");
        assert_eq!(back.errant(2, &of("0-2-140")), None, "unknown there: not claimed");
        assert_eq!(back.errant(2, &of("7-1-1")), None);
    }

    #[test]
    fn a_set_that_holds_what_the_active_node_lacks_has_diverged() {
        let active = Position { uuid: spelt("B").parse().ok(), ..at("A:1-100,B:1-7") };
        let errant = |mine| at(mine).errant(2, &active).map(|words| short(&words));
        assert_eq!(errant("A:1-103,B:1-5").as_deref(), Some("3 transactions (up to A:103)"));
        assert_eq!(errant("A:1-99:200:t:1").as_deref(), Some("2 transactions (up to A:t:1)"));
        assert_eq!(errant("A:1-100,B:1-9:t:1"), None, "it may have written that since");
        assert_eq!(errant("0-1-5"), None);
        assert_eq!(at("A:1").errant(2, &at("")), None, "it says nothing");
    }

    #[test]
    fn received_is_what_is_executed_or_in_a_relay_log() {
        let (mine, log) = (at("A:1-50"), gtids("A:40-60,B:2"));
        for (other, executed, received) in [
            ("A:1-50", Some(true), Some(true)),
            ("A:1-60", Some(false), Some(true)),
            ("A:1-60,B:1", Some(false), Some(false)),
            ("A:t:1", Some(false), Some(false)),
            ("", None, None),
            ("0-1-5", None, None),
        ] {
            let other = gtids(other);
            assert_eq!(
                (mine.covers(&other, &[]), mine.covers(&other, &[&log])),
                (executed, received),
                "{other}"
            );
        }
        assert_eq!(at("").covers(&gtids("A:45"), &[&log]), Some(true));
        assert_eq!(at("0-1-50").covers(&gtids("A:45"), &[&log]), None, "two kinds");
    }

    #[test]
    fn a_server_that_has_executed_nothing_has_none_of_what_others_have() {
        let empty = Position { gtid: Gtids::Set(GtidSet::default()), ..Position::default() };
        for relay_log in [Gtids::Set(GtidSet::default()), Gtids::default()] {
            assert_eq!(empty.covers(&gtids("A:45"), &[&relay_log]), Some(false));
            assert_eq!(mariadb("", "").covers(&gtids("0-1-50"), &[&relay_log]), Some(false));
        }
        assert_eq!(mariadb("", "").covers(&gtids("A:45"), &[]), None, "it has GTIDs switched off");
    }

    #[cfg(feature = "daemon")]
    #[test]
    fn what_is_remembered_reads_back_and_domains_as_in_version_0_1() {
        let domains = r#"{"gtid":{"0":{"server":1,"number":100}},"binlog":null,"written":{}}"#;
        assert_eq!(serde_json::to_string(&at("0-1-100")).expect("JSON"), domains);
        let set = Position { uuid: spelt("B").parse().ok(), ..at("A:1-5:t:2") };
        for position in [at("0-1-100,7-2-3"), at(""), at("A:1-5:9,B:7"), set] {
            let text = serde_json::to_string(&position).expect("JSON");
            assert_eq!(serde_json::from_str::<Position>(&text).expect("a position"), position, "{text}");
        }
        for bad in [r#"{"x":{"server":1,"number":100}}"#, r#""A:1""#] {
            assert!(serde_json::from_str::<Gtids>(bad).is_err(), "{bad}");
        }
    }
}
