//! `mpp-check`: what keepalived runs per real server. All of it is in `check` and `state`, taken in
//! by path: the library would bring the standard library, which costs more than the check itself.

#![cfg_attr(mpp_bare, no_std, no_main, no_builtins)]

// The library uses the rest of these files.
#[allow(dead_code, unreachable_pub)]
#[path = "../state"]
mod state {
    pub mod asked;
    pub mod atomics;
    pub mod boot_id;
    pub mod fault;
    pub mod layout;
    pub mod pool;
    pub mod reader;
    pub mod two_copies;
    pub mod verdict;
    pub mod words;
}

#[allow(unreachable_pub)]
#[path = "../check/mod.rs"]
mod check;

#[cfg(mpp_bare)]
#[path = "../check/bare/mod.rs"]
mod bare;

#[cfg(not(mpp_bare))]
#[path = "../check/hosted.rs"]
mod hosted;

#[cfg(not(mpp_bare))]
fn main() -> std::process::ExitCode {
    hosted::main()
}
