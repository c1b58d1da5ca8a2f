//! Servers that send what no server should: the daemon lives on, and says which node it was.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use support::agent::nodes;
use support::{Agent, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// A greeting of protocol 10 with `mysql_native_password`, as MariaDB sends it.
const GREETING: &[u8] = b"\x55\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB\x00\x01\x00\x00\x00abcdefgh\x00\xfe\xf7\x2d\x02\x00\xff\x81\x15\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00";

/// Listens and gives each client the greeting, and after its login these bytes.
fn odd_server(after_login: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.3:0").expect("a listener");
    let address = listener.local_addr().expect("its address").to_string();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || be_odd(client, after_login));
        }
    });
    address
}

fn be_odd(mut client: TcpStream, after_login: &[u8]) {
    let mut greeting = GREETING.to_vec();
    greeting[0] = u8::try_from(GREETING.len() - 4).expect("short");
    let mut login = [0; 4096];
    // Whatever fails here: the other end has enough.
    if client.write_all(&greeting).is_ok() && client.read(&mut login).is_ok() {
        _ = client.write_all(after_login);
        _ = client.read(&mut login);
    }
}

/// Answers to a login, and what is said of each.
const SENSELESS: [(&[u8], &str); 6] = [
    // Nothing where an end is due.
    (b"\x00\x00\x00\x02", "what comes is no end of a login"),
    (b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x01", "no number of columns"),
    // 2^36 columns are to come.
    (
        b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x09\x00\x00\x01\xfe\x00\x00\x00\x00\x10\x00\x00\x00",
        "no number of columns",
    ),
    // A row of 16 MB.
    (b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\xff\xff\xff\x01", "an answer of 16777219 bytes or more"),
    (b"\x07\x00\x00\x09\x00\x00\x00\x02\x00\x00\x00", "packet 9 where 2 is due"),
    // It wants a file.
    (b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x0c\x00\x00\x01\xfb/etc/passwd", "no number of columns"),
];

/// It wants the password by `caching_sha2_password`, under a public key that is none: on that the library panics.
const BAD_KEY: &[u8] = b"\x2c\x00\x00\x02\xfecaching_sha2_password\x00abcdefghijklmnopqrst\x00\
    \x02\x00\x00\x04\x01\x04\x04\x00\x00\x06\x01key";

/// `odd0`, `odd1`, ...: a node for each of those, the last for the key.
fn odd_nodes() -> String {
    let sends = SENSELESS.iter().map(|(bytes, _)| *bytes).chain([BAD_KEY]);
    let node = |(n, bytes): (usize, &'static [u8])| {
        format!("      - {{ name: odd{n}, address: \"{}\", promotable: false }}\n", odd_server(bytes))
    };
    sends.enumerate().map(node).collect()
}

#[test]
fn a_server_that_sends_what_makes_no_sense_fails_alone_and_the_others_fail_over() {
    let mut servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&(nodes(&servers) + &odd_nodes()), "    monitor: { tls: disabled }\n");
    let pid = agent.pid();
    agent.wait_active("db1");
    for (n, (_, words)) in SENSELESS.iter().enumerate() {
        agent.wait_state(2 + n, "FAIL_OFFLINE");
        wait_until(&format!("why says {words}"), BOUND, || {
            let why = agent.says(&["why", &format!("db/odd{n}")]);
            why.contains(&format!("no MySQL server answers: {words}"))
        });
    }
    let last = SENSELESS.len();
    wait_until("what panics is told", BOUND, || {
        let told = format!("db/odd{last}: what it sends makes no sense: valid PEM");
        agent.says(&["events", "--event", "driver"]).contains(&told)
    });
    servers[0].kill9();
    agent.wait_active("db2");
    assert_eq!(agent.pid(), pid);
    agent.says(&["status"]);
}

#[test]
fn the_doctor_names_servers_that_send_what_makes_no_sense_and_looks_at_the_others() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::prepare(&(nodes(&servers) + &odd_nodes()), "    monitor: { tls: disabled }\n", "");
    let output = agent.mpp(&["doctor", "--verbose"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let said = SENSELESS.iter().map(|(_, words)| format!("no MySQL server answers: {words}"));
    for (n, words) in said.chain(["what it sends makes no sense: valid PEM".into()]).enumerate() {
        let told =
            text.lines().any(|line| line.contains(&format!("error    db/odd{n}: ")) && line.contains(&words));
        assert!(told, "{words}: {text}");
    }
    assert!(text.contains("good     db/db2: takes writes"), "{text}");
}

#[test]
fn nobody_is_promoted_who_gets_nothing_since_the_active_node_s_binary_log_was_reset() {
    let mut servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    servers[0].sql(
        "CREATE DATABASE test; CREATE TABLE test.t (n INT PRIMARY KEY); INSERT INTO test.t VALUES (1); INSERT INTO test.t VALUES (2)",
    );
    let why = || agent.says(&["why", "db"]);
    wait_until("both are known to have it", BOUND, || why().matches("has executed 0-1-4").count() == 2);
    // In its first file, with the replica attached, MariaDB tells nobody: both threads of the replica stay healthy.
    servers[0].sql("RESET MASTER; INSERT INTO test.t VALUES (3)");
    wait_until("it is told", BOUND, || {
        why().contains("nobody could take over: db2 has a place in a binary log of db1")
    });
    let refused = agent.mpp(&["switchover", "db", "--to", "db2"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    servers[0].kill9();
    wait_until("db1 is held", BOUND, || {
        why().contains("db1 has failed and is not replaced: db2 has a place")
    });
    assert!(!agent.up("rw", "db2"));
}
