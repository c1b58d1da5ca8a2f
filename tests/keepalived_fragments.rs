//! The ready-made fragments: each is what its configuration renders to, byte for byte, and keepalived takes it.
#![cfg(feature = "daemon")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mpp::config::{self, Settings, Version};
use mpp::keepalived::conf::{Disk, Limits, read};
use mpp::keepalived::lint::{gather, lint};
use mpp::keepalived::render::{Source, Target, fragment, modules, sysctl};
use support::director::sound;
use tempfile::TempDir;

const INSTALLED: &str = "/etc/mpp/mpp.yaml";
const NAMES: [&str; 5] = ["geo", "read-write", "read-write-and-read-only", "three-nodes", "two-directors"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("keepalived").join(name)
}

/// Its settings; the password lies elsewhere here.
fn settings(name: &str) -> Settings {
    let folder_here = TempDir::new().expect("a folder");
    let password = folder_here.path().join("password");
    fs::write(&password, "secret\n").expect("written");
    fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
    let text = fs::read_to_string(folder(name).join("mpp.yaml")).expect("its configuration");
    let path = folder_here.path().join("mpp.yaml");
    fs::write(&path, text.replace("/etc/mpp/password", &password.display().to_string())).expect("written");
    config::load(&path).unwrap_or_else(|faults| panic!("{faults}"))
}

fn target(settings: &Settings) -> Target {
    Target::of(&settings.keepalived, || None).expect("a target")
}

/// Set MPP_BLESS=1 to write the files anew; then read the difference.
#[test]
fn every_fragment_is_what_its_configuration_renders_to() {
    let mut found: Vec<String> = fs::read_dir(folder(""))
        .expect("the fragments")
        .flatten()
        .map(|e| e.file_name().into_string().expect("a name"))
        .collect();
    found.sort();
    assert_eq!(found, NAMES, "none is left out here");
    for name in NAMES {
        let (settings, file) = (settings(name), Path::new(INSTALLED));
        let target = target(&settings);
        assert_eq!(settings.warnings, [], "{name}");
        for (file_name, text) in [
            ("mpp.conf", fragment(&settings, file, target)),
            ("mpp-sysctl.conf", sysctl(&settings, file)),
            ("mpp-modules.conf", modules(&settings, file)),
        ] {
            let (text, path) = (text.expect("rendered"), folder(name).join(file_name));
            if std::env::var_os("MPP_BLESS").is_some() {
                fs::write(&path, &text).expect("written");
            }
            assert_eq!(fs::read_to_string(&path).expect("the file"), text, "{name}/{file_name}");
        }
        assert!(folder(name).join("README.md").exists(), "{name} has no walk-through");
    }
}

/// What `keepalived -t` says of a text, on this machine, which is no director: its interface, its user, a program it has.
fn refused(text: &str) -> Option<String> {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("mpp.conf");
    let text =
        text.replace("script_user mpp", "script_user root").replace("/usr/bin/mpp-check", "/usr/bin/true");
    fs::write(&path, text).expect("written");
    // Interfaces that a director has, in a network namespace of the test's own.
    let script = "set -e; ip link add eth0 type veth peer name eth1; ip link set eth0 up; ip link set eth1 up; exec keepalived -t -f $0";
    let output =
        Command::new("unshare").args(["--map-root-user", "--net", "sh", "-c", script]).arg(&path).output();
    let output = output.expect("unshare, of Debian's util-linux");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success() || !said.is_empty()).then_some(format!("{}: {said}", output.status))
}

#[test]
fn keepalived_takes_every_fragment() {
    for name in NAMES {
        let text = fs::read_to_string(folder(name).join("mpp.conf")).expect("a fragment");
        assert_eq!(refused(&text), None, "{name}");
    }
}

#[test]
fn keepalived_takes_them_also_as_they_are_for_one_without_file_check() {
    for name in NAMES {
        let settings = settings(name);
        let target = Target { version: Version(2, 0, 20), source: Source::Configured };
        let text = fragment(&settings, Path::new(INSTALLED), target).expect("rendered");
        assert!(!text.contains("track_file") && !text.contains("FILE_CHECK {"), "{text}");
        assert_eq!(text.matches("misc_dynamic\n").count(), text.matches("--dynamic ").count());
        assert_eq!(refused(&text), None, "{name}");
    }
}

/// What `mpp keepalived check` finds in a text on a director of this version, but for what keepalived itself says.
fn found(text: &str, version: Version, settings: &Settings) -> Vec<String> {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("mpp.conf");
    fs::write(&path, text).expect("written");
    let conf = read(&path, "here", &Disk, Limits::default()).expect("readable");
    let machine = sound(gather(&conf, Some(version)));
    lint(&conf, &machine, Some(settings)).iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_in_a_fragment_would_bite_or_may() {
    for name in NAMES {
        let text = fs::read_to_string(folder(name).join("mpp.conf")).expect("a fragment");
        assert_eq!(found(&text, Version(2, 2, 7), &settings(name)), [""; 0], "{name}");
    }
}

#[test]
fn nor_in_one_that_is_rendered_for_any_other_version() {
    for name in NAMES {
        let settings = settings(name);
        for version in [Version(2, 0, 20), Version(2, 1, 0), Version(2, 3, 1), Version(2, 3, 4)] {
            let target = Target { version, source: Source::Configured };
            let text = fragment(&settings, Path::new(INSTALLED), target).expect("rendered");
            assert_eq!(found(&text, version, &settings), [""; 0], "{name} for {version}");
        }
    }
}
