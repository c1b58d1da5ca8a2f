//! Any text as keepalived's configuration: read and checked within bounds, every finding in a line that is there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mpp::keepalived::conf::{Alone, Limits, read};
use mpp::keepalived::diff::diff;
use mpp::keepalived::lint::{Machine, lint};
use std::path::Path;

const LIMITS: Limits = Limits { files: 10, bytes: 1 << 20, lines: 20_000 };

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let conf = read(Path::new("keepalived.conf"), "here", &Alone(&text), LIMITS).expect("it is small");
    let lines = text.lines().count().max(1);
    for trouble in &conf.trouble {
        assert!((1..=lines).contains(&trouble.place.line), "{}", trouble.why);
    }
    for finding in lint(&conf, &Machine::default(), None) {
        assert!(finding.line.is_some_and(|line| (1..=lines).contains(&line)), "{finding}");
    }
    let half = text.char_indices().nth(text.len() / 2).map_or("", |(at, _)| &text[at..]);
    assert!(diff(("old", half), ("new", half)).is_none());
    diff(("old", half), ("new", &text));
});
