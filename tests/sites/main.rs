//! Two sites in networks of their own, a DNS and clients far away; cut by cut: who is led where, and what it costs.

// A program: what is `pub` is so between its files.
#![allow(unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

/// Each scenario as a test, by root or who seems to be.
#[macro_export]
macro_rules! in_a_world {
    ($($(#[$how:meta])* $scenario:ident,)*) => {
        mod in_a_world {
            $(#[test] $(#[$how])* fn $scenario() {
                let name = concat!(module_path!(), "::", stringify!($scenario));
                $crate::support::guest::play_as_root(name, super::$scenario);
            })*
        }
    };
}

mod client;
mod cuts;
mod director;
mod dns;
mod every_cut;
mod network;
mod outcome;
mod play;
mod recorder;
mod seed;
mod site;
mod table;
mod world;
