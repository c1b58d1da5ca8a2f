//! Those who ask `mpp-web`: gdnsd, PowerDNS and HAProxy, run as docs/consumers.md configures them, before and after a failover
//! and while something is dead; and the requests of those who can't be run here, with the answers they need.
#![cfg(feature = "web")]
// A program: what is `pub` is so between its files.
#![allow(unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod dns;
mod faults;
mod gdnsd;
mod haproxy;
mod powerdns;
mod program;
mod proxied;
mod recipe;
mod requests;
mod sites;
mod web;
