//! `mpp keepalived diff`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::render::fragment;
use super::{print, settings};
use crate::exit::Exit;
use crate::keepalived::diff::against;

/// What to compare with.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The installed fragment
    #[arg(default_value = "/etc/keepalived/mpp.conf")]
    file: PathBuf,
}

pub(super) fn run(path: &Path, what: &Diff) -> Exit {
    let settings = match settings::load(path) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let fresh = match fragment(path, &settings) {
        Ok(fresh) => fresh,
        Err(fault) => return failed(&format!("mpp: {fault}")),
    };
    match against(&what.file, &fresh) {
        Ok(None) => Exit::Done,
        Ok(Some(difference)) => {
            print::out(&difference.to_string());
            Exit::No
        }
        Err(why) => failed(&format!("{}: {why}", what.file.display())),
    }
}

fn failed(why: &str) -> Exit {
    print::err(why);
    Exit::Config
}
