//! The ready-made fragments of keepalived/, each as it is, on the addresses that it is written for.

use super::clients::Session;
use super::keepalived::Keepalived;
use super::site::{Site, Way, configure};
use super::table::{Names, Table};
use crate::in_a_guest;
use crate::support::Agent;
use crate::support::agent::program;
use crate::support::net::Net;
use std::fs;
use std::path::Path;
use std::sync::Arc;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    every_ready_made_fragment_gives_the_table_that_is_decided,
}

struct Fragment {
    name: &'static str,
    /// What the director has, for `ip addr add`.
    director: &'static [&'static str],
    way: Way,
    /// Virtual servers, what is in them, and who answers there.
    services: &'static [(&'static str, &'static str, &'static str)],
}

/// What the nodes have beside their addresses on the site, for `ip addr add`. There is no third one.
const NODES: [&[&str]; 2] = [
    &["10.0.0.1/24 dev eth0", "10.1.0.1/24 dev eth0", "10.0.0.100/32 dev lo", "10.0.0.101/32 dev lo"],
    &["10.0.0.2/24 dev eth0", "10.2.0.1/24 dev eth0", "10.0.0.100/32 dev lo", "10.0.0.101/32 dev lo"],
];
const OUTSIDE: &[&str] = &["192.168.2.100/24 dev eth0", "192.0.2.100/24 dev eth0"];
const INSIDE: &[&str] = &["10.0.0.200/24 dev eth0"];
const RW: (&str, &str, &str) = ("192.168.2.1:3306", "db1=1", "db1");
const RO: (&str, &str, &str) = ("192.168.2.2:3306", "db2=1", "db2");

/// That of two directors first: it brings the virtual addresses itself.
const FRAGMENTS: [Fragment; 5] = [
    Fragment {
        name: "two-directors",
        director: &["192.168.2.11/24 dev eth0", "10.0.0.11/24 dev eth1"],
        way: Way::Nat4,
        services: &[RW, RO],
    },
    Fragment { name: "read-write", director: &["192.168.2.1/24 dev eth0"], way: Way::Nat4, services: &[RW] },
    Fragment {
        name: "read-write-and-read-only",
        director: &["192.168.2.2/24 dev eth0"],
        way: Way::Nat4,
        services: &[RW, RO],
    },
    Fragment {
        name: "three-nodes",
        director: &["10.0.0.100/32 dev eth1", "10.0.0.101/32 dev eth1"],
        way: Way::Dr4,
        services: &[("10.0.0.100:3306", "db1=10", "db1"), ("10.0.0.101:3306", "db2=10", "db2")],
    },
    Fragment {
        name: "geo",
        director: &["192.0.2.1/24 dev eth0", "10.1.0.254/24 dev eth1", "10.2.0.254/24 dev eth1"],
        way: Way::Nat4,
        services: &[("192.0.2.1:3306", "site1=1", "db1")],
    },
];

fn every_ready_made_fragment_gives_the_table_that_is_decided() {
    let site = Site::of(1);
    let _servers = site.start_pair();
    site.nodes.iter().zip(NODES).for_each(|(net, addresses)| give(net, addresses));
    give(site.clients(Way::Nat4), OUTSIDE);
    give(site.clients(Way::Dr4), INSIDE);
    for fragment in FRAGMENTS {
        println!("{}", fragment.name);
        give(&site.directors[0], fragment.director);
        play(&site, &fragment);
    }
}

fn play(site: &Site, fragment: &Fragment) {
    let director = &site.directors[0];
    configure(director, &kernel_settings(&fragment.text("mpp-sysctl.conf")), "");
    let agent = agent(director, fragment);
    let conf = fragment.text("mpp.conf").replace("script_user mpp\n", "script_user root\n");
    let dir = agent.path("run").display().to_string();
    let check = format!("{} --state {dir}/state", agent.path("mpp-check").display());
    let conf = conf.replace("/usr/bin/mpp-check", &check).replace("/run/mpp/", &format!("{dir}/"));
    let table = Table::watch(director, names(fragment));
    let mut keepalived = Keepalived::start(director, &agent.path("keepalived"), &conf);
    for (address, servers, answer) in fragment.services {
        table.wait(address, servers);
        let session = Session::open(site.clients(fragment.way), address.parse().expect("an address"));
        assert_eq!(session.expect("a connection").ask().expect("an answer"), *answer, "{address}");
    }
    keepalived.stop();
}

impl Fragment {
    fn text(&self, file: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("keepalived").join(self.name).join(file);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }
}

/// An mppd with its configuration, but for paths.
fn agent(director: &Arc<Net>, fragment: &Fragment) -> Agent {
    let mut agent = Agent::prepare_in(Some(Arc::clone(director)), "", "", "");
    let dir = agent.path("").display().to_string();
    let text = fragment.text("mpp.yaml").replace("/etc/mpp/password", &format!("{dir}password"));
    fs::write(agent.config(), format!("runtime_dir: {dir}run\nstate_dir: {dir}state\n{text}"))
        .expect("written");
    fs::copy(program("mpp-check"), agent.path("mpp-check")).expect("mpp-check");
    fs::create_dir_all(agent.path("run/track")).expect("the folder, as tmpfiles.d makes it");
    agent.launch();
    agent
}

/// Lines like `net.ipv4.vs.expire_nodest_conn = 1`.
fn kernel_settings(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).collect()
}

/// Virtual servers are called by their addresses.
fn names(fragment: &Fragment) -> Names {
    let nodes = [
        ("10.0.0.1", "db1"),
        ("10.0.0.2", "db2"),
        ("10.0.0.3", "db3"),
        ("10.1.0.1", "site1"),
        ("10.2.0.1", "site2"),
    ];
    let nodes = nodes.map(|(ip, name)| (format!("{ip}:3306"), name.to_owned()));
    let services = fragment.services.iter().map(|(at, ..)| ((*at).to_owned(), (*at).to_owned()));
    nodes.into_iter().chain(services).map(|(at, name)| (at.parse().expect("an address"), name)).collect()
}

fn give(net: &Net, addresses: &[&str]) {
    let commands: String = addresses.iter().map(|address| format!("addr add {address}\n")).collect();
    configure(net, &[], &commands);
}
