//! The settings of the configuration file, for commands that need them.

use super::print;
use crate::config::{self, Settings};
use crate::exit::Exit;
use std::path::Path;

/// Loads them, or says every fault of the file; how the program ends then.
pub(super) fn load(path: &Path) -> Result<Settings, Exit> {
    config::load(path).map_err(|faults| {
        print::err(&faults.to_string());
        Exit::Config
    })
}
