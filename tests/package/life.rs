//! From installation to purge.

use crate::machine::{
    BOUND, DPKG, boot, configuration, configure, pid, runs_what_is_installed, wait_until_settled, web,
};
use crate::support::{Root, Use, pair_master_master, wait_until};
use crate::watch::Watch;

#[test]
#[ignore = "make test-deb"]
fn a_fresh_installation_starts_nothing_before_it_is_configured_and_then_runs() {
    let servers = pair_master_master(Use::Gtid);
    let root = boot();
    let said = root.says("dpkg -i /tmp/new.deb");
    assert!(said.contains("mppd is not started") && said.contains("installation.md"), "{said}");
    assert_eq!(root.says("systemctl is-enabled mppd").trim(), "enabled");
    assert_eq!(root.refuses("systemctl is-active mppd").trim(), "inactive");
    assert_eq!(root.says("systemctl list-units --failed --no-legend"), "");
    let owned = root.says("stat -c '%U:%G %a %n' /etc/mpp /etc/mpp/mpp.yaml /run/mpp /run/mpp/track");
    assert_eq!(
        owned,
        "root:root 755 /etc/mpp\nroot:root 644 /etc/mpp/mpp.yaml\nmpp:mpp 755 /run/mpp\nmpp:mpp 755 /run/mpp/track\n"
    );
    configure(&root, &servers);
    root.says("mpp config check && systemctl start mppd");
    wait_until_settled(&root);
    let told = root.says("su --shell /bin/sh nobody --command 'mpp status'");
    assert!(told.contains("ACTIVE"), "anybody may look: {told}");
    assert!(root.says("gzip -cd /usr/share/man/man8/mpp-status.8.gz").contains("mpp\\-status"));
    assert!(runs_what_is_installed(&root));
}

#[test]
#[ignore = "make test-deb"]
fn upgrade_and_rollback_change_no_verdict_and_keep_the_configuration() {
    let servers = pair_master_master(Use::Gtid);
    let root = running(&servers);
    let (first, watch) = (pid(&root), Watch::begin(&root));
    root.says(&format!("{DPKG} --unpack /tmp/new.deb"));
    assert_eq!(pid(&root), first, "mppd of the old version runs on");
    root.says("mpp status && mpp why db && mpp is-active db/db1");
    root.says(&format!("{DPKG} --configure mpp"));
    let second = pid(&root);
    assert_ne!(second, first, "restarted");
    assert!(runs_what_is_installed(&root));
    assert_eq!(root.says("cat /etc/mpp/mpp.yaml"), configuration(&servers));
    let rw = format!("curl -sf http://{}/v1/pools/db/nodes/db1/rw", web(&servers));
    assert_eq!(root.says(&rw), "UP: ACTIVE\n", "mpp-web is started with it");
    assert_eq!(
        root.says("stat -c %U /proc/$(systemctl show --property=MainPID --value mpp-web)"),
        "mpp-web\n"
    );
    root.says(&format!("{DPKG} -i /tmp/old.deb"));
    assert_ne!(pid(&root), second, "restarted");
    root.says("systemctl is-active mpp-web");
    wait_until("mppd answers", BOUND, || root.run("mpp status").status.success());
    assert!(root.says("mpp why db").contains("epoch 1"), "the same reign all along");
    watch.saw_one_answer_to_each_question();
}

#[test]
#[ignore = "make test-deb"]
fn a_daemon_that_runs_is_not_restarted_into_a_version_that_would_not_start() {
    let servers = pair_master_master(Use::Gtid);
    let root = running(&servers);
    let (first, watch) = (pid(&root), Watch::begin(&root));
    root.says("echo 'no_such_key: 1' >>/etc/mpp/mpp.yaml");
    let said = root.says(&format!("{DPKG} -i /tmp/new.deb"));
    assert!(said.contains("NOT restarted") && said.contains("no_such_key"), "{said}");
    assert_eq!(pid(&root), first);
    root.says("sed -i /no_such_key/d /etc/mpp/mpp.yaml && systemctl restart mppd");
    assert!(runs_what_is_installed(&root));
    watch.saw_one_answer_to_each_question();
}

