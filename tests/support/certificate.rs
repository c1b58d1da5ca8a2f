//! Certificates made for the occasion by `openssl`.

use super::server::Server;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A self-signed certificate for this address: (key, certificate).
pub fn make(dir: &Path, name: &str, ip: &str) -> (PathBuf, PathBuf) {
    let (key, cert) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.pem")));
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db1"])
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
    let (key, cert) = make(server.dir(), "server", ip);
    // The server's user must be able to read them.
    for file in [&key, &cert] {
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o644)).expect("readable");
    }
    let option = |name: &str, file: &Path| format!("--ssl-{name}={}", file.display());
    server.restart_with(&[option("key", &key), option("cert", &cert)]);
    cert
}
