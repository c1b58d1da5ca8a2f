//! The units' files, as systemd judges them without starting anything.

use std::process::Command;

/// In tenths: of 10, which is a service that may do everything.
const MOST: &str = "--threshold=20";

#[test]
fn the_units_are_exposed_at_most_2_of_10() {
    for name in ["mppd", "mpp-web"] {
        let unit = format!("{}/systemd/{name}.service", env!("CARGO_MANIFEST_DIR"));
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(["security", "--offline=true", "--no-pager", MOST, &unit]);
        let output = analyze.output().expect("systemd-analyze, from Debian's systemd");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
