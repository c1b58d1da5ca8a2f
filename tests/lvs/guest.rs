//! The guest itself: what every scenario relies on.

use crate::in_a_guest;
use nix::unistd::Uid;
use std::fs;

in_a_guest! {
    a_guest_has_ipvs_and_is_root_and_may_write_where_it_should_only,
}

fn a_guest_has_ipvs_and_is_root_and_may_write_where_it_should_only() {
    assert!(Uid::effective().is_root());
    assert!(fs::read_to_string("/proc/net/ip_vs").expect("IPVS").starts_with("IP Virtual Server"));
    fs::write("/run/tmp/ours", "").expect("a file of the guest's");
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/not-ours"), "")
        .expect_err("the host's files are read-only");
}
