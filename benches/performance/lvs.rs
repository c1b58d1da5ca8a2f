//! From the verdict to the kernel's table, and what a check costs keepalived: measured in a kernel with IPVS by the scenarios
//! of tests/lvs/measures.rs.

use super::figures::{Figures, Table, row};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What the scenarios' `delay_loop` is, ms.
const DELAY_LOOP: f64 = 500.0;
const OURS: &str = "processor time of keepalived and its children a check of mpp-check, us";
const NOTHING: &str = "processor time of keepalived and its children a check of nothing, us";

/// The table.
pub fn measure() -> String {
    let found = scenarios();
    let figures = |name: &str| found.get(name).unwrap_or_else(|| panic!("{name} was not measured"));
    let mut table = Table::new(&["what", "floor", "median", "worst", "samples", "wanted"]);
    let mut add = |name: &str, wanted: String| table.row(row(name, figures(name), 1, &wanted));
    add("decided to the old writer out of the table, ms", "at most 5".into());
    let wanted = format!("median at most delay_loop ({DELAY_LOOP}) + 50");
    add("decided to the new writer in the table, ms", wanted);
    add("from the kill to both, ms", "at most 1300".into());
    let ratio = figures(OURS).median() / figures(NOTHING).median();
    add(OURS, format!("at most 1.1 x the next: {ratio:.2} x"));
    add(NOTHING, String::new());
    table.markdown()
}

/// What they print: `measured NAME: VALUES`.
fn scenarios() -> BTreeMap<String, Figures> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "test",
        "--locked",
        "--release",
        "--test",
        "lvs",
        "--",
        "measures",
        "--ignored",
        "--nocapture",
    ]);
    cargo.args(["--test-threads=1"]);
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("cargo");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let line = |line: &str| {
        // The first follows the name of its test on the same line.
        let (_, measured) = line.split_once("measured ")?;
        let (name, values) = measured.rsplit_once(": ")?;
        let values: Option<Vec<f64>> = values.split(' ').map(|v| v.parse().ok()).collect();
        Some((name.to_owned(), Figures::of(values?)))
    };
    text.lines().filter_map(line).collect()
}
