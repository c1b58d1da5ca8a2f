//! PowerDNS with a LUA record that asks every site over HTTP.

use crate::dns;
use crate::program::Program;
use crate::recipe::{filled, write};
use crate::sites::{BOUND, Sites, wait_for};
use crate::support::{OwnDir, wait_until};
use crate::web::free_address;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Instant;

const NAME: &str = "db.example.com";

/// It, answering.
struct PowerDns {
    _program: Program,
    at: SocketAddr,
    _dir: OwnDir,
}

impl PowerDns {
    /// As the page has it, over these sites.
    fn start(sites: &Sites) -> PowerDns {
        let (dir, at) = (OwnDir::private("pdns"), free_address(5353));
        let [one, two] = [0, 1].map(|site| sites.address(site).to_string());
        let here = dir.display().to_string();
        let listens = format!("local-address={}\nlocal-port={}\nsocket-dir={here}", at.ip(), at.port());
        let words = [("local-address=203.0.113.53", &*listens), ("/etc/powerdns", &here)];
        write(&dir.join("pdns.conf"), &filled("pdns", &words));
        write(&dir.join("named.conf"), &filled("pdns-named", &[("/etc/powerdns", &here)]));
        write(&dir.join("example.com"), &filled("pdns-zone", &[("192.0.2.1", &one), ("198.51.100.1", &two)]));
        let mut command = Command::new("pdns_server");
        command.arg(format!("--config-dir={here}")).args([
            "--daemon=no",
            "--guardian=no",
            "--disable-syslog",
        ]);
        let mut program = Program::start(command, &dir.join("log"));
        wait_until("PowerDNS answers", BOUND, || {
            !dns::addresses(at, NAME).is_empty() || program.panic_if_dead()
        });
        PowerDns { _program: program, at, _dir: dir }
    }
}

#[test]
fn powerdns_answers_with_the_site_that_is_active_and_with_the_first_while_it_does_not_know() {
    let mut sites = Sites::start();
    let pdns = PowerDns::start(&sites);
    let (home, moved) = (sites.address(0), sites.address(1));
    wait_for(pdns.at, NAME, home);
    let (detected, answered) = sites.fail_over(pdns.at, NAME);
    println!(
        "PowerDNS: the sites had changed {detected:?} after the kill, its answer {:?} later",
        answered - detected
    );
    let became = |what: &str, address| {
        let began = Instant::now();
        wait_for(pdns.at, NAME, address);
        println!("PowerDNS, {what}: answered so after {:?}", began.elapsed());
    };
    sites.sites[1].web.program().freeze();
    became("mpp-web of the ACTIVE site hangs", home);
    sites.sites[1].web.program().thaw();
    became("and goes on", moved);
    // It asks nobody before it is first asked itself.
    let fresh = PowerDns::start(&sites);
    let first = dns::addresses(fresh.at, NAME);
    println!("PowerDNS, just started: {first:?}");
    wait_for(fresh.at, NAME, moved);
}
