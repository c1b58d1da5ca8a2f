//! The whole way in a real kernel: servers, mppd, keepalived, IPVS and clients, each scenario in a guest of its own.

// A program: what is `pub` is so between its files.
#![allow(unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod clients;
mod conf;
mod director;
mod directors;
mod failover;
mod guest;
mod keepalived;
mod measures;
mod meddling;
mod old;
mod outage;
mod pool;
mod readers;
mod ready_made;
mod reload;
mod site;
mod stranger;
mod switchover;
mod table;
mod ways;
mod weights;
