//! Checkpoints asked: real servers of each protocol, dead ones, and networks that swallow what they are sent.

mod support;

use mpp::config::{Host, Http, Probe, Protocol, Trust};
use mpp::poll::Inquirer;
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use support::accounts::{MONITOR, MONITOR_PASSWORD};
use support::net::Net;
use support::web::free;
use support::{Lan, Mode, Options, Proxy, Server, Web, certificate, wait_until};

const TIMEOUT: Duration = Duration::from_millis(500);
const BOUND: Duration = Duration::from_secs(30);

fn probe(host: Host, protocol: Protocol) -> Probe {
    Probe { id: "external:x:y:default".into(), host, protocol, timeout: TIMEOUT, interval: None }
}

fn at(address: SocketAddr, protocol: impl Fn(u16) -> Protocol) -> Probe {
    probe(Host::Ip(address.ip()), protocol(address.port()))
}

fn http(path: &str, expect: &[u16], tls: Option<Trust>) -> impl Fn(u16) -> Protocol {
    move |port| Protocol::Http(Http { port, path: path.into(), expect: expect.into(), tls: tls.clone() })
}

/// Asks once, and holds it to its deadline.
fn see(probe: Probe) -> Result<(), String> {
    let sighting = Inquirer::of(probe).expect("a thread").see();
    let took = mpp::clock::now().since(sighting.began);
    assert!(took < TIMEOUT + Duration::from_secs(10), "{took:?}: {sighting:?}");
    sighting.result
}

/// On a busy machine a healthy server may be late.
#[track_caller]
fn sees(probe: &Probe) {
    wait_until("it answers", BOUND, || see(probe.clone()).is_ok());
}

/// What somebody answers, who may be late on a busy machine.
#[track_caller]
fn answer(probe: &Probe) -> Result<(), String> {
    let mut seen = Ok(());
    wait_until("an answer", BOUND, || {
        seen = see(probe.clone());
        !seen.as_ref().is_err_and(|why| why.starts_with("timeout"))
    });
    seen
}

fn no(words: &str) -> Result<(), String> {
    Err(words.into())
}

/// Every protocol that needs a connection.
fn connecting() -> [Box<dyn Fn(u16) -> Protocol>; 5] {
    [
        Box::new(Protocol::Simple),
        Box::new(Protocol::Tcp),
        Box::new(Protocol::Mysql),
        Box::new(http("/", &[], None)),
        Box::new(http("/", &[], Some(Trust::Any))),
    ]
}

/// A server that says these bytes to everybody, and then nothing.
fn saying(words: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                let _ = client.write_all(words);
                let _ = client.read_to_end(&mut Vec::new());
            });
        }
    });
    address
}

#[test]
fn a_refused_connection_is_an_answer_to_simple_and_to_nobody_else() {
    for protocol in connecting() {
        let probe = at(free(), &protocol);
        let expected = match probe.protocol {
            Protocol::Simple(_) => Ok(()),
            _ => no("connection refused"),
        };
        assert_eq!(answer(&probe), expected, "{probe:?}");
    }
}

