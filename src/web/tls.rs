//! Certificates and keys: read when the program starts, and again when their files change.

use crate::config::{WebTls, key_file};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, server::danger::ClientCertVerifier};

/// Device, inode, size and time of change of the files, as far as they are there.
type Stamp = Vec<Option<(u64, u64, u64, i64, i64)>>;

/// How connections are encrypted, as its files are now.
pub(super) struct Tls {
    settings: WebTls,
    current: Mutex<(Stamp, TlsAcceptor)>,
}

impl Tls {
    /// With these files.
    ///
    /// # Errors
    /// In words, naming the file that cannot be used.
    pub(super) fn of(settings: &WebTls) -> Result<Tls, String> {
        let stamp = stamp(settings);
        let current = Mutex::new((stamp, acceptor(settings)?));
        Ok(Tls { settings: settings.clone(), current })
    }

    /// Reads the files again if they have changed, or if that is `wanted` anyway; says whether it did.
    ///
    /// # Errors
    /// In words: what was good goes on being used. It is told once for each change.
    pub(super) fn read_again(&self, wanted: bool) -> Result<bool, String> {
        let stamp = stamp(&self.settings);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !wanted && current.0 == stamp {
            return Ok(false);
        }
        current.0 = stamp;
        current.1 = acceptor(&self.settings)?;
        Ok(true)
    }

    /// For the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

fn stamp(settings: &WebTls) -> Stamp {
    let files = [Some(&settings.cert), Some(&settings.key), settings.client_ca.as_ref()];
    let look = |path: &Path| {
        let meta = fs::metadata(path).ok()?;
        Some((meta.dev(), meta.ino(), meta.len(), meta.ctime(), meta.ctime_nsec()))
    };
    files.into_iter().flatten().map(|path| look(path)).collect()
}

fn acceptor(settings: &WebTls) -> Result<TlsAcceptor, String> {
    let certificates = certificates(&settings.cert)?;
    let key = key(&settings.key)?;
    let provider = Arc::new(default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| e.to_string())?;
    let builder = match &settings.client_ca {
        Some(path) => builder.with_client_cert_verifier(verifier(path)?),
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(certificates, key);
    let (cert, key) = (settings.cert.display(), settings.key.display());
    let mut config = config.map_err(|e| format!("{cert} and {key} do not go together: {e}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    verifier.build().map_err(|e| format!("{}: {e}", path.display()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{} holds no PEM certificate", path.display())),
        Err(e) => Err(format!("{}: {e}", path.display())),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    key_file(path)?;
    PrivateKeyDer::from_pem_slice(&read(path)?)
        .map_err(|e| format!("{} holds no PEM key: {e}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e: io::Error| format!("{}: {e}", path.display()))
}
