//! `mpp keepalived ...`.

use std::path::Path;

use clap::Subcommand;

use super::diff::{self, Diff};
use super::lint::{self, Check};
use super::render::{self, Render};
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum KeepalivedCommand {
    /// The fragment for keepalived.conf, and what the kernel needs beside it
    Render(Render),
    /// What would bite in keepalived's configuration, also where keepalived -t says nothing; exit 1 if anything would
    Check(Check),
    /// What a deploy of the fragment would change; exit 1 if anything
    Diff(Diff),
}

pub(super) fn run(path: &Path, command: &KeepalivedCommand) -> Exit {
    match command {
        KeepalivedCommand::Render(what) => render::run(path, what),
        KeepalivedCommand::Check(what) => lint::run(path, what),
        KeepalivedCommand::Diff(what) => diff::run(path, what),
    }
}
