//! `keepalived:`, as it is understood.
#![cfg(feature = "daemon")]

use std::fs;
use std::time::Duration;

use mpp::config::{self, Keepalived, Method, Settings, Version};
use tempfile::TempDir;

const POOLS: &str = r#"
monitor: { user: mpp }
pools:
  - name: db
    nodes:
      - { name: db1, address: "10.0.0.1:3306" }
      - { name: db2, address: "10.0.0.2:3306", weight: 5 }
      - { name: db3, address: "[::ffff:10.0.0.3]:3306" }
  - name: six
    nodes:
      - { name: six1, address: "[2001:db8::1]:3306" }
"#;

fn load(keepalived: &str) -> Settings {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mpp.yaml");
    fs::write(&path, format!("{POOLS}{keepalived}")).expect("written");
    config::load(&path).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn without_the_section_there_are_no_virtual_servers() {
    assert_eq!(load("").keepalived, Keepalived::default());
    assert_eq!(load("keepalived: {}").keepalived, Keepalived::default());
}

#[test]
fn a_virtual_server_has_all_nodes_of_its_pool_unless_some_are_named() {
    let settings = load(
        r#"
keepalived:
  target_version: "2.3.4"
  virtual_servers:
    - { name: all, pool: db, role: ro, address: "192.168.2.1:3306" }
    - name: two
      pool: db
      role: rw
      address: "192.168.2.2:3306"
      nodes: [db3, db1]
      lvs_method: DR
      real_servers: { db3: { weight: 9, lvs_method: NAT, extra: [ "uthreshold  7 " ] } }
"#,
    );
    assert_eq!(settings.keepalived.target_version, Some(Version(2, 3, 4)));
    let [all, two] = &settings.keepalived.virtual_servers[..] else { panic!() };
    assert_eq!(all.real_servers.iter().map(|real| real.node).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((all.method, all.scheduler.as_str(), all.delay_loop), (Method::Nat, "wlc", None));
    assert_eq!(
        two.real_servers.iter().map(|real| real.node).collect::<Vec<_>>(),
        [0, 2],
        "in the pool's order"
    );
    let [db1, db3] = &two.real_servers[..] else { panic!() };
    assert_eq!((db1.weight, db1.method, &db1.extra), (None, None, &Vec::new()));
    assert_eq!((db3.weight, db3.method), (Some(9), Some(Method::Nat)));
    assert_eq!(db3.extra, ["uthreshold  7"]);
    assert_eq!(db3.address, "10.0.0.3:3306".parse().unwrap(), "IPv4 is written as IPv4");
}

#[test]
fn instances_hold_the_virtual_servers_addresses_unless_others_are_listed() {
    let servers = r#"
keepalived:
  virtual_servers:
    - { name: a, pool: db, role: rw, address: "192.168.2.1:3306" }
    - { name: b, pool: db, role: ro, address: "192.168.2.1:3307" }
    - { name: c, pool: db, role: ro, address: "192.168.2.2:3306" }
    - { name: d, pool: six, role: ro, address: "[2001:db8::9]:3306" }
  director:
    vrrp_instances:
"#;
    let held = |instances: &str| -> Vec<Vec<String>> {
        let director = load(&format!("{servers}{instances}")).keepalived.director.expect("a director");
        let words = |instance: &config::VrrpInstance| {
            instance.virtual_ipaddress.iter().map(|a| a.words.clone()).collect()
        };
        director.vrrp_instances.iter().map(words).collect()
    };
    let one = r#"
      - { name: one, interface: eth0, virtual_router_id: 7, unicast_src_ip: "192.168.2.11", unicast_peer: [ "192.168.2.12" ]"#;
    let two = r#"
      - { name: two, interface: eth1, virtual_router_id: 7, unicast_src_ip: "10.0.0.11", unicast_peer: [ "10.0.0.12" ], virtual_ipaddress: [ "192.168.2.2/24  dev eth0", "10.0.0.99" ] }"#;
    let six = r#"
      - { name: six, interface: eth1, virtual_router_id: 7, unicast_src_ip: "fe80::11", unicast_peer: [ "fe80::12" ]"#;
    let (first, second, third) =
        ("192.168.2.1/32 dev eth0", "192.168.2.2/32 dev eth0", "2001:db8::9/128 dev eth0");
    assert_eq!(held(&format!("{one} }}")), [[first, second, third]]);
    assert_eq!(
        held(&format!("{one} }}{two}")),
        [vec![first, third], vec!["192.168.2.2/24 dev eth0", "10.0.0.99"]]
    );
    assert_eq!(held(&format!("{one} }}{six} }}")), [vec![first, second], vec!["2001:db8::9/128 dev eth1"]]);
}

#[test]
fn what_is_left_out_of_a_director_has_its_default() {
    let settings = load(
        r#"
keepalived:
  virtual_servers: [ { name: a, pool: db, role: rw, address: "192.168.2.1:3306" } ]
  director:
    vrrp_instances:
      - { name: one, interface: eth0, virtual_router_id: 7, unicast_src_ip: "192.168.2.11", unicast_peer: [ "192.168.2.12" ] }
    lvs_sync_daemon: { interface: eth1 }
"#,
    );
    let director = settings.keepalived.director.expect("a director");
    let instance = &director.vrrp_instances[0];
    assert_eq!((instance.priority, instance.advert_int), (100, Duration::from_secs(1)));
    assert_eq!(director.lvs_sync_daemon, Some(("eth1".to_owned(), 7)));
}

#[test]
fn a_director_has_room_for_so_many_virtual_servers_and_no_more() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mpp.yaml");
    let server = |i: usize| {
        format!(
            "    - {{ name: v{i}, pool: db, role: ro, address: \"192.168.{}.{}:3306\" }}\n",
            i / 250,
            i % 250 + 1
        )
    };
    for (count, good) in [(1000, true), (1001, false)] {
        let servers: String = (0..count).map(server).collect();
        fs::write(&path, format!("{POOLS}keepalived:\n  virtual_servers:\n{servers}")).expect("written");
        let said = config::check(&path).unwrap_or_else(|faults| faults.to_string());
        assert_eq!(said.contains("more than 1000 virtual servers"), !good, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
