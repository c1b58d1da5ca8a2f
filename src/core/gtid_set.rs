//! GTIDs as MySQL says them: of each origin, which numbers are there.

use super::gtids::{BadGtid, items};
use super::uuid::Uuid;
use std::collections::BTreeMap;
use std::fmt;

/// Who numbers transactions: a server by its UUID, under each of its tags anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    uuid: Uuid,
    /// In lower case; empty without one.
    tag: String,
}

/// Numbers, from the first to the last of them.
type Span = (u64, u64);

/// A set of transactions. Of each origin its spans, in order, neither overlapping nor touching.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GtidSet(BTreeMap<Origin, Vec<Span>>);

impl GtidSet {
    /// Reads `UUID:1-5:8,UUID:3:tag:1-2`; white space is passed over, an empty text is an empty set.
    pub fn parse(text: &str) -> Result<GtidSet, BadGtid> {
        let mut set = GtidSet::default();
        for item in items(text) {
            set.read_item(item).ok_or_else(|| BadGtid(item.to_owned()))?;
        }
        set.0.values_mut().for_each(tidy);
        Ok(set)
    }

    /// One UUID with all that follows it. An interval belongs to the tag before it.
    fn read_item(&mut self, item: &str) -> Option<()> {
        let mut parts = item.split(':').map(str::trim);
        let uuid = parts.next()?.parse().ok()?;
        let (mut tag, mut complete) = (String::new(), false);
        for part in parts {
            complete = part.starts_with(|c: char| c.is_ascii_digit());
            match complete {
                true => {
                    let origin = Origin { uuid, tag: tag.clone() };
                    self.0.entry(origin).or_default().push(read_span(part)?);
                }
                false => tag = read_tag(part)?,
            }
        }
        complete.then_some(())
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many transactions there are.
    pub fn count(&self) -> u64 {
        self.0.values().flatten().fold(0, |sum, (first, last)| sum.saturating_add(last - first + 1))
    }

    /// What is in either.
    pub fn union(mut self, other: &GtidSet) -> GtidSet {
        for (origin, spans) in &other.0 {
            let mine = self.0.entry(origin.clone()).or_default();
            mine.extend(spans);
            tidy(mine);
        }
        self
    }

    /// What is here and not there.
    pub fn minus(&self, other: &GtidSet) -> GtidSet {
        let left = self.0.iter().filter_map(|(origin, mine)| {
            let rest = other.0.get(origin).map_or_else(|| mine.clone(), |theirs| without(mine, theirs));
            (!rest.is_empty()).then(|| (origin.clone(), rest))
        });
        GtidSet(left.collect())
    }

    /// Whether all of `other` is here.
    pub fn contains(&self, other: &GtidSet) -> bool {
        other.minus(self).is_empty()
    }

    /// The same without what this server wrote, under any tag.
    pub fn but(mut self, uuid: Option<Uuid>) -> GtidSet {
        self.0.retain(|origin, _| Some(origin.uuid) != uuid);
        self
    }

    /// Only what this server wrote, under any tag.
    pub fn only(mut self, uuid: Uuid) -> GtidSet {
        self.0.retain(|origin, _| origin.uuid == uuid);
        self
    }

    /// The last of its transactions, as a GTID; `None` of an empty set.
    pub fn last(&self) -> Option<String> {
        let (origin, spans) = self.0.last_key_value()?;
        Some(format!("{origin}:{}", spans.last()?.1))
    }
}

fn read_tag(text: &str) -> Option<String> {
    let word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (word && (1..=32).contains(&text.len())).then(|| text.to_ascii_lowercase())
}

/// `5` or `5-9`, from 1 to what the servers can count to.
fn read_span(text: &str) -> Option<Span> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let span: Span = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (1 <= span.0 && span.0 <= span.1 && span.1 <= i64::MAX.unsigned_abs()).then_some(span)
}

/// In order, and what overlaps or touches as one.
fn tidy(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let one = next.0 <= kept.1 + 1;
        if one {
            kept.1 = kept.1.max(next.1);
        }
        one
    });
}

