//! The unit's file, as systemd judges it without starting anything.

use std::process::Command;

/// In tenths: of 10, which is a service that may do everything.
const MOST: &str = "--threshold=20";

#[test]
fn the_unit_is_exposed_at_most_2_of_10() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/mppd.service");
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["security", "--offline=true", "--no-pager", MOST, unit]);
    let output = analyze.output().expect("systemd-analyze, from Debian's systemd");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
