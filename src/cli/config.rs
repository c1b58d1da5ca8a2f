//! `mpp config check | show | grants`.

use super::options::ConfigCommand;
use super::print;
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
            print::out(&text);
            Exit::Done
        }
        Err(faults) => {
            print::err(&faults.to_string());
            Exit::Config
        }
    }
}
