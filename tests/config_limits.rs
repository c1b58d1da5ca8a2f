//! Files that are too large, too deep, too clever, or no text: one clear word each, in bounded time.
#![cfg(feature = "daemon")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What loading these bytes says, without the file's path; in debug builds, too, without hanging.
fn said(bytes: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mpp.yaml");
    fs::write(&path, bytes).unwrap();
    said_of(&path)
}

fn said_of(path: &Path) -> String {
    let began = Instant::now();
    let said = match mpp::config::check(path) {
        Ok(text) => text,
        Err(faults) => faults.to_string(),
    };
    // A hang is meant, not a slow machine.
    assert!(began.elapsed() < Duration::from_secs(300), "took {:?}", began.elapsed());
    said.trim_end().replace(&path.display().to_string(), "mpp.yaml")
}

fn pool_of(nodes: usize, node: impl Fn(usize) -> String) -> String {
    let mut text = "monitor: { user: mpp }\npools:\n  - name: db\n    nodes:\n".to_owned();
    for i in 0..nodes {
        writeln!(text, "      - {}", node(i)).unwrap();
    }
    text
}

fn good_node(i: usize) -> String {
    format!(
        "{{ name: n{i}, address: \"10.{}.{}.{}:3306\", checkpoints: [] }}",
        i >> 16,
        i >> 8 & 255,
        i & 255
    )
}

#[test]
fn what_is_no_text_is_refused_with_one_word() {
    assert_eq!(
        said(b"a: \x00\x01"),
        "mpp.yaml: byte 3 is NUL: a binary file, not YAML; is it the right one?"
    );
    assert_eq!(said(b"# fine\na: \xff\xfe"), "mpp.yaml:2:4: not UTF-8 text; save the file as UTF-8");
    assert_eq!(said(b""), "mpp.yaml: the file is empty; it needs at least monitor and pools");
    let random: Vec<u8> = (0..65_536u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    assert_eq!(said(&random).lines().count(), 1);
}

#[test]
fn ten_megabytes_are_refused() {
    let said = said(&vec![b'#'; 10 << 20]);
    assert_eq!(said, "mpp.yaml: is larger than 4 MiB: not a configuration; is it the right file?");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    assert_eq!(said_of(folder.path()), "mpp.yaml: is a folder; name the file in it");
    let missing = folder.path().join("none");
    assert_eq!(said_of(&missing), "mpp.yaml: no such file; create it, or name another with --config");
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    assert_eq!(said_of(&pipe), "mpp.yaml: is not a regular file; name one");
}

#[test]
fn alias_bombs_are_refused() {
    let mut laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for i in 1..12 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(",");
        writeln!(laughs, "a{i}: &a{i} [{aliases}]").unwrap();
    }
    let wide = format!("a: &a \"{}\"\nb: [{}]", "x".repeat(1 << 20), vec!["*a"; 100_000].join(","));
    for bomb in [laughs, wide] {
        let said = said(bomb.as_bytes());
        assert!(said.contains("too many values; an alias (*name) counts as all it stands for"), "{said}");
        assert_eq!(said.lines().count(), 1);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for unit in ["[", "{a: ", "[a: ", "- ", "? ", "{\"]\": "] {
        let said = said(unit.repeat((4 << 20) / unit.len()).as_bytes());
        let refusals = ["brackets open at once", "nested deeper than 16", "a key must be a word"];
        assert!(refusals.iter().any(|refusal| said.contains(refusal)), "{unit}: {said}");
    }
    let said = said(format!("a: {}1{}", "[".repeat(30), "]".repeat(30)).as_bytes());
    assert!(said.starts_with("mpp.yaml:1:19: nested deeper than 16 levels"), "{said}");
}

#[test]
fn four_megabytes_of_faults_end_in_time() {
    for line in ["- \n", "a: b\n", "a:\n", "\"\":\n", "- a\n"] {
        let said = said(line.repeat((4 << 20) / line.len()).as_bytes());
        assert!(said.lines().count() <= 51, "{line}");
    }
}

#[test]
fn ten_thousand_nodes_are_taken_and_not_one_more() {
    assert_eq!(said(pool_of(10_000, good_node).as_bytes()), "mpp.yaml: 1 pool, 10000 nodes: good");
    let said = said(pool_of(10_001, good_node).as_bytes());
    let fault = "more than 10000 nodes in one file; split it over several directors";
    assert_eq!(said, format!("mpp.yaml:10005:9: pools[0].nodes[10000]: {fault}"));
}

#[test]
fn of_many_faults_the_first_fifty_are_told() {
    let said = said(pool_of(2_000, |i| format!("{{ name: n{i}, address: nowhere }}")).as_bytes());
    assert_eq!(said.lines().count(), 51);
    assert!(said.starts_with("mpp.yaml:5:"), "{said}");
    assert!(said.ends_with("\nand 1950 more"), "{said}");
}
