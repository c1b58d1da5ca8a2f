//! Pools and machine together.

use super::{agent, checkpoints, director, servers};
use crate::config::Settings;
use crate::doctor::facts::Facts;
use std::io;
use std::path::Path;

/// Asks every node of `pool`, or of all pools, and looks at this machine. A node takes at most four tries and the closer
/// look's 10 s, a checkpoint four times its timeout; 32 are asked at a time. keepalived's own test takes at most a minute. Errors: no thread to be had.
pub fn gather(config: &Path, settings: &Settings, pool: Option<&str>) -> io::Result<Facts> {
    let mut pools = servers::pools(settings, pool)?;
    checkpoints::ask(settings, &mut pools);
    let mut machine = agent::machine(config, settings);
    machine.director = director::look(settings, &machine.agent);
    Ok(Facts { pools, machine })
}
