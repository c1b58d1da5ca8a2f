//! gdnsd, which asks every site over HTTP: what it answers before and after a failover, and while what it asks is dead.

use crate::program::Program;
use crate::recipe::{filled, write};
use crate::sites::{BOUND, SITE, Sites, wait_for};
use crate::support::{OwnDir, wait_until};
use crate::web::free_address;
use crate::{dns, recipe};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

const NAME: &str = "db.example.com";
/// What gdnsd takes at most from a verdict to its answer: `interval`, and the second after which it looks at what it found.
const LOOKS: Duration = Duration::from_secs(3);

/// It, answering.
struct Gdnsd {
    _program: Program,
    at: SocketAddr,
    _dir: OwnDir,
}

impl Gdnsd {
    /// As the page has it, over these sites.
    fn start(sites: &Sites) -> Gdnsd {
        let (dir, at) = (OwnDir::private("gdnsd"), free_address(5353));
        let [one, two] = [0, 1].map(|site| sites.address(site).to_string());
        let here = dir.display();
        let options = format!("listen => {at}\n  run_dir => {here}/run\n  state_dir => {here}/state");
        let words = [("listen => 203.0.113.53", &*options), ("192.0.2.1", &one), ("198.51.100.1", &two)];
        fs::create_dir(dir.join("zones")).expect("a directory");
        write(&dir.join("config"), &filled("gdnsd", &words));
        write(&dir.join("zones/example.com"), &recipe::block("gdnsd-zone"));
        let command = |action| {
            let mut command = Command::new("gdnsd");
            command.arg("-c").arg(&*dir).arg(action);
            command
        };
        let checked = command("checkconf").output().expect("gdnsd, from Debian's gdnsd");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let mut program = Program::start(command("start"), &dir.join("log"));
        wait_until("gdnsd answers", BOUND, || {
            !dns::addresses(at, NAME).is_empty() || program.panic_if_dead()
        });
        Gdnsd { _program: program, at, _dir: dir }
    }
}

#[test]
fn gdnsd_answers_with_the_site_that_is_active_and_after_a_failover_with_the_other() {
    let mut sites = Sites::start();
    let gdnsd = Gdnsd::start(&sites);
    let mut first = Vec::new();
    wait_until("its first answer", BOUND, || {
        first = dns::addresses(gdnsd.at, NAME);
        !first.is_empty()
    });
    assert_eq!(first[0].0, sites.address(0), "it asks before it answers");
    let (detected, answered) = sites.fail_over(gdnsd.at, NAME);
    println!(
        "gdnsd: the sites had changed {detected:?} after the kill, its answer {:?} later",
        answered - detected
    );
    println!("gdnsd: {answered:?} in all; at most {:?} is promised", detected + LOOKS);
}

#[test]
fn gdnsd_gives_the_primary_s_address_while_nobody_is_up_and_the_last_verdict_s_while_mppd_is_dead() {
    let mut sites = Sites::start();
    let gdnsd = Gdnsd::start(&sites);
    let (home, moved) = (sites.address(0), sites.address(1));
    sites.fail_over(gdnsd.at, NAME);
    let became = |what: &str, address| {
        let began = Instant::now();
        wait_for(gdnsd.at, NAME, address);
        println!("gdnsd, {what}: answered so after {:?}", began.elapsed());
    };
    sites.sites[1].web.program().freeze();
    became("mpp-web of the ACTIVE site hangs", home);
    sites.sites[1].web.program().thaw();
    became("and goes on", moved);
    sites.sites[1].web.program().kill9();
    became("it is dead", home);
    sites.sites[1].web.restart();
    became("and started again", moved);
    sites.sites[1].agent.kill9();
    wait_until("mpp-web says that mppd is silent", BOUND, || {
        sites.sites[1].web.get(SITE).1.contains("mppd has been silent")
    });
    // A single look of gdnsd may be late on a busy machine: then it goes back to what it had, which stands from then on.
    wait_until("the answer stands", BOUND, || {
        wait_for(gdnsd.at, NAME, moved);
        let until = Instant::now() + LOOKS + Duration::from_secs(1);
        while Instant::now() < until {
            if dns::addresses(gdnsd.at, NAME).first().is_some_and(|answer| answer.0 != moved) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    });
    wait_for(gdnsd.at, NAME, moved);
    println!("gdnsd, mppd of the ACTIVE site is dead: the answer stands; {}", sites.sites[1].web.get(SITE).1);
}
