//! The end of a round: publish what changed, then give a sign of life, answer and tell.

use super::decider::{Decider, Persisting};
use super::message::Given;
use super::persist::{Published, Record};
use super::publish;
use crate::clock::{self, Clocks};
use crate::control::protocol::{Code, Failure};
use crate::core::command::Done;
use crate::core::time::Moment;
use crate::state::WriteError;
use std::time::Duration;

/// How often the published file is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often at most, and at least, what must survive a reboot is written.
const PERSIST_CHANGE: Duration = Duration::from_millis(200);
const PERSIST: Duration = Duration::from_secs(5);

impl Decider {
    /// Publishes what changed, and only then answers and tells of it. While it cannot publish it says so, and gives no
    /// sign of life: a state that is not kept up must not look alive.
    pub(super) fn finish_round(&mut self) {
        match self.publish() {
            Ok(()) if self.stuck => {
                self.stuck = false;
                self.tell_self("publish", "notice", "published again".into());
            }
            Ok(()) => {}
            Err(_) if self.stuck => {}
            Err(e) => {
                self.stuck = true;
                let dir = self.settings.runtime_dir.display().to_string();
                let text = format!("can't publish: {e}; make room in {dir}: verdicts stand as they were");
                self.tell_self("publish", "alert", text);
            }
        }
        self.surroundings.pulse.beat();
        if self.ousted.is_some() {
            // What is in the directories now is another daemon's.
            return;
        }
        if !self.stuck {
            self.carry_out();
            self.persist();
            self.writer.heartbeat(clock::boottime_ns());
            self.show();
        }
        self.answer_waiting();
        let dropped = self.surroundings.mailbox.dropped();
        if dropped > 0 {
            let text = format!(
                "{dropped} polls were dropped: the decider did not keep up; is this machine overloaded?"
            );
            self.tell_self("dropped", "warning", text);
        }
        self.tell_what_lasts();
        self.tell_waiting();
    }

    /// Gives what was asked for. What was done and cannot be published is no success, and is not called one.
    fn answer_waiting(&mut self) {
        for (answer, given) in std::mem::take(&mut self.outbox.answers) {
            let given = match given {
                Ok(Given::Words(done) | Given::Begun(Done { words: done, .. })) if self.stuck => {
                    let dir = self.settings.runtime_dir.display();
                    let text =
                        format!("{done}; but it can't be published, see {dir}: verdicts stand as they were");
                    Err(Failure::new(Code::Refused, text))
                }
                given => given,
            };
            // A client that has gone away needs no answer.
            _ = answer.try_send(given);
        }
    }

    /// Hands what must survive a reboot to the thread that writes it: soon after a change that matters, and now and
    /// then for what only grows older.
    fn persist(&mut self) {
        let now = clock::now();
        self.watch_disk(now);
        let since = now.since(self.persisting.last);
        if since < if self.persisting.changed { PERSIST_CHANGE } else { PERSIST } {
            return;
        }
        let members = self.fleet.members.iter().enumerate();
        let pools = members.map(|(place, member)| {
            let memory = self.writer.memory(place)?;
            Ok::<_, WriteError>((member.pool.settings().name.clone(), Published(memory)))
        });
        // One that somebody has spoilt is published anew with its next poll.
        let Ok(pools) = pools.collect() else { return };
        self.persisting = Persisting { last: now, changed: false, ..self.persisting };
        self.surroundings.desk.put(Record::of(pools));
    }

    /// What must survive a reboot can be written again, or no more.
    pub(super) fn written(&mut self, result: Result<String, String>) {
        let (severity, words) = match &result {
            Ok(words) => ("notice", words.clone()),
            Err(why) => ("alert", why.clone()),
        };
        self.troubles.unwritten = result.err();
        self.tell_self("persist", severity, words);
    }

    /// A disk that neither takes what must survive a reboot nor refuses it is told once, and once when it does again.
    fn watch_disk(&mut self, now: Moment) {
        let hangs = self.surroundings.desk.hangs(now) || self.surroundings.journal.hangs(now);
        if hangs == std::mem::replace(&mut self.persisting.hangs, hangs) {
            return;
        }
        let dir = self.settings.state_dir.display();
        match hangs {
            true => {
                let text =
                    format!("the disk of {dir} hangs; a reboot now would bring back what was written last");
                self.tell_self("persist", "alert", text);
            }
            false => self.tell_self("persist", "notice", format!("the disk of {dir} no longer hangs")),
        }
    }

    /// Puts the published file back if somebody removed or spoilt it: verdicts nobody can read are no verdicts.
    fn look_after_state(&mut self) -> Result<(), WriteError> {
        let now = clock::now();
        if now < self.look && !self.stuck {
            return Ok(());
        }
        self.look = now + LOOK;
        if self.writer.is_in_place() {
            return Ok(());
        }
        if let Err(why) = self.lock.renew() {
            self.ousted = Some(why);
            return Ok(());
        }
        self.rebuild_state()?;
        let text = "the published state had been removed or spoilt; it is written again".to_owned();
        self.tell_self("publish", "alert", text);
        Ok(())
    }

    fn publish(&mut self) -> Result<(), WriteError> {
        self.look_after_state()?;
        let clocks = Clocks::read();
        while let Some(place) = self.fleet.agenda.changed() {
            let member = &mut self.fleet.members[place];
            let record = publish::record(&member.pool, &clocks, std::mem::take(&mut self.room));
            match self.writer.publish(place, &record) {
                Ok(()) => {
                    self.lvs.note(place, &member.pool);
                    self.room = record.memory;
                    self.fleet.agenda.published();
                    self.published.push(place);
                    let print = publish::print(&member.pool);
                    self.persisting.changed |= print != member.print;
                    member.print = print;
                }
                Err(WriteError::MemoryTooBig { .. }) => return self.rebuild_state(),
                Err(e) => return Err(e),
            }
        }
        self.lvs.flush();
        Ok(())
    }
}
