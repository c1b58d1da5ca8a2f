//! The files that `web` names. What is wrong with one is a warning here: mppd does without them, and `mpp-web` says it
//! when it starts.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::password::examine;
use super::secrets::certificates;
use super::section::Spot;

/// `token_file`.
pub(super) fn token(spot: &Spot<'_>) -> Option<PathBuf> {
    looked_at(spot, |path| examine(path).map(drop).map_err(|fault| fault.to_string()))
}

/// `cert`, `client_ca`.
pub(super) fn certificate(spot: &Spot<'_>) -> Option<PathBuf> {
    looked_at(spot, |path| match certificates(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} holds no PEM certificate", path.display())),
        Err(e) => Err(format!("{}: {e}", path.display())),
    })
}

/// `key`.
pub(super) fn key(spot: &Spot<'_>) -> Option<PathBuf> {
    looked_at(spot, key_file)
}

/// Whether a file may serve as a key's; its content is not looked at.
///
/// # Errors
/// In words, if it cannot be looked at, is no file, or is no secret.
pub fn key_file(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let metadata: Metadata = std::fs::metadata(path).map_err(|e: io::Error| format!("{shown}: {e}"))?;
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() {
        Err(format!("{shown} is not a file"))
    } else if mode & 0o004 != 0 {
        Err(format!("{shown} can be read by everyone (mode {mode:04o}); run chmod o= on it"))
    } else {
        Ok(())
    }
}

fn looked_at(spot: &Spot<'_>, look: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let path = spot.path()?;
    if let Err(why) = look(&path) {
        spot.warn(format!("{why}; mpp-web has to be able to use it"));
    }
    Some(path)
}
