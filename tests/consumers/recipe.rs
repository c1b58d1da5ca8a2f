//! What docs/consumers.md has people write, with the test's own addresses in the page's stead.

use std::fs;
use std::path::Path;

/// All of it.
pub const PAGE: &str = include_str!("../../docs/consumers.md");

/// The block behind ```` ```cfg MARK ````.
pub fn block(mark: &str) -> String {
    behind(&format!("cfg {mark}"))
}

/// The block behind ```` ```console MARK ````.
pub fn console(mark: &str) -> String {
    behind(&format!("console {mark}"))
}

fn behind(info: &str) -> String {
    let begin = format!("\n```{info}\n");
    let (_, rest) = PAGE.split_once(&begin).unwrap_or_else(|| panic!("no {info} in the page"));
    let (block, _) = rest.split_once("\n```").expect("its end");
    format!("{block}\n")
}

/// The block with words of it replaced; each must be there.
pub fn filled(mark: &str, words: &[(&str, &str)]) -> String {
    words.iter().fold(block(mark), |text, (from, to)| {
        assert!(text.contains(from), "{mark}: no {from} in\n{text}");
        text.replace(from, to)
    })
}

/// Writes a file.
pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
