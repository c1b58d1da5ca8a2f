//! What there is to tell at one moment.

use super::changes::Changes;
use super::own::Own;
use super::sheet::Sheet;
use super::text::Format;
use super::{agent, nodes, packets, pools, process, sites};
use crate::control::published;
use crate::control::status::Status;
use crate::core::time::Duration;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Registry;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    /// What mppd says, or published last; `None`: neither.
    pub(super) status: Option<Status>,
    /// Since the newest sign of life in the published state; `None`: there is no state of this boot.
    pub(super) age: Option<Duration>,
    /// What was counted over time.
    pub(super) changes: Changes,
    /// What mpp-web counts of itself.
    pub(super) own: Own,
}

impl Picture {
    /// From what mppd said, JSON; where it said nothing, or nothing that makes sense, from the published `state`.
    pub(super) fn of(
        said: Option<String>,
        state: &Path,
        age: Option<Duration>,
        own: Own,
        mut changes: Changes,
    ) -> Picture {
        // Given up as soon as it is read: of a thousand pools it is large.
        let living = said.and_then(|said| serde_json::from_str::<Status>(&said).ok());
        living.iter().for_each(|status| changes.note(status));
        let status = living.or_else(|| published::last(state).ok().map(|(status, _)| status));
        Picture { status, age, changes, own }
    }

    /// In a format, in some `room` bytes; and the counts, for the next picture.
    pub(super) fn render(self, format: Format, room: usize) -> (String, Changes) {
        let picture = Arc::new(self);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Arc::clone(&picture)));
        let text = format.write(&registry, room);
        drop(registry);
        (text, Arc::try_unwrap(picture).map_or_else(|shared| shared.changes.clone(), |own| own.changes))
    }
}

impl Collector for Picture {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet::new(encoder);
        let unknown = Status::default();
        let status = self.status.as_ref().unwrap_or(&unknown);
        agent::write(&mut sheet, self.status.as_ref().map(|status| &status.daemon), self.age)?;
        pools::write(&mut sheet, status, &self.changes)?;
        nodes::write(&mut sheet, status)?;
        packets::write(&mut sheet, status)?;
        sites::write(&mut sheet, status)?;
        self.own.write(&mut sheet)?;
        process::write(&mut sheet)
    }
}
