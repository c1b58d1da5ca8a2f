//! Failover and handover over other transports: IPv6, TLS that verifies.

mod support;

use std::fs;
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;
use support::agent::nodes;
use support::{Agent, Options, Server, Use, certificate, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);

/// A port on ::1 that nobody listens on.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("IPv6 on the loopback interface");
    listener.local_addr().expect("its address")
}

fn source(replica: &Server, source: SocketAddr) {
    replica.sql(&format!(
        "CHANGE MASTER TO MASTER_HOST='::1', MASTER_PORT={}, MASTER_USER='repl', MASTER_PASSWORD='repl-secret', \
         MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos; START SLAVE",
        source.port()
    ));
}

#[test]
fn nodes_with_ipv6_addresses_fail_over_and_are_named_in_brackets() {
    let addresses = [free_port(), free_port()];
    let options = [0, 1].map(|n| {
        let options = Options::id(u32::try_from(n + 1).expect("small"));
        options.arg("--bind-address=::1").arg(format!("--port={}", addresses[n].port()))
    });
    let mut servers = Server::start_all(&options);
    source(&servers[1], addresses[0]);
    source(&servers[0], addresses[1]);
    let node = |n: usize| format!("      - {{ name: db{}, address: \"{}\" }}\n", n + 1, addresses[n]);
    let agent = Agent::start(&[node(0), node(1)].concat(), "    handover: 200ms\n");
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    assert!(agent.says(&["status"]).contains(&format!("[::1]:{}", addresses[0].port())));
    assert_eq!(agent.check(&["rw", "db", &addresses[0].to_string()]), 0, "the check takes the address too");
    servers[0].kill9();
    agent.wait_active("db2");
    servers[0].restart();
    agent.wait_state(0, "FAIL_ONLINE");
    wait_until("recovered", BOUND, || agent.mpp(&["recover", "db/db1"]).status.success());
    agent.wait_active("db1");
}

#[test]
fn a_pool_polled_over_tls_that_verifies_fails_over_and_a_certificate_gone_bad_fails_nobody() {
    let mut servers = pair_master_master(Use::Gtid);
    let mut authorities = String::new();
    for server in &mut servers {
        let cert = certificate::install(server, &server.address().ip().to_string());
        authorities += &fs::read_to_string(cert).expect("its certificate");
        server.sql("SET sql_log_bin = 0; ALTER USER mpp@'%' REQUIRE SSL");
    }
    let mut agent = Agent::prepare("", "", "");
    let ca = agent.path("ca.pem");
    fs::write(&ca, &authorities).expect("written");
    let tls = format!("    monitor: {{ tls: verify, ca: {}, reconnect_every: 1s }}\n", ca.display());
    agent.configure(&nodes(&servers), &tls, "");
    agent.launch();
    agent.wait_active("db1");
    agent.wait_state(1, "STANDBY");
    fs::write(&ca, "no certificate").expect("spoilt");
    wait_until("it is told", BOUND, || agent.says(&["status"]).contains("tls: "));
    assert!(agent.up("rw", "db1"));
    assert_eq!(agent.epoch(), 1);
    fs::write(&ca, &authorities).expect("mended");
    wait_until("both are well", BOUND, || {
        let status = agent.status();
        let well = |n: usize| status["pools"][0]["nodes"][n]["status"] == "OK";
        well(0) && well(1)
    });
    agent.wait_state(1, "STANDBY");
    servers[0].kill9();
    agent.wait_active("db2");
}
