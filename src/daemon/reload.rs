//! A new configuration: swapped in whole, or refused and the old one kept whole.

use super::decider::Decider;
use super::fleet::{Fleet, Past};
use super::lost::Lost;
use super::message::Given;
use super::publish;
use crate::alert::{Target, Ways};
use crate::clock::{self, Clocks};
use crate::config::{self, Settings, SyslogAddress};
use crate::control::protocol::{Code, Failure};
use crate::core::pool::Pool;
use crate::core::settings::{NodeSettings, PoolSettings};
use crate::keepalived::asked;
use crate::state::{PoolRecord, WriteError, Writer};
use std::collections::HashMap;
use std::io;
use std::path::Path;

impl Decider {
    /// Makes these settings the ones in force. Unchanged nodes keep everything, new ones start UNKNOWN.
    pub(super) fn install(&mut self, settings: Settings, force: bool, who: &str) -> Result<Given, Failure> {
        self.may_install(&settings, force).map_err(|why| Failure::new(Code::Refused, why))?;
        let failed =
            |what: &str, e: String| Failure::new(Code::Refused, format!("{what}: {e}; nothing was changed"));
        let pools = self.fleet.members.iter().map(|m| &m.pool);
        let past = |p: &Pool| (p.settings().name.clone(), Past::Restart(p.memory().clone()));
        let mut pasts: HashMap<String, Past> = pools.map(past).collect();
        let mut fleet = Fleet::new(&settings, &mut pasts);
        let mailbox = &self.surroundings.mailbox;
        let fresh = fleet
            .start_missing(&settings, &self.fleet, mailbox)
            .map_err(|e: io::Error| failed("can't start a poller", e.to_string()))?;
        let ways = ways(&settings.alerts);
        let hooks = self
            .surroundings
            .alerts
            .start_missing(&ways)
            .map_err(|e| failed("can't start a hook's thread", e.to_string()))?;
        let listeners = self
            .peers
            .start_missing(&settings, &self.surroundings.daemon.id, mailbox)
            .map_err(|e| failed("can't start a peer's thread", e.to_string()))?;
        let writer = self.reveal(&settings, &fleet).map_err(|e| failed("can't publish", e.to_string()))?;
        // From here on nothing can fail.
        self.writer = writer;
        fleet.adopt(&settings, fresh, std::mem::take(&mut self.fleet));
        self.fleet = fleet;
        self.orders.forget();
        self.troubles.keep(&self.fleet);
        self.surroundings.alerts.adopt(ways, hooks);
        self.lvs.plan_anew(&settings);
        self.lvs.note_all(&self.fleet);
        self.peers.adopt(&settings, listeners);
        self.published.clear();
        self.surroundings.board.begin_anew();
        self.settings = settings;
        // Everybody is asked again, those whose answers made a library panic too.
        self.lost = Lost::default();
        for warning in self.settings.warnings.clone() {
            self.tell_self("config", "warning", warning.to_string());
        }
        self.repeat_peers();
        self.delays.excuse();
        self.tell_self("reload", "notice", format!("configuration reloaded by {who}"));
        Ok(Given::Words("reloaded".into()))
    }

    fn may_install(&self, settings: &Settings, force: bool) -> Result<(), String> {
        let old = &self.settings;
        let fixed = [
            (settings.runtime_dir != old.runtime_dir, "runtime_dir"),
            (settings.control_group != old.control_group, "control_group"),
            (settings.state_dir != old.state_dir, "state_dir"),
        ];
        if let Some((_, key)) = fixed.into_iter().find(|(changed, _)| *changed) {
            return Err(format!("{key} can't change in a running daemon; put it back, or restart mppd"));
        }
        if force {
            return Ok(());
        }
        for pool in self.fleet.members.iter().map(|m| &m.pool) {
            let (name, new) = (&pool.settings().name, settings.pools.iter().map(|p| &p.decision));
            let new = new.clone().find(|p| p.name == *name);
            let mut nodes = pool.stakeholders().into_iter().map(|node| &pool.settings().nodes[node]);
            if let Some((node, why)) = nodes.find_map(|node| Some((&node.name, lost(node, new)?))) {
                return Err(format!("pool {name}: {node} is ACTIVE and {why}"));
            }
        }
        Ok(())
    }

    /// A new file of the published state with these pools in it, in place of the old one.
    fn reveal(&self, settings: &Settings, fleet: &Fleet) -> Result<Writer, WriteError> {
        let surroundings = &self.surroundings;
        state_file(settings, fleet, Path::new(&surroundings.daemon.config), surroundings.boot_id)
    }

    /// The memories have outgrown their room: the same state in a larger file.
    pub(super) fn rebuild_state(&mut self) -> Result<(), WriteError> {
        self.writer = self.reveal(&self.settings, &self.fleet)?;
        self.fleet.agenda.all_published();
        self.published = (0..self.fleet.members.len()).collect();
        self.lvs.note_all(&self.fleet);
        self.lvs.flush();
        Ok(())
    }
}

/// Where these settings want alerts to go.
pub(super) fn ways(alerts: &config::Alerts) -> Ways {
    let socket = match &alerts.syslog.address {
        SyslogAddress::Local => None,
        SyslogAddress::Socket(path) => Some(path.clone()),
    };
    let syslog = Target { facility: alerts.syslog.facility.name.into(), socket };
    Ways { syslog, hooks: alerts.hooks.clone() }
}

/// What becomes of a node that serves, under its name or another one; `None`: it stays what it is. Nodes are found again by
/// their addresses, but keepalived asks for them by their names.
fn lost(node: &NodeSettings, pool: Option<&PoolSettings>) -> Option<String> {
    let now = pool.and_then(|pool| pool.nodes.iter().find(|n| n.address() == node.address()));
    match now {
        Some(now) if now.name == node.name => None,
        Some(now) => Some(format!(
            "would be called {}: checks that ask for {} would say DOWN; mpp reload --force, and keepalived's checks with it",
            now.name, node.name
        )),
        None => Some("would be gone; mpp reload --force".into()),
    }
}

/// A file of the published state with every pool in it, in place of the old one, if there is one.
pub(super) fn state_file(
    settings: &Settings,
    fleet: &Fleet,
    config: &Path,
    boot_id: [u8; 16],
) -> Result<Writer, WriteError> {
    let clocks = Clocks::read();
    let records: Vec<PoolRecord> =
        fleet.members.iter().map(|m| publish::record(&m.pool, &clocks, Vec::new())).collect();
    let spec = publish::file_spec(settings, &records, &config.display().to_string(), boot_id);
    let mut writer = Writer::create(&settings.runtime_dir.join("state"), &spec)?;
    for (place, record) in records.iter().enumerate() {
        writer.publish(place, record)?;
    }
    writer.heartbeat(clock::boottime_ns());
    writer.reveal()?;
    // Without it nobody notices that keepalived no longer asks; that is no reason not to publish.
    _ = asked::make(&settings.runtime_dir, records.iter().map(|r| r.nodes.len()).sum());
    Ok(writer)
}
