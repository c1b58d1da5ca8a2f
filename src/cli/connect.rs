//! Where the daemon is, and how its refusals end the program.

use crate::config;
use crate::control::client::{self, Unreachable};
use crate::control::protocol::{Code, Failure, Request};
use crate::exit::Exit;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where `runtime_dir` is if the configuration does not say.
const RUNTIME_DIR: &str = "/run/mpp";

/// A daemon, by its runtime directory.
pub(super) struct Daemon {
    runtime_dir: PathBuf,
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// The daemon does not answer.
    Unreachable(Unreachable),
    /// It says no.
    Failure(Failure),
}

impl Daemon {
    /// The daemon of a configuration file. The file may be broken, or unreadable for us: what runs is what matters,
    /// so only `runtime_dir` is looked for in it.
    pub(super) fn of(config: &Path) -> Daemon {
        Daemon { runtime_dir: config::runtime_dir(config).unwrap_or_else(|_| RUNTIME_DIR.into()) }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.runtime_dir.join("mpp.sock")
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.runtime_dir.join("state")
    }

    /// Asks, and reads the answer as `T`.
    pub(super) fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Trouble> {
        let answer = client::ask(&self.socket(), request).map_err(Trouble::Unreachable)?;
        read(answer.map_err(Trouble::Failure)?).map_err(Trouble::Failure)
    }

    /// Asks, and goes on reading values until one of us has enough.
    pub(super) fn follow(&self, request: &Request, mut each: impl FnMut(Value)) -> Result<(), Trouble> {
        for answer in client::follow(&self.socket(), request).map_err(Trouble::Unreachable)? {
            each(answer.map_err(Trouble::Unreachable)?.map_err(Trouble::Failure)?);
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    let strange = |e| Failure::new(Code::BadRequest, format!("mppd's answer makes no sense: {e}"));
    serde_json::from_value(value).map_err(strange)
}

/// Says what the trouble is; the exit code for it.
pub(super) fn report(trouble: &Trouble) -> Exit {
    match trouble {
        Trouble::Unreachable(why) => {
            eprintln!("mpp: {why}");
            Exit::Unreachable
        }
        Trouble::Failure(failure) => {
            eprintln!("mpp: {failure}");
            match failure.code {
                Code::NotPermitted => Exit::NotPermitted,
                Code::NoSuchPool | Code::NoSuchNode | Code::BadRequest | Code::Version | Code::TooLarge => {
                    Exit::Usage
                }
                Code::Config => Exit::Config,
                Code::Busy | Code::TimedOut => Exit::Unreachable,
                Code::Refused => Exit::No,
            }
        }
    }
}
