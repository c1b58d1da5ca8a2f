//! `mpp`, the operator's tool: one file a command.
//!
//! - `options`: the command line
//! - `connect`: where the daemon is, and how its refusals end the program
//! - `status`, `table`, `report`, `events`, `why`, `change`, `config`, `pages`: the commands

// This is the room that prints.
#![allow(clippy::disallowed_macros)]

mod change;
mod config;
mod connect;
mod events;
mod options;
mod pages;
mod report;
mod status;
mod table;
mod why;

use crate::exit::Exit;
use clap::Parser;
use options::{Command, Options};
use std::process::ExitCode;

pub use options::Options as MppOptions;

/// Runs one command.
pub fn mpp_main() -> ExitCode {
    run(Options::parse()).into()
}

fn run(options: Options) -> Exit {
    let daemon = connect::Daemon::of(&options.config);
    match options.command {
        Command::Status { pool, json, watch } => status::run(&daemon, pool, json, watch),
        Command::Report { node } => report::report(&daemon, &node),
        Command::IsActive { node } => report::is_active(&daemon, &node),
        Command::Why { target, json } => why::run(&daemon, &target, json),
        Command::Events { since, pool, follow, json } => events::run(&daemon, since, pool, follow, json),
        Command::Change(change) => change::run(&daemon, change),
        Command::Config { command } => config::run(&options.config, &command),
        Command::Completions { shell } => pages::completions(shell),
        Command::Man { dir } => pages::man(&dir),
    }
}
