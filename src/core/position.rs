//! How far a server has come: GTIDs where there are any, else a place in a binary log.

use std::collections::BTreeMap;
use std::fmt;

/// What a server has executed, in the two ways servers say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Executed transactions by GTID; empty if the server says none.
    pub gtid: Gtids,
    /// End of the server's own binary log; `None` without one.
    pub binlog: Option<Coordinate>,
    /// What its binary log holds of each writer, by domain and server id (`gtid_binlog_state`).
    pub written: Written,
}

/// The last transaction of each writer: by domain, then by the writer's server id.
pub type Written = BTreeMap<u32, BTreeMap<u32, u64>>;

/// Reads `0-1-100,0-2-105`: unlike a position it has one entry for each domain and writer.
pub fn parse_written(text: &str) -> Result<Written, BadGtid> {
    let mut written = Written::new();
    for item in items(text) {
        let (domain, gtid) = parse_one(item)?;
        let known = written.entry(domain).or_default().entry(gtid.server).or_insert(gtid.number);
        *known = gtid.number.max(*known);
    }
    Ok(written)
}

impl Position {
    /// What is here and the pool, whose ACTIVE node `id` is at `pool`, is known to lack, in words. A writer that the
    /// ACTIVE node has never heard of in a domain proves nothing: its binary log may have been reset, or never kept.
    /// What it writes itself, it may have written after it was asked.
    pub fn errant(&self, id: u32, pool: &Position) -> Option<String> {
        self.written.iter().find_map(|(domain, writers)| {
            let known = pool.written.get(domain)?;
            writers.iter().filter(|(writer, _)| **writer != id).find_map(|(writer, &mine)| {
                let missing = mine.checked_sub(*known.get(writer)?).filter(|&n| n > 0)?;
                let word = if missing == 1 { "transaction" } else { "transactions" };
                Some(format!("{missing} {word} (up to {domain}-{writer}-{mine})"))
            })
        })
    }
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

/// MariaDB's position: the last transaction of each replication domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Gtids(pub BTreeMap<u32, Gtid>);

/// One transaction within a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Gtid {
    /// Server id of its writer.
    pub server: u32,
    /// Number within the domain.
    pub number: u64,
}

/// A GTID list that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadGtid(pub String);

impl Gtids {
    /// Reads `0-1-100,1-2-7`; white space is passed over, an empty text is an empty position.
    pub fn parse(text: &str) -> Result<Gtids, BadGtid> {
        let mut gtids = Gtids::default();
        for item in items(text) {
            let (domain, gtid) = parse_one(item)?;
            gtids.raise(domain, gtid);
        }
        Ok(gtids)
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the domain's last transaction, if it is later than the known one.
    pub fn raise(&mut self, domain: u32, gtid: Gtid) {
        let known = self.0.entry(domain).or_insert(gtid);
        if gtid.number > known.number {
            *known = gtid;
        }
    }

    /// The later of both, domain by domain.
    pub fn union(mut self, other: &Gtids) -> Gtids {
        for (&domain, &gtid) in &other.0 {
            self.raise(domain, gtid);
        }
        self
    }

    /// How many transactions of `other` are not here, counted by their numbers.
    pub fn lacks(&self, other: &Gtids) -> u64 {
        let missing = |(domain, gtid): (&u32, &Gtid)| {
            gtid.number.saturating_sub(self.0.get(domain).map_or(0, |mine| mine.number))
        };
        other.0.iter().map(missing).fold(0, u64::saturating_add)
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|t| !t.is_empty())
}

fn parse_one(item: &str) -> Result<(u32, Gtid), BadGtid> {
    let parse = || {
        let mut parts = item.split('-');
        let domain = parts.next()?.parse().ok()?;
        let gtid = Gtid { server: parts.next()?.parse().ok()?, number: parts.next()?.parse().ok()? };
        parts.next().is_none().then_some((domain, gtid))
    };
    parse().ok_or_else(|| BadGtid(item.to_owned()))
}

impl fmt::Display for Gtids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (domain, gtid)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{domain}-{}-{}", gtid.server, gtid.number)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gtids(text: &str) -> Gtids {
        Gtids::parse(text).expect("a GTID list")
    }

    #[test]
    fn a_gtid_list_reads_back_as_it_was_written() {
        assert_eq!(gtids("0-1-100,\n 7-3-2").to_string(), "0-1-100,7-3-2");
        assert_eq!(gtids(""), Gtids::default());
        for bad in ["0-1", "0-1-2-3", "a-1-2", "0-1-2;", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"] {
            assert!(Gtids::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_lacking_is_counted_domain_by_domain() {
        assert_eq!(gtids("0-1-97,1-1-1").lacks(&gtids("0-1-100,1-1-1")), 3);
        assert_eq!(gtids("0-1-100").lacks(&gtids("0-1-5,1-1-1")), 1);
        assert_eq!(gtids("").lacks(&gtids("0-1-5")), 5);
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
    fn a_binary_log_state_has_every_writer() {
        let written = parse_written("0-1-100, 0-2-105,7-1-3,0-1-99").expect("a state");
        assert_eq!(written[&0], BTreeMap::from([(1, 100), (2, 105)]));
        assert_eq!(written[&7], BTreeMap::from([(1, 3)]));
        assert_eq!(parse_written("0-1"), Err(BadGtid("0-1".into())));
    }

    #[test]
    fn a_server_diverged_only_if_the_pool_knows_it_as_a_writer_and_knows_less() {
        let at = |text| Position { written: parse_written(text).expect("a state"), ..Position::default() };
        let back = at("0-1-110,0-2-90");
        assert_eq!(back.errant(2, &at("0-1-108,0-2-140")).as_deref(), Some("2 transactions (up to 0-1-110)"));
        assert_eq!(back.errant(2, &at("0-1-110,0-2-140")), None);
        assert_eq!(back.errant(3, &at("0-1-110,0-2-80")).as_deref(), Some("10 transactions (up to 0-2-90)"));
        assert_eq!(back.errant(2, &at("0-2-80,0-1-110")), None, "it may have written that since");
        assert_eq!(back.errant(2, &at("0-2-140")), None, "unknown there: not claimed");
        assert_eq!(back.errant(2, &at("7-1-1")), None);
    }
}
