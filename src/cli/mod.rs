//! `mpp`, the operator's tool: one file a command.
//!
//! - `options`, `mppd`, `mpp_web`: the command lines
//! - `print`: the one place that prints
//! - `settings`: the configuration file's, or what is wrong with it
//! - `when`, `event_lines`: times as people write them, events as people read them
//! - `look`: what is good and what is bad to the eye
//! - `connect`: where the daemon is, and how its refusals end the program
//! - `status`, `table`, `report`, `events`, `why`, `change`, `config`, `doctor`, `keepalived` (`render`, `lint`, `diff`),
//!   `weights`, `nagios`, `pages`: the commands
//! - `watch`: the screen of `status --watch`

mod change;
mod config;
mod connect;
mod diff;
mod doctor;
mod event_lines;
mod events;
mod keepalived;
mod lint;
mod look;
mod mpp_web;
mod mppd;
mod nagios;
mod options;
mod pages;
pub mod print;
mod render;
mod report;
mod settings;
mod status;
mod table;
mod watch;
mod weights;
mod when;
mod why;

use crate::exit::Exit;
use clap::Parser;
use options::{Command, DaemonCommand, Options};
use std::path::Path;
use std::process::ExitCode;

pub use mpp_web::MppWebOptions;
pub use mppd::MppdOptions;

/// Runs one command.
pub fn mpp_main() -> ExitCode {
    match Options::try_parse() {
        Ok(options) => run(options),
        Err(error) if nagios::is_meant(std::env::args_os()) => nagios::misused(&error).into(),
        Err(error) => error.exit(),
    }
}

fn run(options: Options) -> ExitCode {
    let is_read = is_read(&options.command);
    let exit = match options.command {
        Command::Nagios(asked) => return nagios::run(&options.config, &asked).into(),
        Command::Config { command } => config::run(&options.config, &command),
        Command::Weights { ipvsadm } => weights::run(&options.config, ipvsadm),
        Command::Doctor { pool, verbose, json } => {
            doctor::run(&options.config, pool.as_deref(), &doctor::Manner { verbose, json })
        }
        Command::Keepalived { command } => keepalived::run(&options.config, &command),
        Command::Completions { shell } => pages::completions(shell),
        Command::Man { dir } => pages::man(&dir),
        Command::Daemon(asked) => match connect::Daemon::of(&options.config) {
            Ok(daemon) => ask(&options.config, &daemon, asked),
            Err(faults) => {
                print::err(&faults.to_string());
                Exit::Config
            }
        },
    };
    match exit {
        Exit::Done if is_read && print::lost() => Exit::No.into(),
        exit => exit.into(),
    }
}

/// Whether a command is given for what it prints; what has become of the others their exit code says.
fn is_read(command: &Command) -> bool {
    use DaemonCommand::{Change, IsActive, Report};
    !matches!(command, Command::Daemon(Report { .. } | IsActive { .. } | Change(_)))
}

fn ask(config: &Path, daemon: &connect::Daemon, asked: DaemonCommand) -> Exit {
    match asked {
        DaemonCommand::Status { pool, json, watch } => status::run(daemon, pool, json, watch),
        DaemonCommand::Report { node } => report::report(daemon, &node),
        DaemonCommand::IsActive { node } => report::is_active(daemon, &node),
        DaemonCommand::Why { target, json } => why::run(daemon, &target, json),
        DaemonCommand::Events(options) => events::run(daemon, config, options),
        DaemonCommand::Change(change) => change::run(daemon, change),
    }
}
