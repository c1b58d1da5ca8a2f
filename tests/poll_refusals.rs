//! What a poll says of servers that answer no, and of the monitor's own troubles.

mod support;

use mpp::core::observation::Answer;
use mpp::core::time::Duration;
use mpp::poll::{Target, Tls};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use support::accounts::{MONITOR, MONITOR_PASSWORD};
use support::monitor::{asker, asker_of, denied, facts, poll_until, target};
use support::{Options, Server, wait_until};

fn with_password(server: &Server, password: &'static str) -> Target {
    Target { password: Box::new(move || Ok(password.into())), ..target(server.address()) }
}

#[test]
fn a_full_server_is_saturated_until_there_is_room() {
    // The administrator has one connection more, so that the test can look.
    let server = Server::start(&Options::id(1).arg("--max-connections=10"));
    let mut asker = asker(server.address());
    let mut others = Vec::new();
    while let Ok(other) = server.connect(MONITOR, MONITOR_PASSWORD) {
        others.push(other);
    }
    assert_eq!(asker.poll().answer, Answer::Saturated("1040 Too many connections".into()));
    others.clear();
    poll_until(&mut asker, "room again", |o| o.answer.facts().is_some());
}

#[test]
fn a_user_at_its_limit_is_denied() {
    let server = Server::start(&Options::id(1));
    server.sql(&format!("GRANT USAGE ON *.* TO {MONITOR}@'%' WITH MAX_USER_CONNECTIONS 1"));
    let _other = server.connect(MONITOR, MONITOR_PASSWORD).expect("the one connection");
    denied(&asker(server.address()).poll().answer, "1226 ");
}

#[test]
fn a_fresh_connection_never_needs_room_for_two() {
    let server = Server::start(&Options::id(1));
    let mut asker = asker_of(Target { reconnect_every: Duration::ZERO, ..target(server.address()) });
    let connections = || server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE user='mpp'");
    for _ in 0..20 {
        facts(&mut asker);
        wait_until("one connection is left", Duration::from_secs(10), || connections() == "1");
    }
}

#[test]
fn a_wrong_password_is_denied_and_not_repeated() {
    let server = Server::start(&Options::id(1));
    denied(
        &asker_of(with_password(&server, "wrong-secret")).poll().answer,
        "1045 Access denied for user 'mpp'",
    );
    let unknown = Target { user: "nobody-knows".into(), ..target(server.address()) };
    denied(&asker_of(unknown).poll().answer, "1045 ");
}

#[test]
fn a_locked_account_is_denied() {
    let server = Server::start(&Options::id(1));
    server.sql(&format!("ALTER USER {MONITOR}@'%' ACCOUNT LOCK"));
    denied(&asker(server.address()).poll().answer, "4151 ");
}

#[test]
fn a_server_that_is_too_old_is_told_its_version_and_what_is_needed() {
    for (version, words) in [
        ("10.4.34-MariaDB", "10.4.34-MariaDB is too old: MariaDB 10.5 or later is needed"),
        ("5.7.44", "5.7.44 is too old: MySQL 8.0.22 or later is needed"),
    ] {
        let server = Server::start(&Options::id(1).arg(format!("--version={version}")));
        assert_eq!(asker(server.address()).poll().answer, Answer::Saturated(words.into()));
    }
}

#[test]
fn a_missing_privilege_is_denied() {
    let server = Server::start(&Options::id(1));
    for privilege in ["SLAVE MONITOR", "BINLOG MONITOR"] {
        server.sql(&format!("REVOKE {privilege} ON *.* FROM {MONITOR}@'%'"));
        denied(&asker(server.address()).poll().answer, "1227 Access denied; you need (at least one of) the");
        server.sql(&format!("GRANT {privilege} ON *.* TO {MONITOR}@'%'"));
    }
    facts(&mut asker(server.address()));
}

#[test]
fn a_server_that_lets_us_in_and_says_no_to_the_question_is_saturated() {
    let server = Server::start(&Options::id(1));
    server.sql("SET GLOBAL init_connect = 'SIGNAL SQLSTATE ''45000'''");
    let answer = asker(server.address()).poll().answer;
    assert!(
        matches!(&answer, Answer::Saturated(words) if words.starts_with("1184 Aborted connection")),
        "{answer:?}"
    );
}

#[test]
fn an_unreadable_password_is_denied_with_its_words() {
    let server = Server::start(&Options::id(1));
    let unreadable = || Err("/etc/mpp/password: permission denied".to_owned());
    let mut asker = asker_of(Target { password: Box::new(unreadable), ..target(server.address()) });
    denied(&asker.poll().answer, "no password: /etc/mpp/password: permission denied");
}

#[test]
fn a_rotated_password_is_picked_up_by_the_next_fresh_connection() {
    let server = Server::start(&Options::id(1));
    let password = Arc::new(Mutex::new(MONITOR_PASSWORD.to_owned()));
    let file = Arc::clone(&password);
    let read = move || Ok(file.lock().expect("no panic").clone());
    let mut asker = asker_of(Target { password: Box::new(read), ..target(server.address()) });
    facts(&mut asker);
    server.sql(&format!("ALTER USER {MONITOR}@'%' IDENTIFIED BY 'new-secret'"));
    // The kept connection goes on; a fresh one is refused until the file has the new password too.
    facts(&mut asker);
    server.sql("KILL USER mpp");
    poll_until(&mut asker, "the old password is refused", |o| matches!(o.answer, Answer::Denied(_)));
    "new-secret".clone_into(&mut password.lock().expect("no panic"));
    facts(&mut asker);
}

