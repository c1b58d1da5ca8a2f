//! Bad and good files, each with the whole output that an operator must see.
#![cfg(feature = "daemon")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::expected::differs;

fn output(path: &Path) -> String {
    match mpp::config::check(path) {
        Ok(text) => text,
        Err(faults) => faults.to_string(),
    }
}

/// Set MPP_BLESS=1 to write the expected output anew; then read the difference.
#[test]
fn every_case_says_what_is_expected() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir("tests/cases/config").unwrap().map(|e| e.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    cases.sort();
    assert!(cases.len() > 20);
    let mut wrong = Vec::new();
    for case in cases {
        let (found, file) = (output(&case).trim_end().to_owned() + "\n", case.with_extension("expected"));
        let found = found.replace("tests/cases/config/", "").replace(env!("CARGO_MANIFEST_DIR"), "ROOT");
        wrong.extend(differs(&case, &file, &found));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