#[test]
fn a_path_that_swallows_packets_is_a_timeout_in_every_protocol() {
    let proxy = Proxy::before(free());
    proxy.set(Mode::Drop);
    for protocol in connecting() {
        let probe = at(proxy.address(), &protocol);
        assert_eq!(see(probe.clone()), no("timeout after 500ms"), "{probe:?}");
    }
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_enough_for_a_connection_and_a_timeout_for_more() {
    let silent = saying(b"");
    for protocol in connecting() {
        let probe = at(silent, &protocol);
        match probe.protocol {
            Protocol::Simple(_) | Protocol::Tcp(_) => sees(&probe),
            _ => assert_eq!(see(probe.clone()), no("timeout after 500ms"), "{probe:?}"),
        }
    }
}

#[test]
fn a_server_that_drips_its_bytes_is_held_to_the_deadline() {
    let server = Server::start(&Options::id(1));
    let web = Web::http();
    let dir = tempfile::tempdir().expect("a folder");
    let (key, cert) = certificate::make(dir.path(), "web", "127.0.0.1");
    let secure = Web::https(&key, &cert);
    for (address, protocol) in [
        (server.address(), Box::new(Protocol::Mysql) as Box<dyn Fn(u16) -> Protocol>),
        (web.address(), Box::new(http("/", &[], None))),
        (secure.address(), Box::new(http("/", &[], Some(Trust::Any)))),
    ] {
        let proxy = Proxy::before(address);
        let probe = at(proxy.address(), &protocol);
        sees(&probe);
        proxy.set(Mode::Drip(TIMEOUT / 4));
        assert_eq!(see(probe.clone()), no("timeout after 500ms"), "{probe:?}");
    }
}

#[test]
fn a_mysql_server_answers_with_its_greeting_or_with_too_many_connections() {
    let server = Server::start(&Options::id(1).arg("--max-connections=10").arg("--extra-max-connections=0"));
    let probe = at(server.address(), Protocol::Mysql);
    sees(&probe);
    let held: Vec<_> = std::iter::repeat_with(|| std::net::TcpStream::connect(server.address()))
        .take(20)
        .collect::<Result<_, _>>()
        .expect("connections");
    sees(&probe);
    drop(held);
    let of_2005 = b"\x34\0\0\0\x0a5.0.96\0\x01\0\0\0saltsalt\0\x2c\xa2\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0saltsaltsalt\0";
    sees(&at(saying(of_2005), Protocol::Mysql));
    for other in [saying(b"SSH-2.0-OpenSSH_9.2p1\r\n"), saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")] {
        assert_eq!(answer(&at(other, Protocol::Mysql)), no("no MySQL server answers there"));
    }
}

#[test]
fn a_mysql_server_that_resolves_names_does_not_block_who_only_hears_its_greeting() {
    let lan = Lan::of(1);
    let server = Server::start(&lan.options(0).arg("--skip-name-resolve=0").arg("--max-connect-errors=3"));
    let probe = at(server.address(), Protocol::Mysql);
    lan.director().within(|| {
        sees(&probe);
        for _ in 0..20 {
            sees(&probe);
        }
        // Nobody from here is locked out.
        server.connect(MONITOR, MONITOR_PASSWORD).expect("the monitor gets in");
    });
}

/// An account that nobody has is asked for a proof in whatever way; whoever does not answer that is counted, and blocked.
#[test]
fn a_mysql_server_that_asks_for_another_plugin_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    // Who has given up is late, and asks again.
    let server = thread::spawn(move || listener.incoming().flatten().find_map(|client| plays(client).ok()));
    sees(&at(address, Protocol::Mysql));
    let (login, answer) = server.join().expect("the server").expect("a client");
    assert!(login.windows(15).any(|words| words == b"mpp-checkpoint\0"), "{login:?}");
    assert_eq!(answer, b"", "nothing is proved, and that is said");
}

/// MySQL 8.0 where it would know a stranger by `sha256_password`: what it is told as a login, and then.
fn plays(mut client: TcpStream) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let greeting = [
        b"\x0a8.0.40\0\x01\0\0\0saltsalt\0\0\x82\x2d\x02\0\x08\0\x15".as_slice(),
        &[0; 10],
        b"saltsaltsalt\0mysql_native_password\0",
    ];
    say(&mut client, 0, &greeting.concat())?;
    let login = hear(&mut client)?;
    say(&mut client, 2, b"\xfesha256_password\0saltsaltsaltsaltsalt\0")?;
    let answer = hear(&mut client)?;
    say(&mut client, 4, b"\xff\x15\x04#28000Access denied")?;
    Ok((login, answer))
}

fn say(client: &mut TcpStream, number: u8, packet: &[u8]) -> io::Result<()> {
    let length = u8::try_from(packet.len()).expect("short");
    client.write_all(&[&[length, 0, 0, number], packet].concat())
}

fn hear(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 4];
    client.read_exact(&mut head)?;
    let mut packet = vec![0; usize::from(head[0])];
    client.read_exact(&mut packet)?;
    Ok(packet)
}

