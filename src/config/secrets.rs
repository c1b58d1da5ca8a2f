//! Files the configuration names: password files, credentials, certificates. Looked at, at load.

use std::fmt::Display;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ureq::tls::{PemItem, RootCerts, parse_pem};

use super::password::{PasswordFault, PasswordSource, examine};
use super::section::Spot;

/// A bundle of every public authority has 220 KB.
const MAX_CA_BYTES: u64 = 4 << 20;

/// `password_file`.
pub(super) fn password_file(spot: &Spot<'_>) -> Option<PasswordSource> {
    let path = spot.path()?;
    match examine(&path) {
        Err(PasswordFault::Unreadable { error, .. }) if error.kind() == io::ErrorKind::PermissionDenied => {
            unseen(spot, &path);
        }
        Err(fault) => {
            spot.fault(fault.to_string());
            return None;
        }
        Ok(_) => {}
    }
    Some(PasswordSource::File(path))
}

/// `credential`: whether it was handed over is seen when it is read, for only mppd's own process has it.
pub(super) fn credential(spot: &Spot<'_>) -> Option<PasswordSource> {
    spot.name().map(PasswordSource::Credential)
}

/// `ca`.
pub(super) fn ca(spot: &Spot<'_>) -> Option<PathBuf> {
    let path = spot.path()?;
    match certificates(&path) {
        Ok(true) => {}
        Ok(false) => {
            spot.fault(format!("{} holds no PEM certificate; name the signer's certificate", path.display()));
            return None;
        }
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => unseen(spot, &path),
        Err(e) => {
            spot.fault(format!("{}: {e}", path.display()));
            return None;
        }
    }
    Some(path)
}

/// Whether a file holds a PEM certificate.
pub(super) fn certificates(path: &Path) -> io::Result<bool> {
    if !std::fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_CA_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----"))
}

/// The certificates of a file, as those whose signatures count; as they are now.
///
/// # Errors
/// In words with the file's name, if it cannot be read, or holds no certificate.
pub fn authorities(path: &Path) -> Result<RootCerts, String> {
    let fault = |e: &dyn Display| format!("{}: {e}", path.display());
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| fault(&e))?;
    file.take(MAX_CA_BYTES).read_to_end(&mut pem).map_err(|e| fault(&e))?;
    let items = parse_pem(&pem).collect::<Result<Vec<_>, _>>().map_err(|e| fault(&e))?;
    let certificate = |item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    };
    let certificates: Vec<_> = items.into_iter().filter_map(certificate).collect();
    match certificates.is_empty() {
        true => Err(fault(&"holds no PEM certificate")),
        false => Ok(RootCerts::new_with_certs(&certificates)),
    }
}

/// An operator who may not see the file may still check the configuration; mppd will say what it finds.
fn unseen(spot: &Spot<'_>, path: &Path) {
    spot.warn(format!("{} cannot be looked at by this user; mppd has to be able to read it", path.display()));
}
