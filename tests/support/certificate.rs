//! Certificates made for the occasion by `openssl`.

use super::server::Server;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A self-signed certificate for this address: (key, certificate).
pub fn make(dir: &Path, name: &str, ip: &str) -> (PathBuf, PathBuf) {
    make_of(&["rsa:2048"], dir, name, ip)
}

/// The same with a key of another kind.
fn make_of(kind: &[&str], dir: &Path, name: &str, ip: &str) -> (PathBuf, PathBuf) {
    let (key, cert) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.pem")));
    let output = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=db1", "-newkey"])
        .args(kind)
        .args(["-addext", &format!("subjectAltName=IP:{ip}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (key, cert)
}

/// Restarts a server with a certificate for this address; where the certificate is.
pub fn install(server: &mut Server, ip: &str) -> PathBuf {
    install_of(&["rsa:2048"], server, ip)
}

/// The same with a key of another kind.
pub fn install_of(kind: &[&str], server: &mut Server, ip: &str) -> PathBuf {
    let (key, cert) = make_of(kind, server.dir(), "server", ip);
    // The server's user must be able to read them.
    for file in [&key, &cert] {
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o644)).expect("readable");
    }
    let option = |name: &str, file: &Path| format!("--ssl-{name}={}", file.display());
    server.restart_with(&[option("key", &key), option("cert", &cert)]);
    cert
}
