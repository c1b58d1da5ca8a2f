//! Polls over TLS, with certificates made for the occasion by `openssl`.

mod support;

use mpp::core::observation::Answer;
use mpp::poll::{Asker, Target, Tls};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::monitor::{asker_of, facts, target};
use support::{Options, Server};

/// A self-signed certificate for this address: (key, certificate).
fn certificate(dir: &Path, name: &str, ip: &str) -> (PathBuf, PathBuf) {
    let (key, cert) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.pem")));
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db1"])
        .args([
            "-addext",
            &format!("subjectAltName=IP:{ip}"),
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (key, cert)
}

/// A server whose certificate names the address it listens on, and a directory with it.
fn server_with_tls(names: impl Fn(&Server) -> String) -> (Server, tempfile::TempDir, PathBuf) {
    let mut server = Server::start(&Options::id(1));
    let dir = tempfile::tempdir().expect("a directory");
    let (key, cert) = certificate(dir.path(), "server", &names(&server));
    // The server's user must be able to read them.
    for file in [&key, &cert] {
        let kept = server.dir().join(file.file_name().expect("a name"));
        std::fs::copy(file, &kept).expect("a copy");
        std::fs::set_permissions(&kept, std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .expect("readable");
    }
    let option = |name: &str, file: &str| format!("--ssl-{name}={}", server.dir().join(file).display());
    server.restart_with(&[option("key", "server.key"), option("cert", "server.pem")]);
    (server, dir, cert)
}

fn with_tls(server: &Server, tls: Tls) -> Asker {
    asker_of(Target { tls, ..target(server.address()) })
}

/// From now on the monitor's account has no way in but an encrypted one.
fn demand_tls(server: &Server) {
    server.sql("ALTER USER mpp@'%' REQUIRE SSL");
}

#[test]
fn a_server_with_tls_is_asked_over_tls_wherever_it_is_not_disabled() {
    let (server, _dir, cert) = server_with_tls(|s| s.address().ip().to_string());
    demand_tls(&server);
    for tls in [Tls::Preferred, Tls::Required, Tls::Verify { ca: cert }] {
        let mut asker = with_tls(&server, tls);
        facts(&mut asker);
        facts(&mut asker);
    }
    let answer = with_tls(&server, Tls::Disabled).poll().answer;
    assert!(matches!(&answer, Answer::Denied(words) if words.starts_with("1045 ")), "{answer:?}");
}

#[test]
fn a_certificate_that_does_not_verify_is_denied() {
    let (server, dir, cert) = server_with_tls(|_| "192.0.2.1".into());
    let (_, stranger) = certificate(dir.path(), "stranger", "192.0.2.1");
    for ca in [cert, stranger] {
        let answer = with_tls(&server, Tls::Verify { ca }).poll().answer;
        assert!(matches!(&answer, Answer::Denied(words) if words.starts_with("tls: ")), "{answer:?}");
    }
    facts(&mut with_tls(&server, Tls::Required));
}

#[test]
fn an_authority_that_cannot_be_read_is_named() {
    let server = Server::start(&Options::id(1));
    let answer = with_tls(&server, Tls::Verify { ca: "/nowhere/ca.pem".into() }).poll().answer;
    assert!(matches!(&answer, Answer::Denied(words) if words.contains("/nowhere/ca.pem")), "{answer:?}");
}

#[test]
fn a_server_that_comes_back_with_tls_is_asked_over_tls() {
    let (mut server, _dir, _cert) = server_with_tls(|s| s.address().ip().to_string());
    server.restart_with(&["--skip-ssl".into()]);
    let mut asker = with_tls(&server, Tls::Preferred);
    facts(&mut asker);
    server.stop_clean();
    assert!(asker.poll().answer.is_offline());
    server.restart_with(&["--ssl".into()]);
    demand_tls(&server);
    facts(&mut asker);
}

#[test]
fn an_idle_connection_over_tls_is_no_hang_up() {
    let (server, _dir, _cert) = server_with_tls(|s| s.address().ip().to_string());
    let hour = std::time::Duration::from_secs(3600);
    let (_poller, observations) =
        support::monitor::poller(Target { tls: Tls::Required, ..target(server.address()) }, hour);
    observations.recv_timeout(hour).expect("the first poll");
    let second = observations.recv_timeout(std::time::Duration::from_millis(700));
    assert!(second.is_err(), "{second:?}");
}
