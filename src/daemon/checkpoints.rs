//! The checkpoints of all pools: equal ones are asked by one thread, and all who have them are told.

use super::fleet::Member;
use super::message::{Mailbox, Message, PollerId, Sent};
use crate::config::{Probe, Settings};
use crate::core::event::Sighting;
use crate::core::time::Duration;
use crate::poll::{Inquirer, Poller};
use std::collections::HashMap;
use std::io;

/// Those of one configuration.
#[derive(Default)]
pub(super) struct Checkpoints {
    watches: HashMap<PollerId, Watch>,
    /// Who asks each checkpoint of each pool.
    places: Vec<Vec<PollerId>>,
}

/// A thread that asks one of them.
pub(super) struct Watch {
    probe: Probe,
    poller: Poller,
    /// What asks it has panicked: nobody is asked any more.
    lost: bool,
    /// The pools that have it: place, which of the pool's checkpoints, and how often it is to be asked.
    wanted: Vec<(usize, usize, Duration)>,
}

/// Threads by what they ask.
pub(super) type Watches = HashMap<Probe, (PollerId, Watch)>;

impl Checkpoints {
    /// Starts a thread for every checkpoint that `running` has none for, the first question at once.
    ///
    /// # Errors
    /// If a thread cannot be started; those that were end again.
    pub(super) fn start_missing(
        settings: &Settings,
        running: &Checkpoints,
        mailbox: &Mailbox,
    ) -> io::Result<Watches> {
        let mut fresh = Watches::new();
        for (probe, every) in wanted(settings) {
            let known = running.watches.values().any(|watch| watch.probe == *probe && !watch.lost);
            if !known && !fresh.contains_key(probe) {
                fresh.insert(probe.clone(), Watch::start(probe, every, mailbox)?);
            }
        }
        Ok(fresh)
    }

    /// Those of these settings: the fresh ones, and of `old` those that go on as they are. Cannot fail.
    pub(super) fn adopt(
        settings: &Settings,
        pools: &[Member],
        fresh: Watches,
        old: Checkpoints,
    ) -> Checkpoints {
        let old = old.watches.into_iter().filter(|(_, watch)| !watch.lost);
        let mut all: Watches = old.map(|(id, watch)| (watch.probe.clone(), (id, watch))).collect();
        all.extend(fresh);
        all.values_mut().for_each(|(_, watch)| watch.wanted.clear());
        let mut places = Vec::new();
        for (place, (member, config)) in pools.iter().zip(&settings.pools).enumerate() {
            let mut own = Vec::new();
            for (n, (probe, known)) in config.probes.iter().zip(&member.pool.memory().checkpoints).enumerate()
            {
                if let Some((id, watch)) = all.get_mut(probe) {
                    watch.wanted.push((place, n, known.pace));
                    own.push(*id);
                }
            }
            places.push(own);
        }
        let watches: HashMap<_, _> =
            all.into_values().filter(|(_, watch)| !watch.wanted.is_empty()).collect();
        watches.values().for_each(Watch::pace);
        Checkpoints { watches, places }
    }

    /// Which checkpoints of which pools a thread asks; none once a reload has ended it.
    pub(super) fn places_of(&self, id: PollerId) -> Vec<(usize, usize)> {
        let wanted = self.watches.get(&id).map(|watch| watch.wanted.iter());
        wanted.into_iter().flatten().map(|(place, n, _)| (*place, *n)).collect()
    }

    /// Asks a checkpoint of a pool now.
    pub(super) fn ask(&self, place: usize, n: usize) {
        if let Some(watch) = self.id(place, n).and_then(|id| self.watches.get(&id)) {
            watch.poller.ask();
        }
    }

    /// How often a pool wants a checkpoint asked from now on: whoever wants it most often gets it.
    pub(super) fn pace(&mut self, place: usize, n: usize, every: Duration) {
        let Some(watch) = self.id(place, n).and_then(|id| self.watches.get_mut(&id)) else { return };
        let own = watch.wanted.iter_mut().filter(|(p, c, _)| (*p, *c) == (place, n));
        own.for_each(|(_, _, wanted)| *wanted = every);
        watch.pace();
    }

    /// What asks it has panicked; which checkpoint that was.
    pub(super) fn lose(&mut self, id: PollerId) -> Option<String> {
        let watch = self.watches.get_mut(&id)?;
        watch.lost = true;
        Some(watch.probe.id.clone())
    }

    /// Starts a new thread in the place of one that is lost, unless a reload has ended that one.
    ///
    /// # Errors
    /// If it cannot be started; the lost one keeps its place then.
    pub(super) fn replace(&mut self, lost: PollerId, mailbox: &Mailbox) -> io::Result<()> {
        let Some(watch) = self.watches.get(&lost) else { return Ok(()) };
        let (id, fresh) = Watch::start(&watch.probe, watch.every(), mailbox)?;
        let wanted = self.watches.remove(&lost).map(|watch| watch.wanted).unwrap_or_default();
        self.places.iter_mut().flatten().filter(|known| **known == lost).for_each(|known| *known = id);
        self.watches.insert(id, Watch { wanted, ..fresh });
        Ok(())
    }

    fn id(&self, place: usize, n: usize) -> Option<PollerId> {
        self.places.get(place)?.get(n).copied()
    }
}

impl Watch {
    fn start(probe: &Probe, every: Duration, mailbox: &Mailbox) -> io::Result<(PollerId, Watch)> {
        let id = PollerId::fresh();
        let (deliverer, reporter) = (mailbox.clone(), mailbox.clone());
        // One that is dropped is followed by another.
        let deliver =
            move |seen: Sighting, _: bool| deliverer.send(Message::Checkpoint(id, seen)) != Sent::Gone;
        let crashed = move |words: String| reporter.insist(&|| Message::Crashed(id, words.clone()));
        let every = probe.interval.map_or(every, |interval| every.max(interval));
        let (deliver, crashed) = (Box::new(deliver), Box::new(crashed));
        let poller = Inquirer::start(probe.clone(), Duration::ZERO, every, deliver, crashed)?;
        Ok((id, Watch { probe: probe.clone(), poller, lost: false, wanted: Vec::new() }))
    }

    /// From start to start of two questions: as the most impatient pool wants it, within what the operator allows.
    fn every(&self) -> Duration {
        let wanted = self.wanted.iter().map(|(_, _, every)| *every).min().unwrap_or(Duration::from_secs(1));
        self.probe.interval.map_or(wanted, |interval| wanted.max(interval))
    }

    fn pace(&self) {
        self.poller.pace(self.every());
    }
}

/// Every checkpoint, as often as it stands in the configuration, and how often its pool asks at first.
fn wanted(settings: &Settings) -> impl Iterator<Item = (&Probe, Duration)> {
    let pools = settings.pools.iter();
    pools.flat_map(|pool| pool.probes.iter().map(|probe| (probe, pool.decision.slowest_interval())))
}
