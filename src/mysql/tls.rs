//! Encrypted connections: whom to believe.

use super::fault::Fault;
use crate::config::Tls;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// A session about to begin with the server at this address. [`Tls::Verify`]: the certificate must name the address, and
/// be signed by one of these authorities, which are read anew each time. All others take any certificate.
pub(super) fn session(tls: &Tls, server: IpAddr) -> Result<ClientConnection, Fault> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| Fault::Tls(e.to_string()))?;
    let mut config = match tls {
        Tls::Verify { ca } => builder.with_root_certificates(authorities(ca)?).with_no_client_auth(),
        _ => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth(),
    };
    // A connection begins anew each time; what a server gives to go on with would only be kept.
    config.resumption = Resumption::disabled();
    ClientConnection::new(Arc::new(config), ServerName::from(server)).map_err(|e| Fault::Tls(e.to_string()))
}

/// The certificates of a file, PEM or DER.
fn authorities(ca: &Path) -> Result<RootCertStore, Fault> {
    let bad = |words: String| Fault::Tls(format!("{}: {words}", ca.display()));
    let bytes = fs::read(ca).map_err(|e| bad(e.to_string()))?;
    let mut found = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| bad(e.to_string()))?;
    if found.is_empty() {
        found.push(CertificateDer::from(bytes));
    }
    let mut authorities = RootCertStore::empty();
    for certificate in found {
        authorities.add(certificate).map_err(|e| bad(format!("no certificate of an authority: {e}")))?;
    }
    Ok(authorities)
}

/// Everything that servers' keys may sign with; none of it is looked at.
const SCHEMES: [SignatureScheme; 13] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::ECDSA_SHA1_Legacy,
];

/// Takes any certificate, as `tls: preferred` and `required` promise: nobody who listens learns anything, but whoever is in
/// between does. Its signature is not looked at either: the key that made it is nobody's we know.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SCHEMES.to_vec()
    }
}
