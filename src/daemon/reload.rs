//! A new configuration: swapped in whole, or refused and the old one kept whole.

use super::decider::Decider;
use super::fleet::Fleet;
use super::publish;
use crate::clock::{self, Clocks};
use crate::config::Settings;
use crate::control::protocol::{Answer, Code, Failure};
use crate::core::pool::Memory;
use crate::state::{WriteError, Writer};
use serde_json::Value;
use std::collections::HashMap;

impl Decider {
    /// Makes these settings the ones in force. Unchanged nodes keep everything, new ones start UNKNOWN.
    pub(super) fn install(&mut self, settings: Settings, force: bool, who: &str) -> Answer {
        self.may_install(&settings, force)?;
        let mut memories: HashMap<String, Memory> = self
            .fleet
            .members
            .iter()
            .map(|m| (m.pool.settings().name.clone(), m.pool.memory().clone()))
            .collect();
        let mut fleet = Fleet::new(&settings, &mut memories);
        let writer =
            self.write_state(&settings, &fleet).map_err(|e| refused(format!("can't publish: {e}")))?;
        let started = fleet.start_pollers(&settings, &mut self.fleet, &self.mailbox, &self.watchdog);
        started.map_err(|e| refused(format!("can't start a poller: {e}")))?;
        self.writer = writer;
        if let Err(e) = self.writer.reveal() {
            self.tell_self("publish", "alert", format!("can't publish: {e}"));
        }
        self.fleet = fleet;
        self.settings = settings;
        self.tell_self("reload", "notice", format!("configuration reloaded by {who}"));
        Ok(Value::String("reloaded".into()))
    }

    fn may_install(&self, settings: &Settings, force: bool) -> Result<(), Failure> {
        if settings.runtime_dir != self.settings.runtime_dir {
            return Err(refused("runtime_dir can't change in a running daemon; restart mppd".into()));
        }
        for member in &self.fleet.members {
            let pool = &member.pool;
            let Some(active) = pool.active() else { continue };
            let (name, node) = (&pool.settings().name, &pool.settings().nodes[active]);
            let stays = settings.pools.iter().filter(|p| p.decision.name == *name).any(|p| {
                p.decision.nodes.iter().any(|n| n.name == node.name && n.address() == node.address())
            });
            if !stays && !force {
                let text =
                    format!("pool {name}: {} is ACTIVE and would be gone; mpp reload --force", node.name);
                return Err(refused(text));
            }
        }
        Ok(())
    }

    /// A new file of the published state with these pools in it, not visible yet.
    fn write_state(&self, settings: &Settings, fleet: &Fleet) -> Result<Writer, WriteError> {
        state_file(settings, fleet, &self.daemon.config, self.boot_id)
    }

    /// The memories have outgrown their room: the same state in a larger file.
    pub(super) fn rebuild_state(&mut self) {
        let rebuilt = self.write_state(&self.settings, &self.fleet).and_then(|mut writer| {
            writer.reveal()?;
            Ok(writer)
        });
        match rebuilt {
            Ok(writer) => self.writer = writer,
            Err(e) => self.tell_self("publish", "alert", format!("can't publish: {e}")),
        }
    }
}

/// A file of the published state with every pool in it, and room enough for what they remember.
pub(super) fn state_file(
    settings: &Settings,
    fleet: &Fleet,
    config: &str,
    boot_id: [u8; 16],
) -> Result<Writer, WriteError> {
    let path = settings.runtime_dir.join("state");
    let mut factor = 1;
    loop {
        let mut writer = Writer::create(&path, &publish::file_spec(settings, config, boot_id, factor))?;
        let clocks = Clocks::read();
        let mut published = fleet
            .members
            .iter()
            .enumerate()
            .map(|(place, member)| writer.publish(place, &publish::record(&member.pool, &clocks)));
        match published.find(Result::is_err) {
            Some(Err(WriteError::MemoryTooBig { .. })) if factor < 1024 => factor *= 2,
            Some(Err(e)) => return Err(e),
            _ => {
                drop(published);
                writer.heartbeat(clock::now().0);
                return Ok(writer);
            }
        }
    }
}

fn refused(why: String) -> Failure {
    Failure::new(Code::Refused, why)
}
