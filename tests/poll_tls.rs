//! Polls over TLS, with certificates made for the occasion by `openssl`.

mod support;

use mpp::core::observation::Answer;
use mpp::poll::{Asker, Target, Tls};
use std::path::PathBuf;
use support::monitor::{asker_of, facts, target};
use support::{Options, Server, certificate};

/// A server whose certificate names the address it listens on, and that certificate.
fn server_with_tls(names: impl Fn(&Server) -> String) -> (Server, PathBuf) {
    let mut server = Server::start(&Options::id(1));
    let ip = names(&server);
    let cert = certificate::install(&mut server, &ip);
    (server, cert)
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
    let (server, cert) = server_with_tls(|s| s.address().ip().to_string());
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
    let (server, cert) = server_with_tls(|_| "192.0.2.1".into());
    let dir = tempfile::tempdir().expect("a directory");
    let (_, stranger) = certificate::make(dir.path(), "stranger", "192.0.2.1");
    for ca in [cert, stranger] {
        let answer = with_tls(&server, Tls::Verify { ca }).poll().answer;
        assert!(matches!(&answer, Answer::Denied(words) if words.starts_with("tls: ")), "{answer:?}");
    }
    facts(&mut with_tls(&server, Tls::Required));
}

#[test]
fn a_key_that_cannot_be_verified_is_taken_where_any_is() {
    let mut server = Server::start(&Options::id(1));
    let ip = server.address().ip().to_string();
    certificate::install_of(&["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], &mut server, &ip);
    demand_tls(&server);
    for tls in [Tls::Preferred, Tls::Required] {
        facts(&mut with_tls(&server, tls));
    }
}

#[test]
fn an_authority_that_cannot_be_read_is_named() {
    let server = Server::start(&Options::id(1));
    let answer = with_tls(&server, Tls::Verify { ca: "/nowhere/ca.pem".into() }).poll().answer;
    assert!(matches!(&answer, Answer::Denied(words) if words.contains("/nowhere/ca.pem")), "{answer:?}");
}

#[test]
fn a_server_that_comes_back_with_tls_is_asked_over_tls() {
    let (mut server, _cert) = server_with_tls(|s| s.address().ip().to_string());
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
    let (server, _cert) = server_with_tls(|s| s.address().ip().to_string());
    let hour = std::time::Duration::from_secs(3600);
    let (_poller, observations) =
        support::monitor::poller(Target { tls: Tls::Required, ..target(server.address()) }, hour);
    observations.recv_timeout(hour).expect("the first poll");
    let second = observations.recv_timeout(std::time::Duration::from_millis(700));
    assert!(second.is_err(), "{second:?}");
}
