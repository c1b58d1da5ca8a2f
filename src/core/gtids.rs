//! GTIDs of either kind as one type: read, joined, counted, remembered.

use super::domains::Domains;
use super::gtid_set::GtidSet;
use std::fmt;

/// Transactions by GTID, of one kind or the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Deserialize))]
#[cfg_attr(feature = "daemon", serde(try_from = "Stored"))]
pub enum Gtids {
    /// The last of each domain stands for all before it: MariaDB.
    Domains(Domains),
    /// Every one of them: MySQL.
    Set(GtidSet),
}

/// A GTID list that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadGtid(pub String);

impl Gtids {
    /// Reads `0-1-100,1-2-7` or `UUID:1-5,UUID:tag:1`; white space is passed over, an empty text is empty.
    pub fn parse(text: &str) -> Result<Gtids, BadGtid> {
        match text.contains(':') {
            true => GtidSet::parse(text).map(Gtids::Set),
            false => Domains::parse(text).map(Gtids::Domains),
        }
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Gtids::Domains(domains) => domains.0.is_empty(),
            Gtids::Set(set) => set.is_empty(),
        }
    }

    /// All of both. Of two kinds, what is here: the other says nothing.
    pub fn union(self, other: &Gtids) -> Gtids {
        match (self, other) {
            (mine, other) if other.is_empty() => mine,
            (mine, other) if mine.is_empty() => other.clone(),
            (Gtids::Domains(mine), Gtids::Domains(other)) => Gtids::Domains(mine.union(other)),
            (Gtids::Set(mine), Gtids::Set(other)) => Gtids::Set(mine.union(other)),
            (mine, _) => mine,
        }
    }

    /// How many transactions of `other` are not here; 0 of another kind.
    pub fn lacks(&self, other: &Gtids) -> u64 {
        match (self, other) {
            (mine, Gtids::Domains(other)) if mine.is_empty() => Domains::default().lacks(other),
            (mine, Gtids::Set(other)) if mine.is_empty() => other.count(),
            (Gtids::Domains(mine), Gtids::Domains(other)) => mine.lacks(other),
            (Gtids::Set(mine), Gtids::Set(other)) => other.minus(mine).count(),
            _ => 0,
        }
    }
}

impl Default for Gtids {
    fn default() -> Gtids {
        Gtids::Domains(Domains::default())
    }
}

impl From<Domains> for Gtids {
    fn from(domains: Domains) -> Gtids {
        Gtids::Domains(domains)
    }
}

impl fmt::Display for Gtids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gtids::Domains(domains) => domains.fmt(f),
            Gtids::Set(set) => set.fmt(f),
        }
    }
}

impl fmt::Display for BadGtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no GTID", self.0)
    }
}

/// What is between the commas, white space taken off.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|t| !t.is_empty())
}

/// As it is remembered: domains as an object, for version 0.1 knew nothing else; a set as its text.
#[cfg(feature = "daemon")]
impl serde::Serialize for Gtids {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Gtids::Domains(domains) => serializer.collect_map(&domains.0),
            Gtids::Set(set) => serializer.collect_str(set),
        }
    }
}

/// What [`Gtids`] are read back from.
#[cfg(feature = "daemon")]
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Stored {
    /// The domains as text, as JSON has its keys.
    Domains(std::collections::BTreeMap<String, super::domains::Gtid>),
    Set(String),
}

#[cfg(feature = "daemon")]
impl TryFrom<Stored> for Gtids {
    type Error = BadGtid;

    fn try_from(stored: Stored) -> Result<Gtids, BadGtid> {
        match stored {
            Stored::Set(text) => GtidSet::parse(&text).map(Gtids::Set),
            Stored::Domains(all) => {
                let one =
                    |(d, g): (String, super::domains::Gtid)| Ok((d.parse().map_err(|_| BadGtid(d))?, g));
                all.into_iter().map(one).collect::<Result<_, _>>().map(|all| Domains(all).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::gtid_set::letters::spelt;

    fn gtids(text: &str) -> Gtids {
        Gtids::parse(&spelt(text)).expect("GTIDs")
    }

    #[test]
    fn what_is_lacking_is_counted_within_a_kind() {
        assert_eq!(gtids("A:1-97").lacks(&gtids("A:1-100,B:5")), 4);
        assert_eq!(gtids("").lacks(&gtids("A:1-100")), 100);
        assert_eq!(gtids("").lacks(&gtids("0-1-100")), 100);
        assert_eq!(gtids("0-1-97").lacks(&gtids("A:1-100")), 0);
        assert_eq!(gtids("0-1-97").union(&gtids("A:1-100")), gtids("0-1-97"));
        assert_eq!(gtids("").union(&gtids("A:1-100")), gtids("A:1-100"));
    }
}
