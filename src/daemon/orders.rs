//! Orders to servers: those that wait, those that are out, and what has become of them.

use super::message::OrderId;
use crate::core::event::Gate;
use crate::core::gate::LIMIT;
use crate::core::time::{Moment, Short};
use std::collections::HashMap;
use std::net::SocketAddr;

/// How often one server may make a library panic in an order: each leaves a sleeping thread behind.
pub(super) const MOST_LOST: u32 = 20;

/// What the pools want done, and what is being done: at most one order a server at a time.
#[derive(Default)]
pub(super) struct Orders {
    /// To be sent out once what they follow from is published, and the one before has come to its end; with the moment
    /// when their own end must be known.
    pub(super) waiting: HashMap<SocketAddr, (Gate, Moment)>,
    pub(super) out: HashMap<SocketAddr, Out>,
    /// Those that came to their end before they began, and why.
    pub(super) refused: Vec<(SocketAddr, String)>,
    /// How often a library panicked.
    pub(super) lost: HashMap<SocketAddr, u32>,
    /// Servers whose probe is to begin once that is published.
    pub(super) probes: Vec<SocketAddr>,
}

/// A thread that carries an order out.
pub(super) struct Out {
    pub(super) id: OrderId,
    pub(super) due: Moment,
    /// A pool waits for its end.
    pub(super) awaited: bool,
}

impl Orders {
    /// The pools begin anew with what they remember: nobody waits for anything. Threads that are out end by themselves.
    pub(super) fn forget(&mut self) {
        let out = std::mem::take(&mut self.out).into_iter();
        let out = out.map(|(server, out)| (server, Out { awaited: false, ..out })).collect();
        *self = Orders { out, ..Orders::default() };
    }

    /// Those that may go out now.
    pub(super) fn ready(&mut self) -> Vec<(SocketAddr, Gate, Moment)> {
        let free = self.waiting.extract_if(|server, _| !self.out.contains_key(server));
        free.map(|(server, (gate, due))| (server, gate, due)).collect()
    }

    /// The server whose thread this was, and whether a pool waits for its end.
    pub(super) fn ended(&mut self, id: OrderId) -> Option<(SocketAddr, bool)> {
        let (server, awaited) = self.out.iter().find(|(_, o)| o.id == id).map(|(s, o)| (*s, o.awaited))?;
        self.out.remove(&server);
        Some((server, awaited))
    }

    /// What has come to its end without a thread's word for it.
    pub(super) fn overdue(&mut self, now: Moment) -> Vec<(SocketAddr, String)> {
        let mut ends = std::mem::take(&mut self.refused);
        for (server, out) in self.out.iter_mut().filter(|(_, out)| out.awaited && now >= out.due) {
            out.awaited = false;
            ends.push((*server, format!("no end within {}", Short(LIMIT))));
        }
        let stuck = self.waiting.extract_if(|_, (_, due)| now >= *due);
        ends.extend(stuck.map(|(server, _)| (server, "it could not begin".into())));
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Duration;

    const WHERE: &str = "127.0.0.1:1";

    /// One order that waits and is due in two seconds from `now`; another may be out.
    fn orders(now: Moment, out: Option<OrderId>) -> Orders {
        let (server, due) = (WHERE.parse().unwrap(), now + LIMIT);
        let mut orders = Orders::default();
        orders.waiting.insert(server, (Gate::Open, due));
        orders.out.extend(out.map(|id| (server, Out { id, due, awaited: true })));
        orders
    }

    #[test]
    fn an_order_waits_for_the_end_of_the_one_before_it() {
        let id = OrderId::fresh();
        let mut orders = orders(Moment(0), Some(id));
        assert!(orders.ready().is_empty());
        assert!(orders.ended(OrderId::fresh()).is_none(), "another's end");
        assert_eq!(orders.ended(id).map(|(_, awaited)| awaited), Some(true));
        assert_eq!(orders.ready().len(), 1);
        assert!(orders.ready().is_empty(), "it goes out once");
    }

    #[test]
    fn an_order_without_an_end_gets_one_when_it_is_due_and_only_one() {
        let now = Moment(0) + Duration::from_secs(1);
        let id = OrderId::fresh();
        let mut orders = orders(now, Some(id));
        assert!(orders.overdue(now).is_empty());
        let words: Vec<String> = orders.overdue(now + LIMIT).into_iter().map(|(_, why)| why).collect();
        assert_eq!(words, ["no end within 2s", "it could not begin"]);
        assert!(orders.overdue(now + LIMIT * 2).is_empty());
        assert_eq!(orders.ended(id).map(|(_, awaited)| awaited), Some(false), "nobody waits for it any more");
    }

    #[test]
    fn after_a_reload_nobody_waits_but_a_thread_that_is_out_still_keeps_the_next_one_waiting() {
        let id = OrderId::fresh();
        let mut orders = orders(Moment(0), Some(id));
        orders.forget();
        assert!(orders.waiting.is_empty() && orders.overdue(Moment(0) + LIMIT).is_empty());
        assert_eq!(orders.ended(id).map(|(_, awaited)| awaited), Some(false));
    }
}
