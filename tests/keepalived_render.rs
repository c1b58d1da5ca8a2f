//! `mpp keepalived render`: what it prints, writes, and refuses.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use support::agent::program;
use support::desk::{Desk, ONE, out, refusal};
use support::disk::SmallDisk;

const FILES: [&str; 3] = ["mpp-modules.conf", "mpp-sysctl.conf", "mpp.conf"];

#[test]
fn it_prints_each_of_the_three_files_and_the_same_twice() {
    let desk = Desk::new(ONE);
    let fragment = out(&desk.render(&[]));
    assert!(fragment.contains("\nvirtual_server 192.168.2.1 3306 {\n"), "{fragment}");
    assert!(
        fragment.contains(&format!("# Made from {} by: mpp keepalived render\n", desk.config().display()))
    );
    assert_eq!(out(&desk.render(&[])), fragment);
    let sysctl = out(&desk.render(&["--sysctl"]));
    assert!(
        sysctl.contains("\nnet.ipv4.vs.expire_nodest_conn = 1\n")
            && sysctl.contains("\nnet.ipv4.ip_forward = 1\n")
    );
    assert!(out(&desk.render(&["--modules"])).ends_with("\nip_vs\nip_vs_wlc\n"));
}

#[test]
fn it_writes_what_changed_and_says_so() {
    let desk = Desk::new(ONE);
    let first = out(&desk.render_into_dir());
    let new = "mpp.conf: written, it is new\nmpp-sysctl.conf: written, it is new\nmpp-modules.conf: written, it is new\n";
    assert_eq!(first, new);
    assert_eq!(desk.written(), FILES);
    for name in FILES {
        let mode = fs::metadata(desk.dir().join(name)).expect("the file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "{name}");
    }
    let before = fs::metadata(desk.dir().join("mpp.conf")).expect("the file").ino();
    let nothing = "mpp.conf: unchanged\nmpp-sysctl.conf: unchanged\nmpp-modules.conf: unchanged\n";
    assert_eq!(out(&desk.render_into_dir()), nothing);
    assert_eq!(fs::metadata(desk.dir().join("mpp.conf")).expect("the file").ino(), before, "not touched");
    desk.configure(&ONE.replace("role: rw", "role: rw, delay_loop: 1s"));
    let changed =
        "mpp.conf: written, 1 line differs\nmpp-sysctl.conf: unchanged\nmpp-modules.conf: unchanged\n";
    assert_eq!(out(&desk.render_into_dir()), changed);
    assert_eq!(desk.written(), FILES, "nothing else is left there");
}

#[test]
fn what_keepalived_refuses_is_not_written() {
    let desk = Desk::new(ONE);
    out(&desk.render_into_dir());
    let before = fs::read(desk.dir().join("mpp.conf")).expect("the file");
    desk.configure(
        &ONE.replace("script_user: root", "script_user: nobody_of_that_name")
            .replace("rw, a", "rw, lvs_sched: rr, a"),
    );
    let (code, said) = refusal(&desk.render_into_dir());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("mpp.conf: keepalived -t refuses it, and nothing was written:\n"), "{said}");
    assert!(said.contains("Error setting global script uid/gid"), "keepalived's own words: {said}");
    assert_eq!(fs::read(desk.dir().join("mpp.conf")).expect("the file"), before);
    assert_eq!(desk.written(), FILES);
    assert!(!fs::read_to_string(desk.dir().join("mpp-modules.conf")).expect("the file").contains("ip_vs_rr"));
}

/// Run by root, `keepalived -t` of some versions ends itself in the middle then.
#[test]
fn a_script_user_other_than_root_is_no_reason_to_refuse_it() {
    let desk = Desk::new(&ONE.replace("script_user: root", "script_user: nobody"));
    let output = desk.render_into_dir();
    assert!(out(&output).starts_with("mpp.conf: written"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "mpp.conf: keepalived -t takes it\n");
    assert_eq!(desk.written(), FILES, "what was made to ask keepalived is gone");
    assert!(
        fs::read_to_string(desk.dir().join("mpp.conf")).expect("the file").contains("script_user nobody\n")
    );
}

#[test]
fn what_stands_behind_the_checks_of_such_a_user_is_tested_too() {
    let faulty = "  director:\n    vrrp_instances:\n      - { name: one, interface: no-such-if, virtual_router_id: 7, unicast_src_ip: \"192.168.2.11\", unicast_peer: [ \"192.168.2.12\" ] }\n";
    let desk = Desk::new(&format!("{}{faulty}", ONE.replace("script_user: root", "script_user: nobody")));
    let output = desk.render_into_dir();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("no-such-if"), "{said}");
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let desk = Desk::new(ONE);
    fs::remove_dir(desk.dir()).expect("removed");
    let (code, said) = refusal(&desk.render_into_dir());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("mpp.conf: cannot be written: No such file or directory"), "{said}");
    assert!(said.trim_end().ends_with("; make the directory, or name another"), "{said}");
}

