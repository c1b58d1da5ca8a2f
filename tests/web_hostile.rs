//! Clients of `mpp-web` that mean no good: whoever asks as he should gets his verdict all the while, and `mppd` notices
//! nothing of it.

mod support;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt,
};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;
use support::{Agent, MppWeb, wait_until};

const BOUND: Duration = Duration::from_secs(60);
/// Fewer than come.
const ROOM: &str = "max_connections: 100, max_per_address: 60, idle_timeout: 300s";

/// A pool of one node nobody listens at: its verdicts are there all the same.
fn agent() -> Agent {
    Agent::start("      - { name: db1, address: \"127.0.0.2:1\" }\n", "")
}

/// From this address, with a small buffer to read into, and this said already; it may be turned away.
fn enemy(web: &MppWeb, from: Ipv4Addr, says: &[u8]) -> TcpStream {
    let SocketAddr::V4(to) = web.address() else { panic!("an IPv4 address") };
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    setsockopt(&fd, sockopt::RcvBuf, &2048).expect("a small buffer");
    bind(fd.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0))).expect("an address of loopback");
    connect(fd.as_raw_fd(), &SockaddrIn::from(to)).expect("connected");
    let mut stream = TcpStream::from(fd);
    stream.set_read_timeout(Some(BOUND)).expect("a bound");
    _ = stream.write_all(says);
    stream
}

/// So many of them, from three addresses.
fn enemies(web: &MppWeb, many: u8, says: &[u8]) -> Vec<TcpStream> {
    (0..many).map(|n| enemy(web, Ipv4Addr::new(127, 3, 0, 1 + n % 3), says)).collect()
}

/// A verdict is given, right as it is: nobody answers at that node.
#[track_caller]
fn a_verdict_is_given(web: &MppWeb) {
    let answer = web.get("/v1/pools/db/nodes/db1/rw", "*/*");
    assert!(answer.code == 503 && answer.body.starts_with("DOWN"), "{answer:?}");
}

/// A metric that `mpp-web` has once.
fn metric(web: &MppWeb, series: &str) -> f64 {
    let page = web.get("/metrics", "*/*");
    assert_eq!(page.code, 200, "{page:?}");
    let line = page.body.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {series}: {}", page.body))
}

/// Whether the other end has hung up.
fn is_cut(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a socket");
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(e) => return e.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn whoever_says_nothing_makes_room_for_whoever_asks() {
    let agent = agent();
    let web = MppWeb::beside(&agent, ROOM);
    let mut silent = enemies(&web, 240, b"");
    a_verdict_is_given(&web);
    wait_until("those for whom there is no room are gone", BOUND, || {
        silent.retain_mut(|stream| !is_cut(stream));
        silent.len() <= 100
    });
    assert!(silent.len() >= 50, "there was room for more of them");
    a_verdict_is_given(&web);
    assert!(metric(&web, r#"mpp_web_cut_total{reason="room"}"#) >= 100.0);
}

#[test]
fn half_requests_and_garbage_cost_nobody_anything() {
    let agent = agent();
    let web = MppWeb::beside(&agent, ROOM);
    let half = [
        enemies(&web, 60, b"GET /v1/pools/db/nod"),
        enemies(&web, 60, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        enemies(&web, 60, b"POST /v1/pools/db HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx"),
    ];
    let endless = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 200_000]].concat();
    for says in [b"\x16\x03\x01\x02\x00\x01\x00".as_slice(), b"\r\n\r\n\r\n", b"\0\0\0\0", &endless] {
        let mut stream = enemy(&web, Ipv4Addr::new(127, 3, 0, 9), says);
        _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        // An answer, or none; but an end.
        _ = stream.read_to_end(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        a_verdict_is_given(&web);
    }
    drop(half);
    a_verdict_is_given(&web);
}

#[test]
fn those_who_do_not_read_are_few_in_memory_and_mppd_does_not_notice() {
    let agent = agent();
    let web = MppWeb::beside(&agent, ROOM);
    let before = metric(&web, "process_resident_memory_bytes");
    let scrapers = enemies(&web, 60, &b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20));
    let streams = enemies(&web, 60, b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    let polled = agent.node(0).last_request;
    for _ in 0..20 {
        a_verdict_is_given(&web);
    }
    wait_until("mppd polls on", BOUND, || agent.node(0).last_request != polled);
    let grown = metric(&web, "process_resident_memory_bytes") - before;
    assert!(grown < 64e6, "{grown} bytes more");
    drop((scrapers, streams));
    wait_until("all are gone", BOUND, || metric(&web, "mpp_web_connections") <= 2.0);
}

#[test]
fn whoever_hangs_up_at_once_again_and_again_costs_no_descriptor() {
    let agent = agent();
    let web = MppWeb::beside(&agent, ROOM);
    let before = metric(&web, "process_open_fds");
    for n in 0..300 {
        drop(enemy(&web, Ipv4Addr::new(127, 3, 1, 1), if n % 2 == 0 { b"" } else { b"GET /health" }));
    }
    a_verdict_is_given(&web);
    wait_until("their descriptors are closed", BOUND, || metric(&web, "process_open_fds") <= before + 2.0);
}
