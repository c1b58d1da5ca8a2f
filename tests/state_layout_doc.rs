//! `docs/state-layout.md` says what `layout` does.

use std::collections::HashSet;

use mpp::state::layout::{Field, copy, copy_node, header, node, pool};

const DOC: &str = include_str!("../docs/state-layout.md");

const RECORDS: [(&str, u64, &[Field]); 5] = [
    ("header", header::LEN, header::FIELDS),
    ("pool", pool::LEN, pool::FIELDS),
    ("node", node::LEN, node::FIELDS),
    ("copy", copy::LEN, copy::FIELDS),
    ("copy_node", copy_node::LEN, copy_node::FIELDS),
];

/// A section's rows as offset, size, field.
fn rows(heading: &str) -> Vec<(u64, u64, String)> {
    let (_, section) = DOC.split_once(heading).unwrap_or_else(|| panic!("no `{heading}`"));
    let section = section.split_once("\n#").map_or(section, |(section, _)| section);
    let cells = section.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let row = |cells: Vec<&str>| {
        let [_, offset, size, field, ..] = cells[..] else { return None };
        Some((offset.parse().ok()?, size.parse().ok()?, field.trim_matches('`').to_owned()))
    };
    cells.filter_map(row).collect()
}

#[test]
fn the_document_has_every_field_where_the_code_has_it() {
    for (name, len, fields) in RECORDS {
        let heading = format!("### `{name}`, {len} bytes\n");
        let code = fields.iter().map(|field| (field.offset, field.size, field.name.to_lowercase()));
        assert_eq!(rows(&heading), code.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn fields_do_not_overlap_and_fit_their_record() {
    for (name, len, fields) in RECORDS {
        let mut end = 0;
        for field in fields {
            assert!(field.offset >= end, "{name}.{}", field.name);
            end = field.offset + field.size;
        }
        assert!(end <= len && len % 8 == 0, "{name}");
    }
}

#[test]
fn no_record_is_described_twice() {
    let headings: Vec<_> = DOC.lines().filter(|line| line.starts_with("### `")).collect();
    assert_eq!(headings.len(), RECORDS.len());
    assert_eq!(headings.iter().collect::<HashSet<_>>().len(), headings.len());
}
