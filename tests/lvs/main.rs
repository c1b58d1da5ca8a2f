//! The whole way in a real kernel: servers, mppd, keepalived, IPVS and clients, in a guest of its own for each scenario.

#[path = "../support/mod.rs"]
mod support;

mod guest;