#[test]
fn a_directory_that_may_not_be_written_to_is_a_matter_of_permission() {
    let desk = Desk::new(ONE);
    let folder = desk.folder.path();
    for (path, mode) in [(folder, 0o755), (&desk.dir(), 0o555), (&desk.config(), 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
    }
    // Copied to where everybody may run it.
    let mpp = folder.join("mpp");
    fs::copy(program("mpp"), &mpp).expect("copied");
    let mut command = Command::new("setpriv");
    if nix::unistd::Uid::effective().is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command
        .arg(&mpp)
        .arg("--config")
        .arg(desk.config())
        .args(["keepalived", "render", "--dir"])
        .arg(desk.dir());
    let (code, said) = refusal(&command.output().expect("setpriv, of Debian's util-linux"));
    assert_eq!(code, Some(77), "{said}");
    assert!(
        said.contains("Permission denied") && said.contains("be root, or name a directory of your own"),
        "{said}"
    );
}

#[test]
fn on_a_full_disk_all_files_stay_as_they_were() {
    let desk = Desk::new(ONE);
    let disk = SmallDisk::over(&desk.dir());
    out(&desk.render_into_dir());
    let read = |name: &&str| fs::read(desk.dir().join(name)).expect("the file");
    let before: Vec<_> = FILES.iter().map(read).collect();
    disk.fill();
    desk.configure(&ONE.replace("rw, a", "rw, lvs_sched: rr, lvs_method: DR, a"));
    let (code, said) = refusal(&desk.render_into_dir());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("No space left on device") && said.contains("make room"), "{said}");
    assert_eq!(FILES.iter().map(read).collect::<Vec<_>>(), before);
    disk.clear();
    assert_eq!(desk.written(), FILES);
    assert!(out(&desk.render_into_dir()).contains("mpp-modules.conf: written, 1 line differs"));
}

#[test]
fn without_virtual_servers_it_says_what_to_write() {
    for args in [&[][..], &["--sysctl"], &["--modules"], &["--dir", "/nowhere"]] {
        let (code, said) = refusal(&Desk::new("").render(args));
        assert_eq!(code, Some(78), "{said}");
        let example = "    - { name: db-rw, pool: db, role: rw, address: \"192.168.2.1:3306\" }";
        assert!(
            said.starts_with("mpp: no virtual servers are configured; ") && said.contains(example),
            "{said}"
        );
    }
}

#[test]
fn a_broken_configuration_is_told_and_nothing_is_rendered() {
    let desk = Desk::new("keepalived: { virtual_servers: [ {} ] }");
    let (code, said) = refusal(&desk.render_into_dir());
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("mpp.yaml:7:34: keepalived.virtual_servers[0]: pool is missing"), "{said}");
    assert!(desk.written().is_empty());
}

#[test]
fn for_a_keepalived_without_file_check_mpp_check_tells_the_weight() {
    let desk = Desk::new(
        &ONE.replace("keepalived:", "runtime_dir: /run/other\nkeepalived:\n  target_version: \"2.0.20\""),
    );
    let text = out(&desk.render(&[]));
    let path = "misc_path \"/usr/bin/true --state /run/other/state --dynamic rw db db2\"\n            misc_dynamic\n";
    assert!(text.contains(path), "{text}");
    assert!(
        text.starts_with("# MPP's part of keepalived.conf, for keepalived 2.0.20 (target_version).\n"),
        "{text}"
    );
    assert!(!text.contains("track_file"), "{text}");
    desk.configure(
        &ONE.replace("keepalived:", "keepalived:\n  target_version: \"2.3.1\"")
            .replace("role: rw", "role: rw, real_servers: { db2: { weight: 9 } }"),
    );
    let (code, said) = refusal(&desk.render(&[]));
    assert_eq!(code, Some(78), "{said}");
    let fault =
        "mpp: virtual server rw: node db2 has a weight of its own, which keepalived 2.3.1 cannot be told; ";
    assert!(said.starts_with(fault), "{said}");
}

#[test]
fn the_installed_keepalived_is_what_it_is_made_for_by_itself() {
    let text = out(&Desk::new(ONE).render(&[]));
    let version = Command::new("keepalived").arg("--version").output().expect("keepalived");
    let version = String::from_utf8_lossy(&version.stderr).into_owned();
    let version = version.split(['v', ' ']).nth(2).expect("Keepalived v2.2.7 ...").to_owned();
    assert!(
        text.lines().next().unwrap_or_default().ends_with(&format!("{version} (the one installed here).")),
        "{text}"
    );
}

