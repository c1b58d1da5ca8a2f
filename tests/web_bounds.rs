//! Who may ask `mpp-web`, how many, and for how long: TLS, tokens, connections.

mod support;

use nix::sys::signal::Signal;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::agent::program;
use support::mpp_web::MppWeb;
use support::{Agent, certificate, wait_until};

const BOUND: Duration = Duration::from_secs(30);

fn agent() -> Agent {
    Agent::start("      - { name: db1, address: \"127.0.0.2:1\" }\n", "")
}

fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("its mode");
}

#[test]
fn a_token_is_needed_for_all_that_is_not_open_and_may_change() {
    let agent = agent();
    let token = agent.path("token");
    secret(&token, "s3cret\n");
    let keys = format!("token_file: {}", token.display());
    let web = MppWeb::beside(&agent, &keys);
    for open in ["/health", "/v1/pools/db/nodes/db1/rw", "/v1/pools/db/active"] {
        assert!(!web.curl(&[], open).ends_with("401"), "{open}");
    }
    for path in ["/", "/metrics", "/v1/status", "/v1/pools/db", "/v1/events", "/v1/stream", "/nowhere"] {
        assert!(web.curl(&[], path).contains("a token is needed"), "{path}");
        assert!(web.curl(&["-H", "Authorization: Bearer wrong"], path).ends_with("401"), "{path}");
    }
    assert!(web.curl(&["-H", "Authorization: Bearer s3cret"], "/v1/status").ends_with("200"));
    assert!(web.curl(&["-u", "anybody:s3cret"], "/v1/status").ends_with("200"), "as a browser sends it");
    secret(&agent.path("token.new"), "other");
    fs::rename(agent.path("token.new"), &token).expect("renamed");
    let good = |token: &str| {
        web.curl(&["-H", &format!("Authorization: Bearer {token}")], "/v1/status").ends_with("200")
    };
    wait_until("the new token is good", BOUND, || good("other"));
    assert!(!good("s3cret"));
    fs::set_permissions(&token, Permissions::from_mode(0o644)).expect("its mode");
    wait_until("it is told", BOUND, || MppWeb::log(&agent).contains("can be read by everyone (mode 0644)"));
    assert!(good("other"), "the last good one stands");
}

#[test]
fn everything_may_be_closed() {
    let agent = agent();
    secret(&agent.path("token"), "s3cret");
    let web = MppWeb::beside(&agent, &format!("token_file: {}, open: []", agent.path("token").display()));
    assert!(web.curl(&[], "/health").ends_with("401"));
    assert!(web.curl(&["-H", "Authorization: Bearer s3cret"], "/health").ends_with("200"));
}

#[test]
fn certificates_are_asked_for_given_and_followed() {
    let agent = agent();
    let dir = agent.path("");
    let (key, cert) = certificate::make(&dir, "web", "127.0.0.1");
    let (client_key, client_cert) = certificate::make(&dir, "client", "127.0.0.1");
    let shown = |path: &Path| path.display().to_string();
    let keys = format!(
        "tls: {{ cert: {}, key: {}, client_ca: {} }}",
        shown(&cert),
        shown(&key),
        shown(&client_cert)
    );
    let web = MppWeb::beside(&agent, &keys);
    let (ca, with_cert) = (shown(&cert), [shown(&client_cert), shown(&client_key)]);
    let with = |ca: &str| {
        web.curl(&["--cacert", ca, "--cert", &with_cert[0], "--key", &with_cert[1]], "/health")
            .ends_with("200")
    };
    assert!(with(&ca));
    assert!(web.curl(&["--cacert", &ca], "/health").contains("curl: ("), "without a certificate");
    assert!(web.curl(&[], "/health").contains("curl: ("), "without TLS");
    assert!(MppWeb::log(&agent).contains("no TLS with 127.0.0.1"));

    let (new_key, new_cert) = certificate::make(&dir, "new", "127.0.0.1");
    fs::rename(&new_cert, &cert).expect("renamed");
    wait_until("it is told that they do not match", BOUND, || {
        MppWeb::log(&agent).contains("do not go together")
    });
    assert!(!with(&ca), "the old certificate goes on being used, and ours is the new one");
    fs::rename(&new_key, &key).expect("renamed");
    web.signal(Signal::SIGHUP);
    wait_until("the new certificate is used", BOUND, || with(&ca));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let agent = agent();
    let (key, cert) = certificate::make(&agent.path(""), "web", "127.0.0.1");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).expect("its mode");
    let text = format!(
        "runtime_dir: {}\nweb: {{ tls: {{ cert: {}, key: {} }} }}\n",
        agent.path("run").display(),
        cert.display(),
        key.display()
    );
    fs::write(agent.path("bad.yaml"), text).expect("written");
    let mut command = Command::new(program("mpp-web"));
    let output = command.arg("--config").arg(agent.path("bad.yaml")).output().expect("mpp-web ran");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("can be read by everyone (mode 0644); run chmod o= on it"), "{said}");
}

/// A connection that has asked once, and lies idle.
fn idle(web: &MppWeb) -> TcpStream {
    let mut stream = web.connect();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
    assert!(stream.read(&mut [0; 4096]).expect("an answer") > 0);
    stream
}

fn is_cut(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a bound");
    match stream.read(&mut [0; 64]) {
        Ok(n) => n == 0,
        Err(e) => e.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn at_the_bound_whoever_is_idle_longest_makes_room() {
    let agent = agent();
    let web = MppWeb::beside(&agent, "max_connections: 16");
    let mut clients: Vec<TcpStream> = (0..40).map(|_| idle(&web)).collect();
    assert!(web.curl(&[], "/v1/pools/db/nodes/db1/rw").ends_with("503"), "verdicts are answered");
    let cut = clients.iter_mut().map(is_cut).collect::<Vec<bool>>();
    assert!(cut[..24].iter().all(|cut| *cut), "{cut:?}");
    assert!(cut[25..].iter().all(|cut| !*cut), "{cut:?}");
}

#[test]
fn one_address_does_not_take_the_places_of_others() {
    let agent = agent();
    let web = MppWeb::beside(&agent, "max_connections: 100, max_per_address: 4");
    let mut other = idle(&web);
    let from = ["--interface", "127.0.0.9"];
    assert!(web.curl(&from, "/health").ends_with("200"));
    let mut clients: Vec<TcpStream> = (0..20).map(|_| idle(&web)).collect();
    assert!(is_cut(&mut other), "it is of the same address");
    assert_eq!(clients.iter_mut().filter_map(|client| (!is_cut(client)).then_some(())).count(), 4);
    assert!(web.curl(&from, "/health").ends_with("200"));
}

#[test]
fn who_is_idle_or_never_finishes_asking_is_cut() {
    let agent = agent();
    let web = MppWeb::beside(&agent, "idle_timeout: 1s");
    let (mut idle, mut silent, mut slow) = (idle(&web), web.connect(), web.connect());
    slow.write_all(b"GET /health HTTP/1.1\r\nHost:").expect("half a request");
    wait_until("who is idle is cut", BOUND, || is_cut(&mut idle));
    wait_until("who never asks is cut", BOUND, || is_cut(&mut silent));
    wait_until("who never finishes is cut", BOUND, || is_cut(&mut slow) || slow.write_all(b"x").is_err());
}