/// What of `mine` is in none of `theirs`.
fn without(mine: &[Span], theirs: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut theirs = theirs.iter().peekable();
    for &(mut first, last) in mine {
        while theirs.next_if(|(_, to)| *to < first).is_some() {}
        while let Some(&&(from, to)) = theirs.peek().filter(|(from, _)| *from <= last) {
            if first < from {
                left.push((first, from - 1));
            }
            first = to + 1;
            if to > last {
                // It may reach into the next of mine.
                break;
            }
            theirs.next();
        }
        if first <= last {
            left.push((first, last));
        }
    }
    left
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.tag.is_empty() { "" } else { ":" };
        write!(f, "{}{colon}{}", self.uuid, self.tag)
    }
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (origin, spans)) in self.0.iter().enumerate() {
            write!(f, "{}{origin}", if i == 0 { "" } else { "," })?;
            for (first, last) in spans {
                match first == last {
                    true => write!(f, ":{first}")?,
                    false => write!(f, ":{first}-{last}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// UUIDs by a letter, to write sets in tests.
#[cfg(test)]
pub(super) mod letters {
    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "ffffffff-0000-11e1-9e33-c80aa9429562";

    /// With `A` and `B` for their UUIDs.
    pub(in super::super) fn spelt(text: &str) -> String {
        text.replace('A', A).replace('B', B)
    }

    /// With the UUIDs as `A` and `B`.
    pub(in super::super) fn short(text: &str) -> String {
        text.replace(A, "A").replace(B, "B")
    }
}

#[cfg(test)]
mod tests {
    use super::letters::{short as letters, spelt};
    use super::*;
    use std::collections::BTreeSet;

    fn set(text: &str) -> GtidSet {
        GtidSet::parse(&spelt(text)).expect("a set")
    }

    fn short(set: &GtidSet) -> String {
        letters(&set.to_string())
    }

    #[test]
    fn a_set_reads_back_in_the_servers_own_order() {
        for (written, read) in [
            ("", ""),
            ("A:1-5:8,\nB:7", "A:1-5:8,B:7"),
            (" B:7 , A : 8 : 1 - 5 ", "A:1-5:8,B:7"),
            ("A:1-3:4-5:5-9", "A:1-9"),
            ("A:1:Tag_1:2-3:4:other:1", "A:1,A:other:1,A:tag_1:2-4"),
        ] {
            assert_eq!(short(&set(written)), read, "{written}");
        }
        assert_eq!(GtidSet::parse(&spelt("A:1").to_uppercase()), Ok(set("A:1")));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for bad in [
            "A",
            "A:",
            "A:0",
            "A:5-3",
            "A:tag",
            "A:1:tag",
            "A:1-",
            "A:1-2-3",
            "A:9223372036854775808",
            "0-1-5",
        ] {
            assert!(GtidSet::parse(&spelt(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_lacking_is_known_to_the_transaction() {
        for (mine, theirs, left, count) in [
            ("A:1-100", "A:1-97", "A:98-100", 3),
            ("A:1-100", "A:2-3:50:99-200", "A:1:4-49:51-98", 95),
            ("A:1-5:7-9", "A:4-8", "A:1-3:9", 4),
            ("A:1-5,B:1", "A:1-9", "B:1", 1),
            ("A:1-5:t:1-3", "A:1-5:t:1:3", "A:t:2", 1),
            ("", "A:1", "", 0),
            ("A:9223372036854775807", "A:1", "A:9223372036854775807", 1),
        ] {
            let rest = set(mine).minus(&set(theirs));
            assert_eq!((short(&rest).as_str(), rest.count()), (left, count), "{mine} minus {theirs}");
            assert_eq!(set(theirs).contains(&set(mine)), left.is_empty());
        }
        assert_eq!(short(&set("A:1-5").union(&set("A:6:9,B:t:1"))), "A:1-6:9,B:t:1");
        assert_eq!(short(&set("A:1:t:3,B:2").but(spelt("A").parse().ok())), "B:2");
        assert_eq!(set("A:1-5:9").last().map(|l| letters(&l)).as_deref(), Some("A:9"));
    }

    /// Which of 1 to 12 a number has as bits, as a set: of `A` the low half, of `B` the high one.
    fn of_bits(bits: u32) -> (GtidSet, BTreeSet<u32>) {
        let there: BTreeSet<u32> = (0..12).filter(|n| bits >> n & 1 == 1).collect();
        let one = |n: &u32| format!("{}:{}", if *n < 6 { "A" } else { "B" }, n % 6 + 1);
        (set(&there.iter().map(one).collect::<Vec<_>>().join(",")), there)
    }

    #[test]
    fn sets_behave_as_sets() {
        for mine in (0..1 << 12).step_by(37) {
            for theirs in (0..1 << 12).step_by(41) {
                let ((a, a_all), (b, b_all)) = (of_bits(mine), of_bits(theirs));
                assert_eq!(a.minus(&b), of_bits(mine & !theirs).0);
                assert_eq!(a.clone().union(&b), of_bits(mine | theirs).0);
                assert_eq!(a.contains(&b), a_all.is_superset(&b_all));
                assert_eq!(a.minus(&b).count(), a_all.difference(&b_all).count() as u64);
            }
        }
    }
}
