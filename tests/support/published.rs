//! What is published, looked at again and again: the file is mapped once, as its readers do.

use mpp::state::{Mapping, PoolSnapshot};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A published state.
pub struct Published {
    path: PathBuf,
    /// With the number of its file.
    mapped: Option<(u64, Mapping)>,
}

impl Published {
    /// At this path; it need not be there yet.
    pub fn at(path: PathBuf) -> Published {
        Published { path, mapped: None }
    }

    /// A pool, all of it of one publication; `None`: no state, or none with it.
    pub fn pool(&mut self, name: &str) -> Option<PoolSnapshot> {
        let file = fs::metadata(&self.path).ok()?.ino();
        if self.mapped.as_ref().is_none_or(|(mapped, _)| *mapped != file) {
            self.mapped = Some((file, Mapping::open(&self.path).ok()?));
        }
        let view = self.mapped.as_ref()?.1.view().ok()?;
        let mut pools = (0..view.pool_count()).filter_map(|number| view.pool(number).ok());
        let pool = pools.find(|pool| pool.name().is_ok_and(|called| called == name))?;
        view.pool_snapshot(&pool).ok()
    }
}
