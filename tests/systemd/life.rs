//! The life of the unit: started with keepalived, killed, stuck, reloaded, stopped, misconfigured.

use super::machine::{
    configure, drop_in, journal, kept, led_to, misconfigure, must, property, run, set_up, wait, wait_said,
    wait_well, watch_verdicts,
};
use crate::support::Server;
use crate::support::guest::play_under_systemd;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Instant;

const MPPD: &str = "mppd.service";
const KEEPALIVED: &str = "keepalived.service";

/// Does something to the daemon, and leaves it running with the configuration it had.
type Step = fn(&[Server]);

#[test]
fn nothing_that_happens_to_the_daemon_changes_what_keepalived_is_told() {
    let name = "systemd::life::nothing_that_happens_to_the_daemon_changes_what_keepalived_is_told";
    play_under_systemd(name, live);
}

fn live() {
    the_machine_is_as_the_package_makes_it();
    let servers = set_up();
    both_are_started_at_once_and_keepalived_finds_what_is_decided(&servers);
    let (before, verdicts) = (kept(), watch_verdicts());
    let steps: [(&str, Step); 6] = [
        ("everybody may look, and nobody but root change", |_| everybody_may_look_and_not_change()),
        ("killed, it is started again", |_| killed_it_is_started_again()),
        ("standing still, it is replaced by the watchdog", |_| standing_still_it_is_replaced()),
        ("a good configuration is taken, a bad one refused", a_reload_takes_the_good_and_refuses_the_bad),
        ("stopped, it leaves everything there", |_| stopped_it_leaves_everything_there()),
        ("a bad configuration is not tried for ever", a_bad_configuration_is_not_tried_for_ever),
    ];
    for (what, step) in steps {
        let began = Instant::now();
        step(&servers);
        wait_well();
        assert_eq!(kept(), before, "{what}\n{}", journal(MPPD));
        println!("{what}: {:?}", began.elapsed());
    }
    println!("{} answers of mpp-check, all the same", verdicts.end());
    keepalived_does_not_wait_for_one_that_cannot_start();
}

fn the_machine_is_as_the_package_makes_it() {
    let verified = run("systemd-analyze", &["verify", "--man=no", MPPD]);
    assert_eq!(verified, (String::new(), 0));
    let account = must("getent", &["passwd", "mpp"]);
    assert!(account.trim_end().ends_with(":/var/lib/mpp:/usr/sbin/nologin"), "{account}");
    let uid = account.split(':').nth(2).expect("a user id").parse::<u32>().expect("a number");
    for folder in ["/run/mpp", "/run/mpp/track"] {
        let found = fs::metadata(folder).expect(folder);
        assert_eq!((found.uid(), found.permissions().mode() & 0o7777), (uid, 0o755), "{folder}");
    }
}

/// keepalived does not start without what it is to find.
fn both_are_started_at_once_and_keepalived_finds_what_is_decided(servers: &[Server]) {
    let files = ["/run/mpp/state", "/run/mpp/track/rw:db1:down", "/run/mpp/track/rw:db2:down"];
    let look = format!("[Service]\nExecStartPre=/bin/ls {}\n", files.join(" "));
    drop_in(KEEPALIVED, "look", &look);
    start_both_at_once();
    assert_eq!(property(KEEPALIVED, "ActiveState"), "active", "{}", journal(KEEPALIVED));
    wait_well();
    let address = servers[0].address().to_string();
    wait("the kernel leads writers to db1 alone", || led_to() == [address.as_str()]);
}

fn everybody_may_look_and_not_change() {
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "mpp"];
    let as_nobody = |args: &[&str]| run("setpriv", &[&nobody, args].concat());
    let (said, code) = as_nobody(&["status"]);
    assert!(code == 0 && said.contains("db1 weight 1"), "{said}");
    assert_eq!(as_nobody(&["pause", "db"]).1, 77);
}

fn killed_it_is_started_again() {
    let before = property(MPPD, "MainPID");
    must("kill", &["-KILL", &before]);
    wait_for_another_than(&before);
}

fn standing_still_it_is_replaced() {
    let before = property(MPPD, "MainPID");
    must("kill", &["-STOP", &before]);
    wait_for_another_than(&before);
    wait_said(MPPD, "Watchdog timeout");
}

fn a_reload_takes_the_good_and_refuses_the_bad(servers: &[Server]) {
    let process = property(MPPD, "MainPID");
    configure(servers, "    recover_after: 7\n");
    must("systemctl", &["reload", MPPD]);
    wait_said(MPPD, "configuration reloaded by mpp");
    misconfigure();
    let (said, code) = run("systemctl", &["reload", MPPD]);
    assert_ne!(code, 0, "{said}");
    wait_said(MPPD, "/etc/mpp/mpp.yaml:1:1: ");
    assert_eq!((property(MPPD, "ActiveState"), property(MPPD, "MainPID")), ("active".into(), process));
    configure(servers, "");
}

fn stopped_it_leaves_everything_there() {
    must("systemctl", &["stop", MPPD]);
    assert_eq!(property(MPPD, "Result"), "success");
    assert_eq!(property(KEEPALIVED, "ActiveState"), "active");
    assert!(Path::new("/run/mpp/state").exists() && !Path::new("/run/mpp/mpp.sock").exists());
    must("systemctl", &["start", MPPD]);
}

fn a_bad_configuration_is_not_tried_for_ever(servers: &[Server]) {
    misconfigure();
    let (said, code) = run("systemctl", &["restart", MPPD]);
    assert_ne!(code, 0, "{said}");
    let state = |name| property(MPPD, name);
    assert_eq!((state("ActiveState"), state("ExecMainStatus")), ("failed".into(), "78".into()));
    assert_eq!(property(KEEPALIVED, "ActiveState"), "active");
    configure(servers, "");
    must("systemctl", &["start", MPPD]);
}

/// As at boot, where nothing is published: nobody is UP then.
fn keepalived_does_not_wait_for_one_that_cannot_start() {
    misconfigure();
    must("systemctl", &["stop", KEEPALIVED, MPPD]);
    fs::remove_file("/etc/systemd/system/keepalived.service.d/look.conf").expect("the drop-in removed");
    fs::remove_dir_all("/run/mpp").expect("what was published removed");
    must("systemd-tmpfiles", &["--create", "mpp.conf"]);
    start_both_at_once();
    let states = [MPPD, KEEPALIVED].map(|unit| property(unit, "ActiveState"));
    assert_eq!(states, ["failed", "active"]);
    assert_eq!(run("mpp-check", &["rw", "db", "db1"]).1, 1);
    assert_eq!(led_to(), [""; 0]);
}

/// In one transaction, as at boot; two units named to systemctl are started one after the other. Back when both have begun,
/// or failed.
fn start_both_at_once() {
    let target = "/etc/systemd/system/director.target";
    fs::write(target, format!("[Unit]\nWants={KEEPALIVED} {MPPD}\n")).expect("a target written");
    must("systemctl", &["daemon-reload"]);
    must("systemctl", &["stop", "director.target"]);
    must("systemctl", &["start", "director.target"]);
}

fn wait_for_another_than(process: &str) {
    wait("another process has started", || {
        let now = property(MPPD, "MainPID");
        now != process && now != "0" && property(MPPD, "ActiveState") == "active"
    });
}
