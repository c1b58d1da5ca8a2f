//! What the package is made of.

use crate::machine::package;
use crate::support::secrets;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// SOURCE and DESTINATION of every asset that Cargo.toml lists for a packager.
fn assets(packager: &str) -> Vec<(String, String)> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["metadata", "--locked", "--offline", "--no-deps", "--format-version=1"])
        .current_dir(checkout());
    let output = cargo.output().expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let list = metadata["packages"][0]["metadata"][packager]["assets"].as_array().expect("assets").clone();
    let word = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    list.iter().map(|asset| (word(&asset[0]), word(&asset[1]))).collect()
}

/// The files of the checkout that a source stands for; its last component may be a `*`, with an ending or without.
fn files(source: &str) -> Vec<PathBuf> {
    let (folder, name) = source.rsplit_once('/').unwrap_or((".", source));
    match name.strip_prefix('*') {
        None => vec![checkout().join(source)],
        Some(ending) => {
            let entries = fs::read_dir(checkout().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
            let paths = entries.flatten().map(|e| e.path()).filter(|p| p.is_file());
            paths.filter(|p| p.to_str().is_some_and(|p| p.ends_with(ending))).collect()
        }
    }
}

#[test]
fn every_listed_file_is_there_and_every_unit_and_example_is_listed() {
    let assets = assets("deb");
    // What is built is not there before it is.
    let sources = assets.iter().map(|(source, _)| source).filter(|source| !source.starts_with("target/"));
    let packaged: BTreeSet<PathBuf> = sources.flat_map(|source| files(source)).collect();
    for file in &packaged {
        assert!(file.is_file(), "{} is listed in Cargo.toml, and not there", file.display());
    }
    let mut folders = vec![checkout().join("systemd"), checkout().join("keepalived")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => {
                    assert!(packaged.contains(&path), "{}: not in Cargo.toml's deb.assets", path.display())
                }
            }
        }
    }
}

#[test]
fn maintainer_scripts_are_sh() {
    for name in ["deb/postinst", "deb/prerm", "deb/postrm", "deb.sh", "rpm.sh", "prepare.sh", "licenses.sh"] {
        let checked =
            Command::new("sh").arg("-n").arg(checkout().join("packaging").join(name)).status().expect("sh");
        assert!(checked.success(), "{name}");
    }
}

#[test]
fn the_kernel_settings_of_the_package_are_those_that_are_rendered() {
    let read = |path: &str| fs::read_to_string(checkout().join(path)).expect("a file");
    let rendered = read("keepalived/read-write/mpp-sysctl.conf");
    let (shipped, mut count) = (read("packaging/sysctl.conf"), 0);
    for line in shipped.lines().filter_map(|line| line.strip_prefix('-')).filter(|line| line.contains(".vs."))
    {
        assert!(rendered.lines().any(|rendered| rendered == line), "{line}");
        count += 1;
    }
    assert_eq!(count, rendered.matches("net.ipv4.vs.").count());
}

#[test]
fn the_package_has_the_version_of_the_programs() {
    let text = fs::read_to_string(checkout().join("packaging/deb/changelog")).expect("the changelog");
    let wanted = format!("mpp ({}-1) ", env!("CARGO_PKG_VERSION"));
    assert!(text.starts_with(&wanted), "packaging/deb/changelog has no entry for {wanted}");
}

/// Keys of docs/configuration.md, but those that are refused.
fn documented_keys() -> Vec<String> {
    let text = fs::read_to_string(checkout().join("docs/configuration.md")).expect("the page");
    let rows = text.lines().filter(|line| line.starts_with("| `") && !line.contains("not built yet"));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

/// What is commented out, as it is without its `#`: a word has one blank before it, a setting none or more.
fn settings(text: &str, wanted: impl Fn(&str) -> bool) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix('#'));
    let is_setting = |line: &&str| !line.starts_with(' ') || line.starts_with("  ");
    lines.filter(is_setting).filter(|line| wanted(line)).fold(String::new(), |all, line| all + line + "\n")
}

#[test]
fn the_configuration_that_is_shipped_starts_nothing_and_what_is_commented_out_in_it_is_good_and_complete() {
    let text = fs::read_to_string(checkout().join("packaging/mpp.yaml")).expect("the configuration");
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "all of it is commented out");
    let folder = TempDir::new().expect("a folder");
    let text_here = secrets::laid_out(&text, folder.path());
    for part in [settings(&text_here, |_| true), settings(&text_here, |line| line.ends_with("# needed"))] {
        let file = folder.path().join("mpp.yaml");
        fs::write(&file, &part).expect("written");
        if let Err(faults) = mpp::config::load(&file) {
            panic!("{faults}\n{part}");
        }
    }
    for key in documented_keys() {
        assert!(text.contains(&format!("{key}:")), "packaging/mpp.yaml does not explain {key}");
    }
}

#[test]
#[ignore = "make test-deb"]
fn lintian_finds_nothing() {
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"]).arg(package());
    let output = lintian.output().expect("lintian");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && !said.contains("W:"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