#[test]
fn a_director_forks_at_most_two_hundred_checks_a_second() {
    let desk = Desk::new("");
    for (servers, wanted) in [(1, "0.25"), (25, "0.25"), (26, "0.3"), (100, "1"), (500, "5")] {
        let one = |i: usize| {
            format!(
                "    - {{ name: v{i}, pool: db, role: ro, address: \"192.168.{}.{}:3306\" }}\n",
                i / 250,
                i % 250 + 1
            )
        };
        let servers: String = (0..servers).map(one).collect();
        desk.configure(&format!("keepalived:\n  virtual_servers:\n{servers}"));
        let text = out(&desk.render(&[]));
        let loops = text.lines().filter_map(|line| line.trim().strip_prefix("delay_loop "));
        assert!(loops.clone().all(|found| found == wanted), "{wanted}: {:?}", loops.collect::<Vec<_>>());
    }
}

#[test]
fn what_the_operator_wrote_reaches_keepalived() {
    let desk = Desk::new(
        r#"
keepalived:
  script_user: root
  check_path: /usr/bin/true
  delay_loop: 2s
  virtual_servers:
    - name: rw
      pool: db
      role: rw
      address: "192.168.2.1:3306"
      lvs_method: DR
      lvs_sched: wrr
      persistence_timeout: 5m
      quorum: 1
      hysteresis: 0
      sorry_server: "10.0.0.9:3306"
      extra: [ "persistence_granularity 255.255.255.0", "quorum_up \"/usr/bin/true up\"" ]
      real_servers: { db2: { lvs_method: TUN, weight: 7, extra: [ "uthreshold 100" ] } }
"#,
    );
    assert!(out(&desk.render_into_dir()).starts_with("mpp.conf: written"), "keepalived takes all of it");
    let text = fs::read_to_string(desk.dir().join("mpp.conf")).expect("the file");
    let basics = "    delay_loop 2\n    lvs_sched wrr\n    lvs_method DR\n    protocol TCP\n    alpha\n    persistence_timeout 300\n    \
                  quorum 1\n    hysteresis 0\n    sorry_server 10.0.0.9 3306\n    persistence_granularity 255.255.255.0\n    \
                  quorum_up \"/usr/bin/true up\"\n";
    assert!(text.contains(basics), "{text}");
    assert!(
        text.contains("    real_server 10.0.0.2 3306 {\n        weight 1\n        lvs_method TUN\n"),
        "{text}"
    );
    assert!(text.contains("            warmup 0\n        }\n        uthreshold 100\n    }\n"), "{text}");
    let sysctl = fs::read_to_string(desk.dir().join("mpp-sysctl.conf")).expect("the file");
    assert!(!sysctl.contains("ip_forward"), "nothing is translated: {sysctl}");
}

/// The other family goes beside it; a fraction of a second wants version 3.
#[test]
fn an_instance_speaks_of_its_own_family_and_holds_the_other_too() {
    let desk = Desk::new(
        r#"
  - name: six
    nodes: [ { name: six1, address: "[2001:db8::1]:3306" } ]
keepalived:
  virtual_servers:
    - { name: rw, pool: db, role: rw, address: "192.168.2.1:3306" }
    - { name: rw6, pool: six, role: rw, address: "[2001:db8::99]:3306" }
  director:
    vrrp_instances:
      - { name: one, interface: eth0, virtual_router_id: 7, advert_int: 250ms, unicast_src_ip: "192.168.2.11", unicast_peer: [ "192.168.2.12" ] }
"#,
    );
    let text = out(&desk.render(&[]));
    for part in [
        "    virtual_ipaddress {\n        192.168.2.1/32 dev eth0\n    }\n",
        "    virtual_ipaddress_excluded {\n        2001:db8::99/128 dev eth0\n    }\n",
        "    version 3\n    advert_int 0.25\n",
        "virtual_server 2001:db8::99 3306 {\n",
        "    track_script {\n        mppd\n    }\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("vrrp_sync_group"), "there is one alone");
    assert!(out(&desk.render(&["--sysctl"])).contains("net.ipv6.conf.all.forwarding = 1"));
}

#[test]
fn only_one_thing_is_asked_for_at_a_time() {
    let desk = Desk::new(ONE);
    for args in [&["--sysctl", "--modules"][..], &["--dir", "x", "--sysctl"], &["--dir", "x", "--modules"]] {
        assert_eq!(desk.render(args).status.code(), Some(2), "{args:?}");
    }
    assert!(!Path::new("x").exists());
}
