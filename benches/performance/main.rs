//! `make bench`: what the product costs and how fast it decides, on real servers, in release builds. Writes the measured
//! sections of docs/performance.md. With names of sections as arguments it measures those alone.

// It looks at the clock and prints.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, missing_docs, unreachable_pub)]

mod check;
mod crowd;
mod enemies;
mod failover;
mod figures;
mod hostile;
mod load;
mod lvs;
mod machine;
mod measure;
mod nodes;
mod page;
mod polls;
mod programs;
mod published;
mod punctual;
mod relay;
mod render;
mod supervisor;
mod usage;
mod web;
mod web_growth;

#[path = "../../tests/state_support/mod.rs"]
mod state_support;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Instant;

/// A section of the page: its name, what it is about, and how it is measured.
type Section = (&'static str, &'static str, fn() -> String);

const SECTIONS: [Section; 11] = [
    ("machine", "the machine", machine::describe),
    ("failover", "from the fault to mpp-check saying UP on the standby", failover::measure),
    ("check", "mpp-check, from spawn to exit", check::measure),
    ("render", "keepalived's fragment for 1,000 nodes", render::measure),
    ("lvs", "from the verdict to the kernel's table", lvs::measure),
    ("polls", "what one poll costs", polls::measure),
    ("nodes", "how it grows with nodes and pools", nodes::growth),
    ("web", "a verdict over HTTP", web::measure),
    ("web-growth", "mpp-web for a thousand pools", web_growth::measure),
    ("hostile", "mpp-web among bad clients", hostile::measure),
    ("many", "ten thousand nodes", nodes::ten_thousand),
];

fn main() {
    if !supervisor::is_worker() {
        std::process::exit(supervisor::supervise());
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for name in &wanted {
        assert!(SECTIONS.iter().any(|s| s.0 == name), "no section {name}; there are: {}", names());
    }
    for (name, about, measure) in SECTIONS {
        // Ten thousand nodes want a larger machine than most: only when asked for by name.
        let by_default = wanted.is_empty() && name != "many";
        if by_default || wanted.iter().any(|w| w == name) {
            println!("{name}: {about}");
            let began = Instant::now();
            page::write(name, &measure());
            println!("  {} s", began.elapsed().as_secs());
        }
    }
    println!("docs/performance.md has the figures");
}

fn names() -> String {
    SECTIONS.map(|s| s.0).join(", ")
}
