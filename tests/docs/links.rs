//! Links between pages lead somewhere, and every page is found from the index.

use super::page::{Page, pages, root};
use std::fs;

/// Targets of `[words](target)` in the prose of a page.
fn targets(page: &Page) -> Vec<String> {
    let prose = page.prose().collect::<Vec<_>>().join("\n");
    let behind = prose.split("](").skip(1);
    behind.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// Why a link leads nowhere.
fn broken(page: &Page, target: &str) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => page.path.clone(),
        file => page.path.parent().expect("a folder").join(file),
    };
    if !path.exists() {
        return Some(format!("{}: ({target}) leads to no file", page.name()));
    }
    let known = anchor.is_empty() || Page::read(path).anchors().iter().any(|a| a == anchor);
    (!known).then(|| format!("{}: ({target}) leads to no heading", page.name()))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let pages = pages();
    let all = pages.iter().flat_map(|page| targets(page).into_iter().map(move |target| (page, target)));
    let broken: Vec<String> = all.filter_map(|(page, target)| broken(page, &target)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_of_docs_is_named_in_its_index() {
    let index = fs::read_to_string(root().join("docs/README.md")).expect("an index");
    let pages = fs::read_dir(root().join("docs")).expect("docs").flatten();
    let names = pages.map(|page| page.file_name().to_string_lossy().into_owned());
    let missing: Vec<String> = names
        .filter(|name| name.ends_with(".md") && name != "README.md" && !index.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/README.md leads nobody to {missing:?}");
}
