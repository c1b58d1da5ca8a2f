//! A case from the cut to the day after: it is cut, settles, is mended, settles again; an operator puts it back.

use super::client::{Attempt, rows};
use super::cuts::Cut;
use super::network::SITES;
use super::outcome::Outcome;
use super::world::{BOUND, Picture, World, index};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// What does not change for so long has settled, where nobody knows what it comes to: longer than four errors at the poll's
/// timeout, and than two rounds of the DNS and its answers' lifetime.
pub const UNKNOWN: Ending = Ending { quiet: Duration::from_secs(6), is: |_| true };

/// What a case comes to, cut or mended.
#[derive(Clone, Copy)]
pub struct Ending {
    /// How long nothing changes any more.
    pub quiet: Duration,
    /// What can be seen then.
    pub is: fn(&Picture) -> bool,
}

impl Ending {
    /// It comes to this.
    pub const fn that(is: fn(&Picture) -> bool) -> Ending {
        Ending { quiet: Duration::from_secs(3), is }
    }
}

impl World {
    /// Plays a case. Back when site 1 is ACTIVE for everybody again.
    ///
    /// # Panics
    /// If it never comes to these ends, or cannot be put back as it was.
    #[track_caller]
    pub fn play(&mut self, cut: &Cut, ending: Ending, mended: Ending) -> Outcome {
        println!("--- {}", cut.name);
        let cut_at = Instant::now();
        self.set(&cut.faults);
        let during = self.settle(ending);
        let both = self.both(cut_at);
        let attempts = self.attempts(cut_at);
        let missing = during.written.map(|site| self.missing(site, &attempts));

        let mended_at = Instant::now();
        self.set(&[]);
        let after = self.settle(mended);
        let both_after = self.both(mended_at);
        let orders = self.put_back();
        Outcome {
            name: cut.name.clone(),
            silence: silence(cut_at, mended_at, &attempts),
            written: SITES.map(|site| written_by(site, &attempts)),
            during,
            both,
            missing,
            after,
            both_after,
            orders,
            lost: self.lost(cut_at),
        }
    }

    fn both(&self, since: Instant) -> Duration {
        let [first, second] = &self.recorders;
        first.both(second, since)
    }

    /// Waits until it has come to this end, and nothing changes any more.
    #[track_caller]
    pub fn settle(&self, ending: Ending) -> Picture {
        let since = Instant::now();
        let (mut last, mut changed) = (self.picture(), Instant::now());
        while changed.elapsed() < ending.quiet || !(ending.is)(&last) {
            assert!(since.elapsed() < BOUND, "it does not come to this end: {last:#?}");
            thread::sleep(Duration::from_millis(200));
            let seen = self.picture();
            if seen != last {
                println!("{:6.1} s {seen:?}", since.elapsed().as_secs_f64());
                (last, changed) = (seen, Instant::now());
            }
        }
        last
    }

    /// How many of the acknowledged rows the server of this site does not have now.
    fn missing(&self, site: u8, attempts: &[Attempt]) -> usize {
        let there = rows(&self.servers[index(site)]);
        attempts.iter().filter(|a| a.server.is_some() && !there.contains(&a.n)).count()
    }

    /// How many of the rows acknowledged since a moment no server has any more, or only one of them.
    fn lost(&self, since: Instant) -> usize {
        let acknowledged = self.attempts(since).into_iter().filter(|a| a.server.is_some()).map(|a| a.n);
        let acknowledged: BTreeSet<u64> = acknowledged.collect();
        let deadline = Instant::now() + BOUND;
        loop {
            let there = self.servers.iter().map(rows).reduce(|a, b| &a & &b).unwrap_or_default();
            let lost = acknowledged.difference(&there).count();
            if lost == 0 || Instant::now() > deadline {
                return lost;
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// What docs/two-sites.md tells an operator to do after a cut; the orders that were given.
    #[track_caller]
    pub fn put_back(&self) -> Vec<String> {
        let (mut orders, began) = (Vec::new(), Instant::now());
        // The site that steps down comes first.
        while !self.is_well(&self.picture()) {
            assert!(began.elapsed() < BOUND, "no way back: {:#?}\n{orders:#?}", self.picture());
            let next = SITES.into_iter().rev().find_map(|site| Some((site, self.order(site)?)));
            if let Some((site, order)) = next
                && self.sites[index(site)].agent.mpp(&order).status.success()
            {
                println!("site {site}: mpp {}", order.join(" "));
                orders.push(format!("site {site}: mpp {}", order.join(" ")));
            }
            thread::sleep(Duration::from_millis(500));
        }
        // More happens here in minutes than the flap guard lets happen.
        self.sites.iter().for_each(|site| site.agent.orders(&["ack", "db"]));
        orders
    }

    /// What is to be done next at a site, if anything.
    fn order(&self, site: u8) -> Option<Vec<&'static str>> {
        let view = self.picture().views[index(site)].clone()?;
        // One that does not answer waits for the other site, whose virtual server leads nobody to what has failed there.
        if view.flags.iter().any(|flag| flag == "isolated") || view.states.iter().any(|s| s == "FAIL_ONLINE")
        {
            return Some(vec!["recover", "db"]);
        }
        let is_ready =
            view.active.as_deref() != Some("site1") && view.states.iter().all(|s| !s.starts_with("FAIL"));
        is_ready.then(|| vec!["switchover", "db", "--to", "site1"])
    }
}

fn written_by(site: u8, attempts: &[Attempt]) -> usize {
    attempts.iter().filter(|attempt| attempt.server == Some(site.into())).count()
}

/// The longest time between a cut and its mending in which nobody could write; `None`: so it was in the end.
fn silence(cut_at: Instant, until: Instant, attempts: &[Attempt]) -> Option<Duration> {
    let written: Vec<Instant> = attempts.iter().filter(|a| a.server.is_some()).map(|a| a.at).collect();
    let last = written.last()?;
    let is_over = until.saturating_duration_since(*last) < Duration::from_secs(3);
    let before = std::iter::once(cut_at).chain(written.iter().copied());
    let longest = before.zip(&written).map(|(a, b)| b.saturating_duration_since(a)).max();
    longest.filter(|_| is_over)
}
