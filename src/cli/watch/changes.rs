//! What was otherwise a moment ago.

use super::columns::Column;
use crate::control::status::Status;
use crate::core::time::{Duration, Moment};
use std::collections::BTreeMap;

/// For how long a change is marked: an eye that comes back to the screen still finds it.
const LATELY: Duration = Duration::from_secs(15);

/// The pool; and the node and its column, or nothing for the ACTIVE node.
type Place = (String, Option<(String, Column)>);

/// What every place of the screen shows, and what it showed before.
#[derive(Default)]
pub(super) struct Changes {
    seen: BTreeMap<Place, Seen>,
}

struct Seen {
    value: String,
    before: Option<Before>,
}

/// What something was before it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    /// What it was.
    pub(super) was: String,
    /// When it was seen to be otherwise.
    pub(super) until: Moment,
}

impl Changes {
    /// Compares what is so now with what was so before. What is new is no change.
    pub(super) fn note(&mut self, status: &Status, now: Moment) {
        let mut before = std::mem::take(&mut self.seen);
        for (place, value) in places(status) {
            let before = match before.remove(&place) {
                Some(seen) if seen.value != value => Some(Before { was: seen.value, until: now }),
                seen => seen.and_then(|seen| seen.before),
            };
            self.seen.insert(place, Seen { value, before });
        }
    }

    /// What this column of a node was, if that changed lately.
    pub(super) fn node(&self, pool: &str, node: &str, column: Column, now: Moment) -> Option<&Before> {
        self.lately(&(pool.to_owned(), Some((node.to_owned(), column))), now)
    }

    /// Which node was ACTIVE (empty: none), if that changed lately.
    pub(super) fn active(&self, pool: &str, now: Moment) -> Option<&Before> {
        self.lately(&(pool.to_owned(), None), now)
    }

    /// Whether anything of a pool changed lately.
    pub(super) fn any(&self, pool: &str, now: Moment) -> bool {
        let of_pool = self.seen.range((pool.to_owned(), None)..).take_while(|((p, _), _)| p == pool);
        of_pool.filter_map(|(_, seen)| seen.before.as_ref()).any(|before| is_late(before, now))
    }

    fn lately(&self, place: &Place, now: Moment) -> Option<&Before> {
        self.seen.get(place)?.before.as_ref().filter(|before| is_late(before, now))
    }
}

fn is_late(before: &Before, now: Moment) -> bool {
    now.since(before.until) < LATELY
}

fn places(status: &Status) -> impl Iterator<Item = (Place, String)> {
    status.pools.iter().flat_map(|pool| {
        let active = ((pool.name.clone(), None), pool.active.clone().unwrap_or_default());
        let nodes = pool.nodes.iter().flat_map(|node| {
            let place = |column| (pool.name.clone(), Some((node.name.clone(), column)));
            Column::MARKED.into_iter().map(move |column| (place(column), column.cell(node)))
        });
        std::iter::once(active).chain(nodes)
    })
}