#[test]
fn any_status_below_500_is_an_answer_unless_some_are_named() {
    let web = Web::http();
    for (path, expect) in [("/", &[][..]), ("/missing", &[]), ("/missing?a=b", &[404]), ("/", &[404, 200])] {
        sees(&at(web.address(), http(path, expect, None)));
    }
    assert_eq!(answer(&at(web.address(), http("/missing", &[200], None))), no("it answers with status 404"));
    let busy = saying(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(answer(&at(busy, http("/", &[], None))), no("it answers with status 503"));
    sees(&at(busy, http("/", &[503], None)));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = saying(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n");
    sees(&at(elsewhere, http("/", &[], None)));
    sees(&at(elsewhere, http("/", &[302], None)));
}

#[test]
fn what_is_no_http_is_no_answer_and_an_endless_body_is_not_read() {
    let garbage = see(at(saying(b"\x00\xff\x01garbage\r\n\r\n"), http("/", &[], None)));
    assert!(garbage.is_err(), "{garbage:?}");
    sees(&at(
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nand so on"),
        http("/", &[], None),
    ));
    let head: &'static [u8] = Box::leak(
        format!("HTTP/1.1 200 OK\r\n{}", "X-Filler: 0123456789\r\n".repeat(10_000)).into_bytes().into(),
    );
    let endless = see(at(saying(head), http("/", &[], None)));
    assert!(endless.is_err(), "{endless:?}");
}

#[test]
fn a_certificate_is_looked_at_if_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let (key, cert) = certificate::make(dir.path(), "web", "127.0.0.1");
    let (_, stranger) = certificate::make(dir.path(), "stranger", "127.0.0.1");
    let web = Web::https(&key, &cert);
    sees(&at(web.address(), http("/", &[200], Some(Trust::Any))));
    sees(&at(web.address(), http("/", &[200], Some(Trust::Authority(cert.clone())))));
    for trust in [Trust::System, Trust::Authority(stranger)] {
        let seen = answer(&at(web.address(), http("/", &[], Some(trust))));
        assert!(seen.as_ref().is_err_and(|why| why.starts_with("tls: ")), "{seen:?}");
    }
    let unread = answer(&at(web.address(), http("/", &[], Some(Trust::Authority("/nowhere/ca.pem".into())))));
    assert!(unread.as_ref().is_err_and(|why| why.contains("/nowhere/ca.pem")), "{unread:?}");
    // It speaks TLS: in the clear it is no HTTP server.
    assert!(see(at(web.address(), http("/", &[], None))).is_err());
    // And the other way round.
    let plain = see(at(Web::http().address(), http("/", &[], Some(Trust::Any))));
    assert!(plain.is_err(), "{plain:?}");
}

/// In a network of its own, whose settings are the test's.
fn with_loopback(echoes: &str, doing: impl FnOnce() + Send) {
    Net::new(None).within(|| {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status().expect("ip");
        assert!(up.success());
        fs::write("/proc/sys/net/ipv4/ping_group_range", echoes).expect("a setting");
        doing();
    });
}

fn echo(ip: impl Into<IpAddr>) -> Probe {
    probe(Host::Ip(ip.into()), Protocol::Icmp)
}

#[test]
fn an_echo_comes_back_over_ipv4_and_ipv6_and_is_missed_where_nobody_is() {
    with_loopback("0 2147483647", || {
        sees(&echo(Ipv4Addr::LOCALHOST));
        sees(&echo(Ipv6Addr::LOCALHOST));
        assert_eq!(see(echo(Ipv4Addr::new(192, 0, 2, 1))), no("network unreachable"));
        fs::write("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1").expect("a setting");
        assert_eq!(see(echo(Ipv4Addr::LOCALHOST)), no("timeout after 500ms"));
    });
}

#[test]
fn where_echoes_are_not_allowed_the_setting_is_named() {
    with_loopback("1 0", || {
        let seen = see(echo(Ipv4Addr::LOCALHOST));
        assert!(seen.as_ref().is_err_and(|why| why.contains("net.ipv4.ping_group_range")), "{seen:?}");
    });
}

