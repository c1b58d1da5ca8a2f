//! From the command line to the running loop, and its end.

use super::answers::Answers;
use super::board::Board;
use super::decider::{Decider, Surroundings};
use super::fleet::{Fleet, Past};
use super::lock::{Held, Lock};
use super::memory::{self, Legacy};
use super::message::{Mailbox, Message, Sent};
use super::peers::Peers;
use super::troubles::Troubles;
use super::{persist, reload, signals, systemd};
use crate::alert::Alerts;
use crate::cli::{MppdOptions, print};
use crate::clock::{self, Clocks, rfc3339};
use crate::config::{self, Settings};
use crate::control::server;
use crate::control::status::Daemon;
use crate::exit::Exit;
use crate::heap;
use crate::journal::{self, Journal};
use crate::keepalived::desk::Desk;
use crate::keepalived::{push, watch};
use crate::poll;
use crate::state::is_in_memory;
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the daemon until SIGTERM.
pub fn mppd_main() -> ExitCode {
    let options = MppdOptions::parse();
    let settings = match config::load(&options.config) {
        Ok(settings) => settings,
        Err(faults) => {
            print::err(&faults.to_string());
            return Exit::Config.into();
        }
    };
    match serve(&options.config, settings) {
        Ok(()) => Exit::Done.into(),
        Err(why) => {
            print::err(&format!("mppd: {why}"));
            Exit::No.into()
        }
    }
}

fn serve(config: &Path, settings: Settings) -> Result<(), String> {
    let nodes = settings.nodes();
    let checkpoints = settings.pools.iter().map(|pool| pool.probes.len()).sum::<usize>();
    raise_file_limit(&settings)?;
    poll::keep_panics_to_their_pollers();
    heap::keep_large_buffers_apart();
    let lock = Lock::take(&settings.runtime_dir)?;
    let boot_id = clock::boot_id()?;
    let mut legacy = memory::read(&settings, boot_id);
    let started = started(&settings, &legacy);
    let told = told_already(&legacy);
    let mut fleet = Fleet::new(&settings, &mut legacy.pasts);
    let troubles = Troubles::of(&fleet, |pool| told.contains(pool), clock::now());
    let writer =
        reload::state_file(&settings, &fleet, config, boot_id).map_err(|e| format!("can't publish: {e}"))?;

    let (mailbox, inbox) = Mailbox::with_room_for(1024 + nodes * 4 + checkpoints * 4);
    let journal = keep_journal(&settings.state_dir, &mailbox).map_err(no_thread)?;
    let alerts = start_alerts(&settings, &mailbox).map_err(no_thread)?;
    let board = Arc::<Board>::default();
    listen(config, &settings, (&mailbox, &journal, &board), lock.held())?;
    signals::watch(mailbox.clone(), config.to_owned()).map_err(|e| format!("can't catch signals: {e}"))?;
    let fresh = fleet.start_missing(&settings, &Fleet::default(), &mailbox);
    let fresh = fresh.map_err(|e| format!("can't start a poller: {e}"))?;
    fleet.adopt(&settings, fresh, Fleet::default());

    let daemon = daemon(config);
    let mut peers = Peers::default();
    let fresh = peers.start_missing(&settings, &daemon.id, &mailbox).map_err(no_thread)?;
    peers.adopt(&settings, fresh);
    let desk = persist::start(&settings.state_dir, mailbox.clone()).map_err(no_thread)?;
    let lvs_desk = push_and_watch(&settings.runtime_dir, &mailbox).map_err(no_thread)?;
    let pulse = systemd::Pulse::default();
    systemd::ready(&pulse, &lvs_desk).map_err(no_thread)?;
    let surroundings =
        Surroundings { boot_id, mailbox, journal, alerts, pulse, daemon, desk, lvs_desk, board };
    let warnings = settings.warnings.iter().map(ToString::to_string).chain(on_disk(&settings));
    let warnings: Vec<String> = warnings.collect();
    let mut decider = Decider::new(settings, (fleet, peers), writer, surroundings, inbox, lock, troubles);
    for fault in legacy.faults {
        decider.tell_self("restart", "alert", format!("some of what was remembered is lost: {fault}"));
    }
    for warning in warnings {
        decider.tell_self("config", "warning", warning);
    }
    decider.tell_self("started", "notice", started);
    decider.run();
    systemd::stopping();
    Ok(())
}

