//! `mpp keepalived diff`: what a deploy of the fragment would change.

mod support;

use std::fs;
use support::desk::{Desk, ONE, out, refusal};

#[test]
fn a_fragment_that_is_what_would_be_rendered_differs_in_nothing() {
    let desk = Desk::new(ONE);
    out(&desk.render_into_dir());
    assert_eq!(out(&desk.diff()), "");
}

#[test]
fn what_a_deploy_would_change_is_told_in_words_and_in_lines() {
    let desk = Desk::new(ONE);
    out(&desk.render_into_dir());
    desk.configure(&ONE.replace("role: rw", "role: rw, lvs_sched: rr"));
    let output = desk.diff();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.starts_with("virtual server 192.168.2.1 3306 changes: lvs_sched\n\n--- "), "{said}");
    assert!(said.contains("\n-    lvs_sched wlc\n+    lvs_sched rr\n"), "{said}");
    out(&desk.render_into_dir());
    assert_eq!(out(&desk.diff()), "", "nothing is left to change");
}

#[test]
fn what_is_not_installed_yet_would_all_come() {
    let output = Desk::new(ONE).diff();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.contains("\nvirtual server 192.168.2.1 3306 comes, with 2 real servers\n"), "{said}");
}

#[test]
fn what_cannot_be_compared_is_bad_configuration() {
    let (code, said) = refusal(&Desk::new("keepalived: 1").diff());
    assert!(code == Some(78) && said.contains("mpp.yaml:"), "{said}");
    let (code, said) = refusal(&Desk::new("").diff());
    assert!(code == Some(78) && said.starts_with("mpp: no virtual servers are configured; "), "{said}");
    let desk = Desk::new(ONE);
    let installed = desk.dir().join("mpp.conf");
    fs::create_dir(&installed).expect("a folder where the fragment should be");
    let (code, said) = refusal(&desk.diff());
    assert!(code == Some(78) && said.starts_with(&format!("{}: ", installed.display())), "{said}");
}
