//! From the command line to the running loop, and its end.

// Before there are alerts, and when the configuration is at fault, standard error is all there is.
#![allow(clippy::disallowed_macros)]

use super::answers::Answers;
use super::decider::Decider;
use super::fleet::Fleet;
use super::journal::Journal;
use super::message::{Mailbox, Message};
use super::{lock, memory, reload, signals, systemd};
use crate::alert::{self, Alerts};
use crate::clock::{self, Clocks, rfc3339};
use crate::config::{self, Settings, Syslog, SyslogAddress};
use crate::control::server;
use crate::control::status::Daemon;
use crate::exit::Exit;
use crate::poll::Watchdog;
use crate::state;
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// The agent: polls every node, decides who is ACTIVE, publishes what keepalived is told.
#[derive(Debug, Parser)]
#[command(name = "mppd", version)]
pub struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/mpp/mpp.yaml")]
    pub config: PathBuf,
}

/// Runs the daemon until SIGTERM.
pub fn mppd_main() -> ExitCode {
    let options = Options::parse();
    let settings = match config::load(&options.config) {
        Ok(settings) => settings,
        Err(faults) => {
            eprintln!("{faults}");
            return Exit::Config.into();
        }
    };
    match serve(&options.config, settings) {
        Ok(()) => Exit::Done.into(),
        Err(why) => {
            eprintln!("mppd: {why}");
            Exit::No.into()
        }
    }
}

fn serve(config: &Path, settings: Settings) -> Result<(), String> {
    raise_file_limit();
    let lock = lock::take(&settings.runtime_dir)?;
    let target = syslog_target(&settings.alerts.syslog);
    let alerts = Arc::new(Alerts::start(target).map_err(|e| format!("no thread: {e}"))?);
    let boot_id = boot_id()?;
    let mut legacy = memory::read(&settings.runtime_dir.join("state"), boot_id);
    let taken_up = legacy.memories.len();
    let mut fleet = Fleet::new(&settings, &mut legacy.memories);
    let config_text = config.display().to_string();
    let writer = reload::state_file(&settings, &fleet, &config_text, boot_id)
        .and_then(|mut writer| writer.reveal().map(|()| writer))
        .map_err(|e| format!("can't publish: {e}"))?;

    let nodes: usize = settings.pools.iter().map(|p| p.access.len()).sum();
    let (mailbox, messages) = Mailbox::with_room_for(1024 + nodes * 4);
    let journal = Arc::new(Journal::default());
    let socket = settings.runtime_dir.join("mpp.sock");
    listen(config, &settings, &mailbox, &journal, &socket)?;
    let watchdog = Watchdog::start().map_err(|e| format!("can't start the watchdog: {e}"))?;
    let started = fleet.start_pollers(&settings, &mut Fleet::default(), &mailbox, &watchdog);
    started.map_err(|e| format!("can't start a poller: {e}"))?;
    let pulse = systemd::Pulse::default();
    systemd::ready(&pulse).map_err(|e| format!("no thread: {e}"))?;
    let warnings: Vec<String> = settings.warnings.iter().map(ToString::to_string).collect();
    let mut decider = Decider {
        settings,
        fleet,
        writer,
        boot_id,
        messages,
        mailbox,
        watchdog,
        journal,
        alerts,
        pulse,
        daemon: daemon(config_text),
        seq: 0,
        woke: clock::now(),
        notes: Vec::new(),
        answers: Vec::new(),
    };
    for fault in legacy.faults {
        decider.tell_self("restart", "warning", format!("starting afresh: {fault}"));
    }
    for warning in warnings {
        decider.tell_self("config", "warning", warning);
    }
    let text = format!("mppd {} started: {taken_up} pools taken up", env!("CARGO_PKG_VERSION"));
    decider.tell_self("started", "notice", text);
    decider.run();
    systemd::stopping();
    _ = fs::remove_file(socket);
    drop(lock);
    Ok(())
}

fn listen(
    config: &Path,
    settings: &Settings,
    mailbox: &Mailbox,
    journal: &Arc<Journal>,
    socket: &Path,
) -> Result<(), String> {
    let answers = Answers {
        mailbox: mailbox.clone(),
        journal: Arc::clone(journal),
        config: config.to_owned(),
        control_group: settings.control_group.clone(),
    };
    server::listen(socket, Arc::new(answers))
        .map_err(|e| format!("can't listen at {}: {e}", socket.display()))?;
    let (config, mailbox) = (config.to_owned(), mailbox.clone());
    let reload_mailbox = mailbox.clone();
    let reload = move || match config::load(&config) {
        Ok(settings) => {
            let settings = Box::new(settings);
            let message = Message::Install { settings, force: false, who: "SIGHUP".into(), answer: None };
            _ = reload_mailbox.send(message);
        }
        Err(faults) => eprintln!("<3>event=reload reason=\"refused, the old configuration stays\"\n{faults}"),
    };
    signals::watch(mailbox, reload).map_err(|e| format!("can't catch signals: {e}"))
}

fn daemon(config: String) -> Daemon {
    Daemon {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        since: rfc3339(Clocks::read().wall()),
        config,
        stale: false,
    }
}

fn syslog_target(syslog: &Syslog) -> alert::Target {
    let socket = match &syslog.address {
        SyslogAddress::Local => None,
        SyslogAddress::Socket(path) => Some(path.clone()),
    };
    alert::Target { facility: syslog.facility.name.into(), socket }
}

fn boot_id() -> Result<[u8; 16], String> {
    let path = "/proc/sys/kernel/random/boot_id";
    let text = fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    state::parse_boot_id(&text).ok_or_else(|| format!("{path}: not a boot id"))
}

/// Each node takes a socket and an event descriptor; the soft limit is often 1,024.
fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where this fails the soft limit stands, and a poller that cannot be started says so.
        _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
