//! GTIDs as MariaDB says them: of each replication domain, the last transaction.

use super::gtids::{BadGtid, items};
use super::position::errant_words;
use std::collections::BTreeMap;
use std::fmt;

/// One transaction within a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
pub struct Gtid {
    /// Server id of its writer.
    pub server: u32,
    /// Number within the domain.
    pub number: u64,
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

/// What `written` holds and `pool`, in which `id` may have written since, is known to lack, in words.
pub(super) fn errant(written: &Written, id: u32, pool: &Written) -> Option<String> {
    written.iter().find_map(|(domain, writers)| {
        let known = pool.get(domain)?;
        writers.iter().filter(|(writer, _)| **writer != id).find_map(|(writer, &mine)| {
            let missing = mine.checked_sub(*known.get(writer)?).filter(|&n| n > 0)?;
            Some(errant_words(missing, &format!("{domain}-{writer}-{mine}")))
        })
    })
}

/// Whether `other` has more of some writer than server `own` has logged in `written`, and than is in its relay logs. A
/// writer that is known on one side only proves nothing. Its own transactions a server never executes from a relay log,
/// though it counts them as received.
pub(super) fn lacks_of_a_writer(
    written: &Written,
    own: u32,
    other: &Written,
    relay_logs: &[&Domains],
) -> bool {
    let received =
        |domain, gtid: Gtid| gtid.server != own && relay_logs.iter().any(|log| log.ends_behind(domain, gtid));
    written.iter().any(|(&domain, mine)| {
        let theirs = other.get(&domain).into_iter().flatten();
        let more = theirs.filter(|(writer, number)| mine.get(writer).is_some_and(|known| known < number));
        more.map(|(&server, &number)| Gtid { server, number }).any(|gtid| !received(domain, gtid))
    })
}

/// The last transaction of each replication domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains(pub BTreeMap<u32, Gtid>);

impl Domains {
    /// Reads `0-1-100,1-2-7`; white space is passed over, an empty text is an empty position.
    pub fn parse(text: &str) -> Result<Domains, BadGtid> {
        let mut domains = Domains::default();
        for item in items(text) {
            let (domain, gtid) = parse_one(item)?;
            domains.raise(domain, gtid);
        }
        Ok(domains)
    }

    /// Sets the domain's last transaction, if it is later than the known one.
    pub fn raise(&mut self, domain: u32, gtid: Gtid) {
        let known = self.0.entry(domain).or_insert(gtid);
        if gtid.number > known.number {
            *known = gtid;
        }
    }

    /// The later of both, domain by domain.
    pub fn union(mut self, other: &Domains) -> Domains {
        for (&domain, &gtid) in &other.0 {
            self.raise(domain, gtid);
        }
        self
    }

    /// How many transactions of `other` are not here, counted by their numbers.
    pub fn lacks(&self, other: &Domains) -> u64 {
        let missing = |(domain, gtid): (&u32, &Gtid)| {
            gtid.number.saturating_sub(self.0.get(domain).map_or(0, |mine| mine.number))
        };
        other.0.iter().map(missing).fold(0, u64::saturating_add)
    }

    /// Whether `gtid` is in a relay log that ends here. Those of another writer prove nothing.
    pub(super) fn ends_behind(&self, domain: u32, gtid: Gtid) -> bool {
        self.0.get(&domain).is_some_and(|mine| mine.server == gtid.server && mine.number >= gtid.number)
    }

    /// Whether `gtid` has been executed where this is executed and `written` logged. Numbers of two writers say nothing
    /// of each other once they have written past each other. A server that logs what it executes knows how far it has
    /// come with each writer; of any other only the number is known.
    pub(super) fn executed(&self, written: &Written, domain: u32, gtid: Gtid) -> bool {
        let Some(mine) = self.0.get(&domain) else { return false };
        match written.get(&domain).filter(|logged| logged.contains_key(&mine.server)) {
            Some(logged) => logged.get(&gtid.server).is_some_and(|&number| number >= gtid.number),
            None => mine.number >= gtid.number,
        }
    }
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

impl fmt::Display for Domains {
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

    fn domains(text: &str) -> Domains {
        Domains::parse(text).expect("a GTID list")
    }

    #[test]
    fn a_gtid_list_reads_back_as_it_was_written() {
        assert_eq!(domains("0-1-100,\n 7-3-2").to_string(), "0-1-100,7-3-2");
        assert_eq!(domains(""), Domains::default());
        for bad in ["0-1", "0-1-2-3", "a-1-2", "0-1-2;", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"] {
            assert!(Domains::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_lacking_is_counted_domain_by_domain() {
        assert_eq!(domains("0-1-97,1-1-1").lacks(&domains("0-1-100,1-1-1")), 3);
        assert_eq!(domains("0-1-100").lacks(&domains("0-1-5,1-1-1")), 1);
        assert_eq!(domains("").lacks(&domains("0-1-5")), 5);
    }

    #[test]
    fn two_who_wrote_at_the_same_time_are_told_apart_by_what_the_logs_hold_of_each() {
        let written = |text| parse_written(text).expect("a state");
        let lacks = |mine, theirs, relay: &str| {
            lacks_of_a_writer(&written(mine), 1, &written(theirs), &[&domains(relay)])
        };
        assert!(lacks("0-2-1193,0-3-10", "0-2-1193,0-3-87", ""));
        assert!(!lacks("0-2-1193,0-3-10", "0-2-1193,0-3-87", "0-3-87"), "it is in the relay log");
        assert!(!lacks("0-2-1193", "0-2-1193,0-3-87", ""), "a writer it never heard of proves nothing");
        assert!(!lacks("0-2-1193,0-3-87", "0-2-1100,0-3-87", ""));
        assert!(lacks("0-1-1", "0-1-5", "0-1-21"), "its own, lost in a crash, never come back");
    }

    #[test]
    fn a_binary_log_state_has_every_writer() {
        let written = parse_written("0-1-100, 0-2-105,7-1-3,0-1-99").expect("a state");
        assert_eq!(written[&0], BTreeMap::from([(1, 100), (2, 105)]));
        assert_eq!(written[&7], BTreeMap::from([(1, 3)]));
        assert_eq!(parse_written("0-1"), Err(BadGtid("0-1".into())));
    }
}
