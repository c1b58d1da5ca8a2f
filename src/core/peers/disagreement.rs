//! Peers that have another node for ACTIVE, for longer than a change takes to be known everywhere.

use super::DIFFER;
use crate::core::pool::Pool;
use crate::core::time::Moment;

impl Pool {
    /// Notes since when each peer has another node for ACTIVE, with nobody handing over.
    pub(in crate::core) fn note_disagreement(&mut self, now: Moment) {
        let active = self.active().map(|a| self.name(a).to_owned());
        for heard in &mut self.peers.each {
            let theirs = heard.view.as_ref().filter(|v| v.handover.is_none()).and_then(|v| v.active.as_ref());
            let differs = theirs.zip(active.as_ref()).is_some_and(|(theirs, ours)| theirs != ours);
            heard.differs = differs.then(|| heard.differs.unwrap_or(now));
        }
    }

    /// A peer that has had another node for ACTIVE for too long: its name, that node, and in words.
    pub(in crate::core) fn disagreement(&self, now: Moment) -> Option<(String, String)> {
        let all = self.settings.peers.iter().zip(&self.peers.each);
        let mut late = all.filter(|(_, heard)| heard.differs.is_some_and(|since| now >= since + DIFFER));
        let (peer, heard) = late.next()?;
        let view = heard.view.as_deref()?;
        let (theirs, ours) = (view.active.as_deref()?, self.name(self.active()?));
        let words = format!(
            "{} has {theirs} for ACTIVE (epoch {}), here it is {ours} (epoch {})",
            peer.name, view.epoch, self.memory.epoch
        );
        Some((theirs.to_owned(), words))
    }
}
