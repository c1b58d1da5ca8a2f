//! Decides whether `mpp-check` is built without a runtime, and tells the linker then.
//!
//! `MPP_CHECK_HOSTED=1` builds it as an ordinary program instead, as on other processors.

use std::env;

/// No start-up code, no library, one segment, nothing to relocate: the fewest pages to map.
const LINK_ARGS: [&str; 8] = [
    "-nostartfiles",
    "-nostdlib",
    "-static",
    "-no-pie",
    "-Wl,--build-id=none",
    "-Wl,-z,norelro",
    "-Wl,-z,noseparate-code",
    "-Wl,--gc-sections",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MPP_CHECK_HOSTED");
    let is_known = target("OS") == "linux"
        && target("POINTER_WIDTH") == "64"
        && target("ENDIAN") == "little"
        && ["x86_64", "aarch64"].contains(&target("ARCH").as_str());
    if is_known && env::var_os("MPP_CHECK_HOSTED").is_none() {
        println!("cargo::rustc-cfg=mpp_bare");
        for arg in LINK_ARGS {
            println!("cargo::rustc-link-arg-bin=mpp-check={arg}");
        }
    }
}

/// What cargo says about the target.
fn target(what: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default()
}