/// A warning, if what is published does not lie in memory.
fn on_disk(settings: &Settings) -> Option<String> {
    let dir = &settings.runtime_dir;
    let warn = || {
        let dir = dir.display();
        format!(
            "runtime_dir {dir} is not in memory: mppd may wait for the disk; put it on a tmpfs, as /run is"
        )
    };
    is_in_memory(dir).is_ok_and(|is| !is).then(warn)
}

/// Starts what carries events to the disk.
fn keep_journal(state_dir: &Path, mailbox: &Mailbox) -> io::Result<Arc<Journal>> {
    let teller = mailbox.clone();
    let tell = move |severity, words| _ = teller.send(Message::Tell("journal", severity, words));
    journal::start(state_dir, Box::new(tell))
}

/// Starts what goes between the decider and keepalived.
fn push_and_watch(runtime_dir: &Path, mailbox: &Mailbox) -> io::Result<Desk> {
    let desk = Desk::new()?;
    let (teller, seer) = (mailbox.clone(), mailbox.clone());
    let tell = move |severity, words| _ = teller.send(Message::Tell("track", severity, words));
    push::start(desk.clone(), runtime_dir, Box::new(tell))?;
    // One that is dropped is followed by another.
    let see = move |seen| seer.send(Message::Seen(seen)) != Sent::Gone;
    watch::start(desk.clone(), runtime_dir, Box::new(see))?;
    Ok(desk)
}

/// What the daemon starts from, in words.
fn started(settings: &Settings, legacy: &Legacy) -> String {
    let names = settings.pools.iter().map(|p| &p.decision.name);
    let pasts: Vec<Option<&Past>> = names.map(|name| legacy.pasts.get(name)).collect();
    let count = |wanted: fn(&Option<&Past>) -> bool| pasts.iter().filter(|p| wanted(p)).count();
    format!(
        "mppd {} started: {} pools taken up as published, {} as before the reboot, {} new",
        env!("CARGO_PKG_VERSION"),
        count(|p| matches!(p, Some(Past::Restart(_)))),
        count(|p| matches!(p, Some(Past::Reboot(..)))),
        count(|p| p.is_none()),
    )
}

fn no_thread(e: std::io::Error) -> String {
    format!("can't start a thread: {e}; raise the limit of tasks (TasksMax=)")
}

fn listen(
    config: &Path,
    settings: &Settings,
    (mailbox, journal, board): (&Mailbox, &Arc<Journal>, &Arc<Board>),
    held: Held,
) -> Result<(), String> {
    let socket = settings.runtime_dir.join("mpp.sock");
    let answers = Answers {
        mailbox: mailbox.clone(),
        journal: Arc::clone(journal),
        board: Arc::clone(board),
        config: config.to_owned(),
        control_group: settings.control_group.clone(),
        held,
    };
    server::listen(&socket, Arc::new(answers))
        .map_err(|e| format!("can't listen at {}: {e}", socket.display()))
}

fn daemon(config: &Path) -> Daemon {
    Daemon {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        since: rfc3339(Clocks::read().wall()),
        config: config.display().to_string(),
        id: format!("{:016x}", RandomState::new().build_hasher().finish()),
        ..Daemon::default()
    }
}

/// Pools whose troubles a predecessor in this boot has told. After a reboot they are told again.
fn told_already(legacy: &Legacy) -> HashSet<String> {
    let pasts = legacy.pasts.iter().filter(|(_, past)| matches!(past, Past::Restart(_)));
    pasts.map(|(pool, _)| pool.clone()).collect()
}

fn start_alerts(settings: &Settings, mailbox: &Mailbox) -> io::Result<Alerts> {
    let mailbox = mailbox.clone();
    let report = move |program: &str, fails, words| {
        mailbox.send(Message::Hook(program.to_owned(), fails, words)) != Sent::Dropped
    };
    Alerts::start(reload::ways(&settings.alerts), Arc::new(report))
}

/// Each node takes a connection (two for a moment) and an event descriptor; the soft limit is often 1,024. Without
/// enough of them polls would fail for want of descriptors, and nodes with them.
fn raise_file_limit(settings: &Settings) -> Result<(), String> {
    let (nodes, wanted) = (settings.nodes(), settings.descriptors());
    let (_, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).map_err(|e| format!("can't ask for the file limit: {e}"))?;
    if hard < wanted {
        return Err(format!(
            "{nodes} nodes want {wanted} file descriptors, the limit is {hard}; raise LimitNOFILE="
        ));
    }
    // It may be raised up to the hard limit; where it cannot, pollers that cannot be started will say so.
    _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    Ok(())
}
