//! From verdicts to packets: what keepalived is given, and what the kernel has loaded.
//!
//! - `track`: the files that keepalived's FILE_CHECK watches: their names and what stands in them

pub mod track;
