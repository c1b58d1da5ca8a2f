//! The DNS: a gdnsd that asks both sites who has the ACTIVE server, and what it answers.

use super::network::{DNS, Network, SITES, VIP, at_site, on_internet};
use crate::support::processes::start;
use crate::support::{OwnDir, wait_until};
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The name that clients know.
const NAME: [&str; 3] = ["db", "example", "test"];
const BOUND: Duration = Duration::from_secs(60);

/// A running gdnsd.
pub struct Dns {
    child: Child,
    /// Its configuration, state and log.
    dir: OwnDir,
}

impl Dns {
    /// Starts one; back when it answers.
    pub fn start(network: &Network) -> Dns {
        let (dir, net) = (OwnDir::private("gdnsd"), network.host("dns"));
        fs::create_dir(dir.join("zones")).expect("a directory");
        fs::write(dir.join("config"), config(&dir.display().to_string())).expect("its configuration");
        fs::write(dir.join("zones/example.test"), ZONE).expect("its zone");
        let mut command = Command::new("/usr/sbin/gdnsd");
        command.arg("-c").arg(&*dir).arg("start");
        let log = fs::File::create(dir.join("log")).expect("a log");
        let mut command = net.inside(&command, None);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut dns = Dns { child: start(command).expect("gdnsd, from Debian's package"), dir };
        wait_until("gdnsd answers", BOUND, || {
            let ended = dns.child.try_wait().expect("our child");
            assert!(ended.is_none(), "gdnsd ended: {:?}", fs::read_to_string(dns.dir.join("log")));
            net.within(|| resolve(Duration::from_secs(1))).is_some()
        });
        dns
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The page that tells how to set it up.
const PAGE: &str = include_str!("../../docs/two-sites.md");

/// What the page shows, at addresses and in directories of the test's own.
fn config(dir: &str) -> String {
    let block = PAGE.split("```gdnsd\n").nth(1).and_then(|rest| rest.split("```").next());
    let own = format!("{}\n  run_dir => {dir}/run\n  state_dir => {dir}/state", on_internet(DNS));
    let [first, second] = SITES.map(|site| at_site(site, VIP).to_string());
    let shown = [("203.0.113.53", &own), ("192.0.2.1", &first), ("198.51.100.1", &second)];
    shown.into_iter().fold(block.expect("a configuration").to_owned(), |text, (theirs, ours)| {
        assert!(text.contains(theirs), "docs/two-sites.md has no {theirs}");
        text.replace(theirs, ours)
    })
}

const ZONE: &str = "@ SOA ns hostmaster ( 1 7200 30M 3D 900 )\n@ NS ns.example.test.\nns A 198.18.200.53\ndb 2 DYNA simplefo!db\n";

/// The address that the DNS gives for the database, asked from the network the caller lives in.
pub fn resolve(patience: Duration) -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.set_read_timeout(Some(patience)).ok()?;
    socket.connect((on_internet(DNS), 53)).ok()?;
    let question = question();
    socket.send(&question).ok()?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).ok()?;
    first_address(answer.get(question.len()..length)?)
}

/// One question for an address, as RFC 1035 has it.
fn question() -> Vec<u8> {
    let mut message = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in NAME {
        message.push(u8::try_from(label.len()).expect("short"));
        message.extend_from_slice(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    message
}

/// Of the records behind the question: the name is a pointer of two bytes; type, class, lifetime and length are eight more.
fn first_address(records: &[u8]) -> Option<Ipv4Addr> {
    let address: [u8; 4] = records.get(12..16)?.try_into().ok()?;
    (records.get(2..4)? == [0, 1]).then(|| address.into())
}
