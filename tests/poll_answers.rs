//! What servers of every version answer in every state of replication, and the facts it comes to, whole.
//!
//! `tests/cases/answers/SERVER/STATE.rows` is the answer, `STATE.facts` beside it what must be read from it. Recorded anew
//! by `MPP_BLESS=1 make test-mysql`; where a server cannot be had, the head of the file says so.

mod support;

use mpp::core::time::Duration;
use mpp::poll::Dialect;
use std::fs;
use std::path::{Path, PathBuf};
use support::answers;
use support::expected::differs;

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    all.sort();
    all
}

/// The facts of an answer, in words.
fn facts(rows: &str) -> String {
    let sets = answers::read(rows);
    let version = answers::value(&sets[0], "version");
    let facts = Dialect::of(&version).and_then(|dialect| dialect.facts(&sets, Duration::ZERO));
    match facts {
        Ok(facts) => format!("{facts:#?}\n"),
        Err(odd) => format!("{odd}\n"),
    }
}

/// Set MPP_BLESS=1 to write the expected facts anew; then read the difference.
#[test]
fn every_recorded_answer_comes_to_its_facts() {
    let servers = files_below(Path::new("tests/cases/answers"));
    assert!(servers.len() >= 6, "{servers:?}");
    let mut wrong = Vec::new();
    for case in servers.iter().flat_map(|server| files_below(server)) {
        if case.extension().is_none_or(|e| e != "rows") {
            continue;
        }
        let found = facts(&fs::read_to_string(&case).expect("an answer"));
        let file = case.with_extension("facts");
        wrong.extend(differs(&case, &file, &found));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_server_has_every_state() {
    for server in files_below(Path::new("tests/cases/answers")) {
        for state in STATES {
            let file = server.join(state).with_extension("rows");
            assert!(file.exists(), "{}", file.display());
        }
    }
}

const STATES: [&str; 8] = [
    "never-configured",
    "named-channel",
    "healthy",
    "io-stopped",
    "sql-stopped",
    "wrong-password",
    "duplicate-key",
    "source-killed",
];
