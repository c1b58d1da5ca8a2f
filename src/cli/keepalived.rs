//! `mpp keepalived ...`.

use std::path::Path;

use clap::Subcommand;

use super::print;
use super::render::{self, Render};
use crate::config;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum KeepalivedCommand {
    /// The fragment for keepalived.conf, and what the kernel needs beside it
    Render(Render),
}

pub(super) fn run(path: &Path, command: &KeepalivedCommand) -> Exit {
    let settings = match config::load(path) {
        Ok(settings) => settings,
        Err(faults) => {
            print::err(&faults.to_string());
            return Exit::Config;
        }
    };
    match command {
        KeepalivedCommand::Render(what) => render::run(path, &settings, what),
    }
}
