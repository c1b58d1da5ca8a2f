//! mppd as a unit of systemd: on a machine that a real systemd has booted, and as systemd judges the unit's file.

// A program: what is `pub` is so between its files.
#![allow(unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod life;
mod machine;
mod unit;
