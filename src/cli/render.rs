//! `mpp keepalived render`.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{print, settings};
use crate::config::Settings;
use crate::exit::Exit;
use crate::keepalived::deposit::{Deposit, DepositFault};
use crate::keepalived::program::{Program, Verdict};
use crate::keepalived::render::{self, RenderFault, Target};
use crate::run::Unended;

/// What to render, and where to.
#[derive(Debug, Args)]
pub(super) struct Render {
    /// Write mpp.conf, mpp-sysctl.conf and mpp-modules.conf there: what changed of them, once keepalived -t takes it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print what belongs into /etc/sysctl.d instead
    #[arg(long, conflicts_with = "dir")]
    sysctl: bool,
    /// Print what belongs into /etc/modules-load.d instead
    #[arg(long, conflicts_with_all = ["dir", "sysctl"])]
    modules: bool,
}

/// Why nothing was rendered or written.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Render(#[from] RenderFault),
    #[error("{fault}{}", advice(fault))]
    Deposit {
        #[from]
        fault: DepositFault,
    },
    #[error("mpp.conf: keepalived -t refuses it, and nothing was written:\n{0}")]
    Refused(String),
    #[error("mpp.conf: nothing was written: keepalived -t {0}")]
    NotAsked(#[from] Unended),
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Failure::Render(_) => Exit::Config,
            Failure::Deposit { fault } if fault.error.kind() == io::ErrorKind::PermissionDenied => {
                Exit::NotPermitted
            }
            Failure::Deposit { .. } | Failure::Refused(_) | Failure::NotAsked(_) => Exit::No,
        }
    }
}

fn advice(fault: &DepositFault) -> &'static str {
    match fault.error.kind() {
        io::ErrorKind::NotFound => "; make the directory, or name another",
        io::ErrorKind::StorageFull => "; make room and try again",
        io::ErrorKind::PermissionDenied => "; be root, or name a directory of your own",
        _ => "",
    }
}

pub(super) fn run(path: &Path, what: &Render) -> Exit {
    let settings = match settings::load(path) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let file = absolute(path);
    let done = match what {
        Render { dir: Some(folder), .. } => write(&settings, &file, folder),
        Render { sysctl: true, .. } => show(render::sysctl(&settings, &file)),
        Render { modules: true, .. } => show(render::modules(&settings, &file)),
        _ => show(fragment(path, &settings)),
    };
    match done {
        Ok(()) => Exit::Done,
        Err(failure) => {
            print::err(&format!("mpp: {failure}"));
            failure.exit()
        }
    }
}

/// The fragment, for the keepalived that is asked for, or installed.
pub(super) fn fragment(path: &Path, settings: &Settings) -> Result<String, RenderFault> {
    render::fragment(settings, &absolute(path), target(settings)?)
}

/// The file is named in what is made of it: the same from wherever it is made.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn show(text: Result<String, RenderFault>) -> Result<(), Failure> {
    print::out(&text?);
    Ok(())
}

fn target(settings: &Settings) -> Result<Target, RenderFault> {
    Target::of(&settings.keepalived, || Program::find()?.version())
}

/// All three files or none: each lies on the disk, and the fragment is tried, before the first is put in its place.
fn write(settings: &Settings, file: &Path, folder: &Path) -> Result<(), Failure> {
    let target = target(settings)?;
    let fragment = Deposit::prepare(folder, "mpp.conf", render::fragment(settings, file, target)?)?;
    let sysctl = Deposit::prepare(folder, "mpp-sysctl.conf", render::sysctl(settings, file)?)?;
    let modules = Deposit::prepare(folder, "mpp-modules.conf", render::modules(settings, file)?)?;
    if let Some(aside) = fragment.aside() {
        print::err(&format!("mpp.conf: {}", tried(aside)?));
    }
    for deposit in [fragment, sysctl, modules] {
        print::out(&deposit.place()?);
    }
    Ok(())
}

/// What this machine's keepalived makes of the fragment, in words, unless it refuses it.
fn tried(fragment: &Path) -> Result<&'static str, Failure> {
    let Some(program) = Program::find() else { return Ok("not tried, for keepalived is not installed here") };
    let opinion = program.opinion(fragment, None)?;
    match opinion.verdict {
        Verdict::Taken => Ok("keepalived -t takes it"),
        Verdict::Unfinished if opinion.said.trim().is_empty() => Ok(UNFINISHED),
        Verdict::Unfinished | Verdict::Refused => Err(Failure::Refused(opinion.said.trim().to_owned())),
    }
}

const UNFINISHED: &str = "keepalived -t had nothing against it, but ended itself in the middle, as 2.2 does for root with any \
                          other script_user; the rest was not tested: render it as another user, or as a root that may \
                          unshare (CAP_SYS_ADMIN)";