/// In a view of the files of its own: `hosts` there, and a name server that never answers. Root is needed.
fn where_dns_is_dead(hosts: &str, doing: impl FnOnce(&Path) + Send) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut addresses = (1..=250).map(|n| Ipv4Addr::new(127, n, 53, 53));
    let silent = addresses.find_map(|ip| UdpSocket::bind((ip, 53)).ok()).expect("a name server's port");
    let server = silent.local_addr().expect("its address").ip();
    fs::write(dir.path().join("hosts"), hosts).expect("written");
    fs::write(dir.path().join("resolv.conf"), format!("nameserver {server}\noptions timeout:1 attempts:1\n"))
        .expect("written");
    let doing = || {
        unshare(CloneFlags::CLONE_NEWNS).expect("a view of the files of its own");
        let bind = |name: &str| format!("mount --bind {}/{name} /etc/{name}", dir.path().display());
        let script = format!("mount --make-rprivate / && {} && {}", bind("hosts"), bind("resolv.conf"));
        assert!(Command::new("sh").args(["-c", &script]).status().expect("a shell").success());
        doing(&dir.path().join("hosts"));
    };
    thread::scope(|scope| scope.spawn(doing).join().unwrap_or_else(|panic| resume_unwind(panic)));
}

#[test]
fn a_name_is_looked_up_beside_the_questions_and_its_last_address_outlives_dns() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let at = listener.local_addr().expect("its address");
    let named = |name: &str| probe(Host::Name(name.into()), Protocol::Tcp(at.port()));
    where_dns_is_dead("127.0.0.1 known.example\n", |hosts| {
        let mut known = Inquirer::of(named("known.example")).expect("a thread");
        wait_until("it answers", BOUND, || known.see().result.is_ok());
        fs::write(hosts, "").expect("written");
        // Its address does not answer, so it is looked up anew; that fails, and nothing else is known.
        drop(listener);
        wait_until("that its name is not found any more is told", BOUND, || {
            known.see().result.is_err_and(|why| {
                why.starts_with("connection refused (127.0.0.1); its name is as it was before: ")
            })
        });
        let again = TcpListener::bind(at).expect("the same port");
        wait_until("it answers while DNS is dead", BOUND, || known.see().result.is_ok());
        drop(again);

        // One that nobody ever knew costs its own question no more than its deadline.
        let mut unknown = Inquirer::of(named("unknown.example")).expect("a thread");
        assert_eq!(unknown.see().result, no("its name is not looked up yet"));
        wait_until("that nobody knows it is told", BOUND, || {
            unknown.see().result.is_err_and(|why| why.starts_with("its name is not known: "))
        });

        // It moves.
        let moved = TcpListener::bind(("127.0.0.2", at.port())).expect("a port");
        fs::write(hosts, "127.0.0.2 known.example unknown.example\n").expect("written");
        wait_until("both are found", BOUND, || known.see().result.is_ok() && unknown.see().result.is_ok());
        drop(moved);
    });
}

#[test]
fn of_several_addresses_one_that_answers_is_enough() {
    let listener = TcpListener::bind(("127.0.0.3", 0)).expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let hole = Proxy::before(free());
    hole.set(Mode::Drop);
    let hosts = format!(
        "127.0.0.2 refusing.example\n127.0.0.3 refusing.example\n{} swallowing.example\n127.0.0.3 swallowing.example\n",
        hole.address().ip()
    );
    where_dns_is_dead(&hosts, |_| {
        let named = |name: &str, port| probe(Host::Name(name.into()), Protocol::Tcp(port));
        sees(&named("refusing.example", port));
        let hole = hole.address().port();
        let _other = TcpListener::bind(("127.0.0.3", hole)).expect("a port");
        let mut inquirer = Inquirer::of(named("swallowing.example", hole)).expect("a thread");
        wait_until("the other address answers", BOUND, || inquirer.see().result.is_ok());
        assert_eq!(inquirer.see().result, Ok(()), "and is asked first from then on");
    });
}
