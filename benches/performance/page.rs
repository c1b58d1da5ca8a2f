//! docs/performance.md: what is measured stands between markers, and is replaced there section by section.

use std::fs;
use std::path::PathBuf;

/// Puts a section's text in the place of what stood there.
///
/// # Panics
/// If the page cannot be read or written, or has no such section.
pub fn write(section: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = fs::read_to_string(&path).expect("docs/performance.md");
    let page = replace(&page, section, text).expect("its markers");
    let aside = path.with_extension("md.new");
    fs::write(&aside, page).expect("the page written");
    fs::rename(&aside, &path).expect("the page in its place");
}

fn replace(page: &str, section: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- measured: {section} -->\n"), format!("<!-- end: {section} -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}