/// A server that says only this to whoever comes, and then waits for the other end to leave.
fn scripted(greeting: Vec<u8>, reply: Option<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            // The client may leave at any time: that is what it is tested for.
            let _ = client.write_all(&greeting);
            if let Some(reply) = &reply {
                let _ = client.read(&mut [0; 1024]);
                let _ = client.write_all(reply);
            }
            let _ = client.read_to_end(&mut Vec::new());
        }
    });
    address
}

fn packet(sequence: u8, payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let length = u32::try_from(payload.len()).expect("a short packet").to_le_bytes();
    [&length[..3], &[sequence], &payload].concat()
}

fn refusal(code: u16, words: &str) -> Vec<u8> {
    packet(0, &[&[0xff], &code.to_le_bytes(), words.as_bytes()])
}

#[test]
fn a_server_may_refuse_before_any_greeting() {
    let poll = |code| asker(scripted(refusal(code, "no"), None)).poll().answer;
    assert_eq!(poll(1129), Answer::Denied("1129 no".into()));
    assert_eq!(poll(1130), Answer::Denied("1130 no".into()));
    assert_eq!(poll(1040), Answer::Saturated("1040 no".into()));
    assert_eq!(poll(1053), Answer::offline("1053 no"));
}

/// Of a server whose accounts have `mysql_native_password`.
const GREETING: [&[u8]; 9] = [
    b"\x0a8.0.0\0",
    &[1, 0, 0, 0],
    b"saltsalt\0",
    &[0x00, 0x82],
    &[0x21, 2, 0],
    &[0x08, 0, 21],
    &[0; 10],
    b"saltsaltsalt\0",
    b"mysql_native_password\0",
];

#[test]
fn an_authentication_plugin_we_do_not_know_is_denied() {
    let switch: [&[u8]; 3] = [&[0xfe], b"sha256_password\0", b"saltsaltsaltsaltsalt\0"];
    let answer = asker(scripted(packet(0, &GREETING), Some(packet(2, &switch)))).poll().answer;
    denied(&answer, "unknown authentication plugin `sha256_password`");
}

#[test]
fn a_server_without_the_key_that_a_password_is_sent_under_denies() {
    let says = [
        packet(2, &[&[0xfe], b"caching_sha2_password\0", b"saltsaltsaltsaltsalt\0"]),
        packet(4, &[&[1, 4]]),
        packet(6, &[&[0xff, 0x15, 0x04], b"#28000Access denied"]),
    ];
    let answer = asker(scripted(packet(0, &GREETING), Some(says.concat()))).poll().answer;
    denied(&answer, "1045 Access denied");
}

#[test]
fn who_says_more_than_an_answer_is_not_believed() {
    let version: [&[u8]; 6] = [
        &packet(2, &[&[0, 0, 0, 2, 0, 0, 0]]),
        &packet(1, &[&[1]]),
        &packet(2, &[b"\x03def\0\0\0\x01v\0\x0c\x21\0\x30\0\0\0\xfd\0\0\0\0"]),
        &packet(3, &[&[0xfe, 0, 0, 2, 0]]),
        &packet(4, &[&[0xff, 0x15, 0x04], b"#28000no"]),
        &packet(5, &[&[0, 0, 0, 2, 0, 0, 0]]),
    ];
    let answer = asker(scripted(packet(0, &GREETING), Some(version.concat()))).poll().answer;
    assert_eq!(answer, Answer::offline("no MySQL server answers: more than an answer"));
}

#[test]
fn rows_without_end_are_not_kept() {
    let mut says = vec![packet(2, &[&[0, 0, 0, 2, 0, 0, 0]]), packet(1, &[&[1]])];
    says.push(packet(2, &[b"\x03def\0\0\0\x01v\0\x0c\x21\0\x30\0\0\0\xfd\0\0\0\0"]));
    says.push(packet(3, &[&[0xfe, 0, 0, 2, 0]]));
    says.extend((0..70_000_u32).map(|n| packet(n.wrapping_add(4) as u8, &[&[0xfb]])));
    let answer = asker(scripted(packet(0, &GREETING), Some(says.concat()))).poll().answer;
    assert_eq!(answer, Answer::offline("no MySQL server answers: rows without end"));
}

#[test]
fn something_that_is_no_mysql_server_is_offline() {
    let answer = asker(scripted(b"\x0b\0\0\0SSH-2.0-x\r\n".to_vec(), None)).poll().answer;
    assert!(answer.is_offline(), "{answer:?}");
}

#[test]
fn a_server_without_tls_is_asked_in_the_clear_only_where_that_is_allowed() {
    let server = Server::start(&Options::id(1));
    let mut preferring = asker_of(Target { tls: Tls::Preferred, ..target(server.address()) });
    facts(&mut preferring);
    let mut requiring = asker_of(Target { tls: Tls::Required, ..target(server.address()) });
    denied(&requiring.poll().answer, "the server offers no TLS");
}
