//! `mpp config check | show | grants`.

use super::options::ConfigCommand;
use crate::config;
use crate::exit::Exit;
use std::path::Path;

pub(super) fn run(path: &Path, command: &ConfigCommand) -> Exit {
    let text = match command {
        ConfigCommand::Check => config::check(path),
        ConfigCommand::Show => config::show(path),
        ConfigCommand::Grants => config::grants(path),
    };
    match text {
        Ok(text) => {
            println!("{}", text.trim_end());
            Exit::Done
        }
        Err(faults) => {
            eprintln!("{faults}");
            Exit::Config
        }
    }
}