#[test]
#[ignore = "make test-deb"]
fn it_is_not_removed_under_a_keepalived_that_asks_it_and_leaves_nothing_behind_after_a_purge() {
    let servers = pair_master_master(Use::Gtid);
    let root = running(&servers);
    let first = pid(&root);
    root.says("mkdir -p /etc/keepalived && echo 'misc_path \"/usr/bin/mpp-check rw db db1\"' >/etc/keepalived/mpp.conf");
    let said = root.refuses("dpkg -r mpp");
    assert!(said.contains("not removed") && said.contains("/etc/keepalived/mpp.conf"), "{said}");
    assert_eq!(pid(&root), first, "it runs on");
    root.says("rm /etc/keepalived/mpp.conf && dpkg -r mpp");
    root.refuses("systemctl is-active mppd || systemctl is-active mpp-web");
    root.says("test -e /etc/mpp/mpp.yaml && test -e /run/mpp/state && test ! -e /usr/bin/mpp-check");
    root.says(&format!("{DPKG} -i /tmp/new.deb"));
    assert!(runs_what_is_installed(&root), "installed again, it runs as it is configured");
    root.says("dpkg -P mpp");
    let left: Vec<String> = root.changed().into_iter().filter(|path| path.contains("mpp")).collect();
    assert_eq!(left, [] as [&str; 0]);
    assert_eq!(root.says("find /run /tmp -name '*mpp*'"), "");
    root.says("getent passwd mpp");
}

#[test]
#[ignore = "make test-deb"]
fn the_rpm_is_installed_upgraded_and_erased_with_the_same_care() {
    let servers = pair_master_master(Use::Gtid);
    let root = boot();
    let checkout = env!("CARGO_MANIFEST_DIR");
    root.says(&format!("cd {checkout} && for v in old new; do packaging/rpm.sh /tmp/$v.deb /tmp/$v; done"));
    root.says("rpm -i --nodeps /tmp/old/*.rpm");
    configure(&root, &servers);
    root.says("systemctl enable --now mppd");
    wait_until_settled(&root);
    let (first, watch) = (pid(&root), Watch::begin(&root));
    root.says("rpm -U --nodeps /tmp/new/*.rpm");
    assert_ne!(pid(&root), first, "restarted");
    assert!(runs_what_is_installed(&root));
    assert_eq!(root.says("cat /etc/mpp/mpp.yaml"), configuration(&servers));
    let second = pid(&root);
    root.says("echo 'no_such_key: 1' >>/etc/mpp/mpp.yaml");
    let said = root.says("rpm -U --oldpackage --nodeps /tmp/old/*.rpm");
    assert!(said.contains("NOT restarted") && said.contains("no_such_key"), "{said}");
    assert_eq!(pid(&root), second);
    watch.saw_one_answer_to_each_question();
    root.says("mkdir -p /etc/keepalived && echo 'misc_path \"/usr/bin/mpp-check rw db db1\"' >/etc/keepalived/mpp.conf");
    assert!(root.refuses("rpm -e mpp").contains("not removed"));
    root.says("rm /etc/keepalived/mpp.conf && rpm -e mpp");
    root.refuses("systemctl is-active mppd");
    root.says("test -e /etc/mpp/mpp.yaml.rpmsave && test -e /run/mpp/state && test ! -e /usr/bin/mpp-check");
}

/// A director on which the old version runs.
fn running(servers: &[crate::support::Server]) -> Root {
    let root = boot();
    root.says("dpkg -i /tmp/old.deb");
    configure(&root, servers);
    root.says("systemctl start mppd");
    wait_until_settled(&root);
    root
}
