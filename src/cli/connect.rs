//! Where the daemon is, and how its refusals end the program.

use super::print;
use crate::config::{self, Faults, Settings};
use crate::control::client::{self, Unreachable};
use crate::control::protocol::{Answer, Code, Failure, Request};
use crate::exit::Exit;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The configuration file nobody has to name.
pub(super) const CONFIG: &str = "/etc/mpp/mpp.yaml";
/// Where `runtime_dir` is if that file does not say.
const RUNTIME_DIR: &str = "/run/mpp";
/// Likewise `state_dir`.
pub(super) const STATE_DIR: &str = "/var/lib/mpp";

/// A daemon, by its runtime directory.
#[derive(Clone)]
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
    /// The daemon of a configuration file. Only `runtime_dir` is looked for in it: what runs is what matters. Where the
    /// default file is broken, or not for us to read, the default directory is taken; a file that was named must be
    /// good enough, or we would talk to another daemon.
    pub(super) fn of(config: &Path) -> Result<Daemon, Faults> {
        match config::runtime_dir(config) {
            Ok(runtime_dir) => Ok(Daemon { runtime_dir }),
            Err(_) if config == Path::new(CONFIG) => Ok(Daemon { runtime_dir: RUNTIME_DIR.into() }),
            Err(faults) => Err(faults),
        }
    }

    /// The daemon of these settings.
    pub(super) fn with(settings: &Settings) -> Daemon {
        Daemon { runtime_dir: settings.runtime_dir.clone() }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.runtime_dir.join("mpp.sock")
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.runtime_dir.join("state")
    }

    /// Asks, and reads the answer as `T`.
    pub(super) fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Trouble> {
        meant(client::ask(&self.socket(), request))
    }

    /// The same, by somebody who would rather have no answer than wait for longer than this.
    pub(super) fn ask_within<T: DeserializeOwned>(
        &self,
        request: &Request,
        patience: Duration,
    ) -> Result<T, Trouble> {
        meant(client::ask_within(&self.socket(), request, patience))
    }

    /// Asks, and goes on reading values as long as `each` wants them.
    pub(super) fn follow(&self, request: &Request, each: impl FnMut(Value) -> bool) -> Result<(), Trouble> {
        self.values(client::follow(&self.socket(), request), each)
    }

    /// The same, of a daemon that has something to say every few seconds.
    pub(super) fn follow_briefly(
        &self,
        request: &Request,
        each: impl FnMut(Value) -> bool,
    ) -> Result<(), Trouble> {
        self.values(client::follow_briefly(&self.socket(), request), each)
    }

    fn values(
        &self,
        answers: Result<impl Iterator<Item = Result<Answer, Unreachable>>, Unreachable>,
        mut each: impl FnMut(Value) -> bool,
    ) -> Result<(), Trouble> {
        for answer in answers.map_err(Trouble::Unreachable)? {
            let value = answer.map_err(Trouble::Unreachable)?.map_err(Trouble::Failure)?;
            if !each(value) {
                return Ok(());
            }
        }
        let source = ErrorKind::UnexpectedEof.into();
        Err(Trouble::Unreachable(Unreachable::Silent { path: self.socket(), source }))
    }
}

fn meant<T: DeserializeOwned>(answer: Result<Answer, Unreachable>) -> Result<T, Trouble> {
    read(answer.map_err(Trouble::Unreachable)?.map_err(Trouble::Failure)?).map_err(Trouble::Failure)
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    let strange = |e| Failure::new(Code::BadRequest, format!("mppd's answer makes no sense: {e}"));
    serde_json::from_value(value).map_err(strange)
}

impl Trouble {
    /// The daemon is dead, or as good as dead.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Trouble::Unreachable(why) => !why.is_forbidden(),
            Trouble::Failure(failure) => matches!(failure.code, Code::Busy | Code::TimedOut),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Trouble::Unreachable(why) if why.is_forbidden() => Exit::NotPermitted,
            Trouble::Unreachable(_) => Exit::Unreachable,
            Trouble::Failure(failure) => match failure.code {
                Code::NotPermitted => Exit::NotPermitted,
                Code::NoSuchPool | Code::NoSuchNode | Code::BadRequest | Code::Version | Code::TooLarge => {
                    Exit::Usage
                }
                Code::Config => Exit::Config,
                Code::Busy | Code::TimedOut => Exit::Unreachable,
                Code::Refused | Code::Other => Exit::No,
            },
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Unreachable(why) => why.fmt(f),
            Trouble::Failure(failure) => failure.fmt(f),
        }
    }
}

/// Says what the trouble is; the exit code for it.
pub(super) fn report(trouble: &Trouble) -> Exit {
    print::err(&format!("mpp: {trouble}"));
    trouble.exit()
}
