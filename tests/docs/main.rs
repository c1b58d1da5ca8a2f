//! The documentation is true: its sessions are played on real servers, its configurations are taken, its links lead somewhere.
#![cfg(feature = "daemon")]
// A program: what is `pub` is so between its files.
#![allow(unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod links;
mod page;
mod sessions;
mod shape;
mod shell;
mod snippets;
